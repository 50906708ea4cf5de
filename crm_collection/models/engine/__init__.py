from . import (
    explain,
    run,
    run_line,
    engine,
    slices,
    foresee,
)
