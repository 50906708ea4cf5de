"""Self-contained HTML and its rendering into PDF, without database and without network.

A letter is a whole HTML page with its own small stylesheet. Before any engine sees it,
``make_self_contained`` takes out whatever would be fetched from elsewhere.
"""

import contextlib
import functools
import logging
import re
import threading

import lxml.html

_logger = logging.getLogger(__name__)
_per_thread = threading.local()

# Elements that load something, or run something, while the page is rendered.
LOADING_TAGS = (
    *("applet", "audio", "base", "embed", "frame", "frameset", "iframe", "input", "link"),
    *("meta[@http-equiv]", "object", "script", "source", "track", "video"),
)
# What a drawing may be made of: shapes that say everything themselves.
SHAPES = {"svg", "g", "path", "rect", "circle"}
SHAPE_ATTRIBUTES = {
    *("class", "cx", "cy", "d", "fill", "fill-opacity", "height", "preserveaspectratio", "r"),
    *("viewbox", "width", "x", "xmlns", "y"),
}
LOADING_ATTRIBUTES = ("background", "longdesc", "poster", "srcset")
CSS_REFERENCE = re.compile(r"@import[^;]*;?|url\s*\([^)]*\)?", re.IGNORECASE)
FONT_FACE = re.compile(r"@font-face\s*{[^}]*}", re.IGNORECASE)
FOOTER = "//div[contains(concat(' ', normalize-space(@class), ' '), ' footer ')]"

# A rule with it counts before any other of the page, as a style in the element does.
STRONGER = ":not(#_):not(#_)"

# WeasyPrint: the footer of the page runs at the bottom of every sheet, with real counters.
PAGE_CSS = """
@page {
    size: %(size)s;
    margin: %(margin_top)smm %(margin_right)smm %(margin_bottom)smm %(margin_left)smm;
    @bottom-center { content: element(footer); width: 100%%; }
}
.footer { position: running(footer); }
.footer .page::after { content: counter(page); }
.footer .topage::after { content: counter(pages); }
"""
# The same for core's reports: a header, too, and the grid of their stylesheets. The sides of the
# sheet are the paper's or, where it leaves them to the page (``side``), the page's own.
CORE_PAGE_CSS = """
@page {
    size: %(size)s;
    margin: %(margin_top)smm %(margin_right)smm %(margin_bottom)smm %(margin_left)smm;
    @top-center { content: element(header); width: 100%%; vertical-align: top; }
    @bottom-center { content: element(footer); width: 100%%; vertical-align: bottom; }
}
html, body { margin: 0; padding: 0 !important; font-size: 9pt; }
.article { padding: 0 %(side)s; }
.header { position: running(header); padding: %(top)smm %(side)s 0 %(side)s !important; }
.footer { position: running(footer); padding: 0 %(side)s; }
.footer > .o_footer_content { padding-bottom: 9mm !important; }
.o_footer_content > :last-child { margin-left: auto; }
.footer > .o_footer_content.row { margin-left: 0; margin-right: 0; }
.footer > .o_footer_content.row > * { padding-left: 0; padding-right: 0; }
.address.row { flex-wrap: nowrap; }
.o_folder_header_container > svg { height: 35mm !important; }
.o_folder_angle_shape { margin-left: -2.6mm; }
.header ul { margin-bottom: 0; }
.din_company_info td { vertical-align: top; }
.footer .page::after { content: counter(page); }
.footer .topage::after { content: counter(pages); }
"""
# With the structure of the page, so that it can be read aloud: what is a heading, a table, the head
# of a column. WeasyPrint writes it from release 66 on, wkhtmltopdf cannot.
TAGGED = "pdf/ua-1"

# wkhtmltopdf with Qt as distributions build it always shrinks: 1 cm comes out as 7.7 mm.
UNSHRINK = "<style>body { zoom: 1.3; }</style>"
# wkhtmltopdf: the footer is a page of its own, called with the numbers in its address.
FOOTER_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"/>%(head)s<script>
function subst() {
    var parts = document.location.search.substring(1).split("&");
    for (var i = 0; i < parts.length; i++) {
        var pair = parts[i].split("=", 2);
        var nodes = document.getElementsByClassName(pair[0]);
        for (var j = 0; j < nodes.length; j++) { nodes[j].textContent = unescape(pair[1]); }
    }
}
</script></head><body onload="subst()">%(footer)s</body></html>"""


# ------------------------------------------------------------
# HTML
# ------------------------------------------------------------


def make_self_contained(html, load_image=None):
    """Return the page without anything that has to be fetched while it is rendered.

    :param str html: a whole HTML page
    :param load_image: ``src -> data URI or None``, for images kept in the database; any other
        image that is not a data URI is left out
    """
    root = lxml.html.document_fromstring(html)
    for node in root.xpath("|".join(f"//{tag}" for tag in LOADING_TAGS)):
        node.drop_tree()
    for node in root.xpath("//*"):
        for attribute in LOADING_ATTRIBUTES:
            node.attrib.pop(attribute, None)
        if CSS_REFERENCE.search(node.get("style", "")):
            node.set("style", CSS_REFERENCE.sub("", node.get("style")))
    for node in root.iter("style"):
        node.text = CSS_REFERENCE.sub("", node.text or "")
    for drawing in root.xpath("//svg"):
        _check_drawing(drawing)
    for image in root.xpath("//img"):
        _inline_image(image, load_image)
    if not root.get("lang"):
        root.set("lang", "und")  # what is read aloud is in some language
    return _to_page(root)


def _check_drawing(drawing):
    """Leave a drawing of plain shapes, such as the curves of a letterhead, as it is; take out one
    that shows something from elsewhere, or may."""
    nodes = list(drawing.iter())
    attributes = [attribute for node in nodes for attribute in node.attrib.items()]
    is_plain = {node.tag for node in nodes} <= SHAPES and all(
        name in SHAPE_ATTRIBUTES and not CSS_REFERENCE.search(value) for name, value in attributes
    )
    if not is_plain:
        drawing.drop_tree()


def _inline_image(image, load_image):
    source = image.get("src", "")
    if not source.startswith("data:image/"):
        source = load_image(source) if load_image else None
    if source:
        image.set("src", source)
        image.set("alt", image.get("alt") or image.get("title") or " ")
    else:
        image.drop_tree()


def split_footer(html, shrinks=False):
    """Return the page without its footer, and the footer as a page of its own (or None).

    :param bool shrinks: the page is for a wkhtmltopdf that prints everything smaller than it is
    """
    root = lxml.html.document_fromstring(html)
    if shrinks:
        root.head.append(lxml.html.fragment_fromstring(UNSHRINK))
    footers = root.xpath(FOOTER)
    if not footers:
        return _to_page(root), None
    head = "".join(lxml.html.tostring(node, encoding="unicode") for node in root.iter("style"))
    footer = lxml.html.tostring(footers[0], encoding="unicode", with_tail=False)
    for node in footers:
        node.drop_tree()
    return _to_page(root), FOOTER_PAGE % {"head": head, "footer": footer}


def share_styles(html):
    """Return the page with rules of its sheet instead of the styles that are written in elements.

    A mail has each style in its element, a hundred times the same; the engine reads every one of
    them. The rules are as strong as what they stand for: stronger than others of the page.
    """
    root = lxml.html.document_fromstring(html)
    names = {}
    for node in root.xpath("//body//*[@style]"):
        style = node.get("style")
        if "{" in style or "}" in style or "<" in style:
            continue  # it would not be read as a rule's
        name = names.setdefault(style, f"style{len(names)}")
        del node.attrib["style"]
        node.set("class", f"{node.get('class', '')} {name}".strip())
    if names:
        sheet = lxml.html.fragment_fromstring("<style></style>")
        sheet.text = "\n".join(f".{name}{STRONGER} {{{style}}}" for style, name in names.items())
        root.head.append(sheet)
    return _to_page(root)


def add_styles(html, styles):
    """Return a page of core's with its stylesheets in it, instead of the links to them."""
    root = lxml.html.document_fromstring(html)
    for link in root.xpath("//link"):
        link.drop_tree()
    node = lxml.html.Element("style")
    node.text = CSS_REFERENCE.sub("", FONT_FACE.sub("", styles))
    root.head.insert(0, node)
    return _to_page(root)


def _to_page(root):
    return lxml.html.tostring(root, encoding="unicode", doctype="<!DOCTYPE html>")


# ------------------------------------------------------------
# WEASYPRINT
# ------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def get_weasyprint():
    """Return the library, or None where it or what it needs of the system is missing."""
    for name in ("weasyprint.progress", "fontTools"):  # a dozen lines of log per letter
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        import weasyprint  # noqa: PLC0415 (optional and slow to import)
    except (ImportError, OSError) as error:  # OSError: Pango is not there
        _logger.info("WeasyPrint cannot be used: %s", error)
        return None
    return weasyprint


def _get_url_fetcher():
    """Return a fetcher that refuses everything but data URIs, for old and new releases."""
    from weasyprint import urls  # noqa: PLC0415

    if hasattr(urls, "URLFetcher"):
        return urls.URLFetcher(allowed_protocols={"data"}, allow_redirects=False)

    def fetch(url, *args, **kwargs):
        if not url.startswith("data:"):
            raise ValueError(f"URI uses disallowed protocol: {url}")
        return urls.default_url_fetcher(url, *args, **kwargs)

    return fetch


def write_pdf(html, page):
    """Return the PDF of a page.

    :param str html: a whole HTML page
    :param dict page: ``size`` (as CSS understands it) and the four margins in mm
    """
    return _print(share_styles(html), [_parse_css(PAGE_CSS % page)])


def write_core_pdf(html, page, styles, color="#212529"):
    """Return the PDF of a page of core's reports, whose header and footer are on every sheet.

    :param dict page: as of :func:`write_pdf`
    :param str styles: the stylesheets of the page
    :param str color: the company's
    """
    html = _arrange_for_weasyprint(html, color)
    styles = CSS_REFERENCE.sub("", FONT_FACE.sub("", styles))
    with _without_advice():
        return _print(html, [_parse_css(styles), _parse_css(CORE_PAGE_CSS % page)])


def _print(html, sheets):
    weasyprint = get_weasyprint()
    page = weasyprint.HTML(string=html, url_fetcher=_get_url_fetcher())
    options = {"stylesheets": sheets, "font_config": _get_fonts()}
    if "pdf_tags" in getattr(weasyprint, "DEFAULT_OPTIONS", ()):
        try:
            return _print_tagged(page, options)
        except Exception as error:  # noqa: BLE001 - a letter without them is better than none
            _logger.info("Printed without tags, which could not be written: %s", error)
    return page.write_pdf(**options)


def _print_tagged(page, options):
    document = page.render(pdf_variant=TAGGED, **options)
    laid_out = {id(part): part for part in _get_laid_out(page.etree_element)}
    for sheet in document.pages:
        for box in sheet._page_box.descendants():
            if id(box.element) in laid_out and box.element_tag == box.element.tag:
                box.element_tag = "div"  # it is no table, only written as one
    return document.write_pdf(pdf_variant=TAGGED)


def _get_laid_out(root):
    """What of a page makes up tables that only put things side by side."""
    for table in root.iter("table"):
        if table.get("role") != "presentation":
            continue
        parts = [table]
        while parts:
            part = parts.pop()
            yield part
            parts += [child for child in part if child.tag in ("tbody", "tr", "td")]


def _get_fonts():
    """Return the fonts of the system, asked for once by each thread: that takes a fifth of the
    time of a letter. They are the same for all pages, since none brings fonts of its own."""
    if not hasattr(_per_thread, "fonts"):
        from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

        _per_thread.fonts = FontConfiguration()
    return _per_thread.fonts


def _arrange_for_weasyprint(html, color):
    """What runs at the foot of every sheet has to come before what is on the first one. The shapes
    of the layout *Folder* have their color by the page's stylesheet, which WeasyPrint does not look
    at for what is within a drawing."""
    root = lxml.html.document_fromstring(html)
    for footer in root.xpath(FOOTER):
        footer.getparent().insert(0, footer)
    for shape in root.xpath("//svg[@fill='none']//*[self::path or self::rect][not(@fill)]"):
        shape.set("fill", color)
        shape.set("fill-opacity", ".08")  # mix(white, color, 92%)
    return _to_page(root)


@functools.lru_cache(maxsize=8)
def _parse_css(text):
    """Bootstrap takes longer to read than an invoice to be printed."""
    return get_weasyprint().CSS(string=text, url_fetcher=_get_url_fetcher())


@contextlib.contextmanager
def _without_advice():
    """What in core's stylesheets is for screens alone is said for every line."""
    logger = logging.getLogger("weasyprint")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
