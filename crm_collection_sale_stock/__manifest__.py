{
    "name": "CRM Collection: Delivery",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "summary": "Warn of deliveries to customers in collection, or stop them until released",
    "author": "crm_collection developers",
    "license": "LGPL-3",
    "development_status": "Beta",
    "images": ["static/description/banner.png"],
    "depends": ["crm_collection_sale", "sale_stock"],
    "data": [
        "views/phase_views.xml",
        "views/sale_order_views.xml",
        "views/stock_picking_views.xml",
    ],
    "auto_install": True,
}
