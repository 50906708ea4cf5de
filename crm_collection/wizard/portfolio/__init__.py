from . import (
    selection,
    maintain,
    maintain_line,
    maintain_jump,
    maintain_letter,
    hold,
    hold_part,
    hold_change,
)
