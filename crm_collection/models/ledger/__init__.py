from . import (
    settlement,
)
