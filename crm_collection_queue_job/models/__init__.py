from . import queued, run, letter, mail_mail
