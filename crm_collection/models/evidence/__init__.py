from . import (
    guarded,
    evidence,
    retained,
    ir_attachment,
    ir_attachment_store,
    mail_message,
    mail_tracking_value,
    mail_thread,
    account_move,
    thread,
)
