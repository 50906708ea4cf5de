from . import (
    statement_send,
    promise_send,
)
