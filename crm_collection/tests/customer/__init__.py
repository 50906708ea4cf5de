from . import (
    test_held_customer,
    test_portal,
    test_portal_letter,
    test_portal_payment,
    test_statement,
)
