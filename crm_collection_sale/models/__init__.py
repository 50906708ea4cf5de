from . import (
    phase,
    item,
    release,
    sale_order,
    sale_order_confirm,
    sale_order_release,
    payment_transaction,
)
