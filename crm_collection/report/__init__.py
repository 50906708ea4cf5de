from . import crm_collection_customer
from . import crm_collection_aging
from . import crm_collection_indicator
