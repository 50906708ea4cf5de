from . import (
    test_hold,
    test_history,
    test_item_lifecycle,
    test_item_money,
    test_item_payments,
    test_promise_accounting,
    test_rule_matching,
    test_invoice_fields,
    test_maintenance,
    test_maintenance_refusals,
    test_partner,
    test_maintenance_reading,
)
