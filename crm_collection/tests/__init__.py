from . import (
    portfolio,
    ledger,
    letters,
    approval,
    engine,
    customer,
    insight,
    module,
)
