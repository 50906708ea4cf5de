from . import crm_collection_customer
from . import crm_collection_aging
from . import crm_collection_indicator
from . import crm_collection_allocation_report
from . import crm_collection_roll_rate
from . import crm_collection_overdue
