{
    "name": "CRM Collection: SMS",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "summary": "Letters of collection as SMS, by phase or where e-mail does not reach",
    "author": "crm_collection developers",
    "license": "LGPL-3",
    "development_status": "Beta",
    "images": ["static/description/banner.png"],
    "depends": ["crm_collection", "sms"],
    # no auto_install: Odoo has its SMS beside accounting everywhere, and each costs credits
    "data": ["views/mail_template_views.xml", "wizard/text_preview_views.xml"],
    "assets": {"web.assets_backend": ["crm_collection_sms/static/src/*.js"]},
}
