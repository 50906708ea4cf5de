from . import (
    settlement,
    allocation,
    account_move_line,
    account_partial_reconcile,
)
