from . import text_preview
