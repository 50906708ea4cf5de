from . import (
    portfolio,
    letters,
    approval,
    engine,
    customer,
    insight,
)
