from . import (
    selection,
    maintain,
    maintain_line,
)
