from . import (
    evidence,
    ir_attachment,
    mail_message,
    mail_tracking_value,
    mail_thread,
)
