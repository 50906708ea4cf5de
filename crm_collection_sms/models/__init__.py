from . import letter, letter_queue, mail_template, retention, sms_sms, sms_tracker
