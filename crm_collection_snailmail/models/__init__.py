from . import (
    company_settings,
    res_company,
    letter,
    letter_snailmail,
    retention,
    snailmail_letter,
)
