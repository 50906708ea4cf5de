from . import crm_collection_customer
from . import crm_collection_overdue
