"""The SQL of collections: builders without side effects that return ``SQL``; models run them."""

from . import (
    aging,
    apply,
    approval,
    cockpit,
    common,
    credits,
    decision,
    hold,
    indicator,
    letter_dates,
    letter_unsent,
    letters,
    plan,
    report,
    rule,
    settlement,
    simulate,
    sync,
)
