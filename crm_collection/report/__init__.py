from . import crm_collection_customer
