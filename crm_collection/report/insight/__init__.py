from . import (
    customer,
    joined,
    aging,
    indicator,
    allocation_report,
    roll_rate,
    contact_report,
)
