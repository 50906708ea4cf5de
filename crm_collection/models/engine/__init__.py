from . import (
    explain,
    run,
    run_work,
    run_line,
    run_ask,
    ir_cron,
    schedule,
    engine,
    slices,
    foresee,
)
