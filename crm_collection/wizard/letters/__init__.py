from . import (
    send,
    send_line,
    mail_compose_message,
    live,
)
