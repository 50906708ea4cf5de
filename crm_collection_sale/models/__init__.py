from . import (
    phase,
    item,
    release,
    retention,
    sale_order,
    sale_order_confirm,
    sale_order_release,
    sale_order_growth,
    sale_order_line,
    payment_transaction,
)
