from . import (
    res_company,
    res_partner,
    statement,
    payment,
    pay_code,
    promise,
    promise_reminder,
    letters_job,
    mail_mail,
)
