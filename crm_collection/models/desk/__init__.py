from . import (
    outcome,
    contact,
)
