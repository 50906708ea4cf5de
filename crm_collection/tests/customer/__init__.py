from . import (
    test_creditor,
    test_held_customer,
    test_payment_on_its_way,
    test_promise_send,
    test_portal,
    test_portal_letter,
    test_letter_answer,
    test_portal_payment,
    test_refund,
    test_statement,
    test_thanks,
    test_ways_to_pay,
)
