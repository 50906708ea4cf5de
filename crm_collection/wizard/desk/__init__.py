from . import (
    hand_over,
    hold,
    mail_compose_message,
)
