"""The web client's files, built before somebody waits for them."""

# what a person's first page asks for, in Odoo's terms: (bundle, has scripts, has styles)
BUNDLES = [
    ("web.assets_web", True, True),
    ("web.assets_web_print", False, True),
    ("web.assets_frontend", False, True),
    ("web.assets_frontend_lazy", True, False),
    ("web.assets_frontend_minimal", True, False),
    ("web.assets_tests", True, False),
    ("web.report_assets_common", False, True),
]


def build_bundles(env):
    """Build the web client's files now, not when somebody waits for the first page."""
    qweb = env["ir.qweb"]
    for name, scripts, styles in BUNDLES:
        bundle = qweb._get_asset_bundle(name, css=styles, js=scripts)
        if scripts:
            bundle.js()
        if styles:
            bundle.css()
    env.cr.commit()
