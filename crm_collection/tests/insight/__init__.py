from . import (
    test_as_of,
    test_status,
    test_groups,
    test_report_wizard,
    test_reports,
    test_aging,
    test_aging_property,
    test_aging_reproducible,
    test_indicator,
    test_cockpit,
    test_cockpit_work,
    test_cockpit_companies,
)
