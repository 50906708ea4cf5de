from . import (
    selection,
    hand_back,
    assign,
    assign_line,
    maintain,
    maintain_line,
    maintain_jump,
    maintain_letter,
    hold,
    hold_part,
    hold_change,
    holidays,
)
