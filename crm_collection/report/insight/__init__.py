from . import (
    customer,
    aging,
    indicator,
    allocation_report,
    roll_rate,
    contact_report,
)
