from . import (
    test_status,
    test_report_wizard,
    test_reports,
    test_aging,
    test_aging_reproducible,
    test_indicator,
    test_cockpit,
)
