from . import (
    selection,
    maintain,
    maintain_line,
    maintain_jump,
    hold,
    hold_change,
)
