{
    "name": "CRM Collection: Job Queue",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "summary": "Allocation, letters and their mails in the channels of OCA's job queue",
    "author": "crm_collection developers",
    "license": "LGPL-3",
    "development_status": "Beta",
    "images": ["static/description/banner.png"],
    "depends": ["crm_collection", "queue_job"],
    "auto_install": True,
    "data": ["data/queue_job_data.xml"],
}
