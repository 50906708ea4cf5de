from . import (
    report_wizard,
    report_wizard_document,
    status_view,
    status_view_line,
    settings,
    aging_open,
)
