from . import (
    explain,
    run,
    run_work,
    run_line,
    engine,
    slices,
    foresee,
)
