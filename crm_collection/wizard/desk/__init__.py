from . import (
    hold,
    mail_compose_message,
)
