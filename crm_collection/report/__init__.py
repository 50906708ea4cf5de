from . import (
    insight,
)
