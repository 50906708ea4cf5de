from . import (
    portfolio,
    ledger,
    letters,
    approval,
    engine,
    customer,
    desk,
    insight,
    retention,
    module,
)
