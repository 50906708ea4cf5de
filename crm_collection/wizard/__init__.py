from . import (
    portfolio,
    letters,
    approval,
    engine,
    customer,
    desk,
    insight,
    retention,
)
