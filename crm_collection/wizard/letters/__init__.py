from . import (
    send,
    send_line,
    send_again,
    reverse,
    mail_compose_message,
    live,
    text_preview,
)
