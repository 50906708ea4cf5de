from . import (
    explain,
    run,
    run_work,
    run_line,
    run_ask,
    run_wait,
    ir_cron,
    schedule,
    engine,
    slices,
    foresee,
)
