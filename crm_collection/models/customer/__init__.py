from . import (
    res_company,
    res_partner,
    statement,
    payment,
    promise,
    promise_reminder,
    letters_job,
)
