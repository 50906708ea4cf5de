from . import (
    settlement,
    allocation,
)
