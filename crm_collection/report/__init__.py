from . import crm_collection_customer
from . import crm_collection_allocation_report
from . import crm_collection_roll_rate
