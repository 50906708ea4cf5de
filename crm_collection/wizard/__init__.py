from . import (
    crm_collection_item_selection,
    crm_collection_golive,
    crm_collection_golive_line,
    crm_collection_item_maintain,
    crm_collection_item_maintain_line,
    crm_collection_item_send,
    crm_collection_item_send_line,
    crm_collection_simulate,
    crm_collection_simulate_line,
    crm_collection_status_view,
    crm_collection_status_view_line,
    crm_collection_statement_send,
)
