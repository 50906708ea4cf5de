from . import (
    live,
    customer,
    joined,
    aging,
    expected,
    indicator,
    allocation_report,
    roll_rate,
    contact_report,
    comparison,
)
