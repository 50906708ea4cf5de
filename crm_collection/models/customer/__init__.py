from . import (
    res_company,
    res_partner,
    statement,
    payment,
    pay_code,
    promise,
    promise_reminder,
    thanks,
    thanks_line,
    thanks_job,
    letters_job,
    mail_mail,
)
