from . import (
    test_approval_allocation,
    test_approval_clock,
    test_approval_amount,
    test_approval_concurrency,
    test_approval_context,
    test_approval_decision,
    test_approval_definition,
    test_approval_screens,
    test_approval_told,
    test_tour_approval,
    test_approval_report,
    test_chatter_route,
)
