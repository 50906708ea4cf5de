from . import (
    test_desk_customer,
    test_work,
    test_reply,
)
