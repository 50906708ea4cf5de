from . import (
    test_settlement,
    test_settlement_kinds,
    test_settlement_letters,
    test_settled_in_phase,
)
