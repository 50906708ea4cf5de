from . import letter, letter_queue, mail_template, sms_sms, sms_tracker
