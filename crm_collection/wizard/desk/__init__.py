from . import (
    hand_over,
    hold,
    mail_compose_message,
    log,
    log_screen,
    send,
    statement_send,
)
