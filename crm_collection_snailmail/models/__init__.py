from . import company_settings, res_company, letter, letter_snailmail, snailmail_letter
