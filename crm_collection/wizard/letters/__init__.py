from . import (
    send,
    send_line,
    send_again,
    returned,
    reverse,
    batch_post,
    mail_compose_message,
    live,
    text_preview,
)
