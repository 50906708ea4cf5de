from . import (
    test_schedule,
    test_allocation,
    test_concurrency,
    test_escalation,
    test_query_count,
    test_run,
    test_run_interrupted,
    test_foreseen,
    test_golive,
    test_simulation,
    test_explanation,
    test_property,
)
