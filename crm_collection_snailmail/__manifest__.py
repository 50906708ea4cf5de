{
    "name": "CRM Collection: Snailmail",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "summary": "Letters by post printed and posted by Odoo's Snail Mail, where a company says so",
    "author": "crm_collection developers",
    "license": "LGPL-3",
    "development_status": "Beta",
    "images": ["static/description/banner.png"],
    "depends": ["crm_collection", "snailmail"],
    # no auto_install: Odoo has its Snail Mail beside accounting everywhere, and each costs credits
    "data": ["views/settings_views.xml"],
}
