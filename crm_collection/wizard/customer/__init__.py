from . import (
    statement_send,
)
