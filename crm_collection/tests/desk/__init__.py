from . import (
    test_desk_customer,
    test_desk_tour,
    test_work,
    test_assignment,
    test_hand_over,
    test_reply,
    test_contact_log,
    test_call_script,
    test_chatter,
    test_contact_report,
    test_take_back,
    test_today,
)
