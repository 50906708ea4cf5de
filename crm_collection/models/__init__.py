from . import (
    evidence,
    portfolio,
    ledger,
    letters,
    approval,
    engine,
    customer,
    desk,
    insight,
    retention,
)
