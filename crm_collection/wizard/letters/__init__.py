from . import (
    send,
    send_line,
    send_again,
    mail_compose_message,
    live,
)
