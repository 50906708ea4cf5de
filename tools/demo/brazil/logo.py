"""The distributor's logo: two blue hills and its name."""

import base64
import io

from PIL import Image, ImageDraw, ImageFont

SIZE = (760, 200)
HILLS = {
    "#7fb2e5": [(10, 170), (120, 50), (230, 170)],
    "#1f5fa8": [(80, 170), (170, 20), (270, 170)],
}
NAME, NAME_AT, NAME_SIZE = "Serra Azul", (295, 48), 88


def draw_logo():
    """:return: a PNG, as Odoo keeps pictures"""
    picture = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    draw = ImageDraw.Draw(picture)
    for color, corners in HILLS.items():
        draw.polygon(corners, fill=color)
    font = ImageFont.load_default(size=NAME_SIZE)
    draw.text(NAME_AT, NAME, fill=list(HILLS)[-1], font=font)
    content = io.BytesIO()
    picture.save(content, format="PNG")
    return base64.b64encode(content.getvalue())
