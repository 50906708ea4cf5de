from . import (
    golive,
    golive_line,
    simulate,
    simulate_line,
)
