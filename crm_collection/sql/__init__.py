"""The SQL of collections: builders without side effects that return ``SQL``; models run them."""

from . import (
    aging,
    apply,
    approval,
    cockpit,
    common,
    hold,
    indicator,
    letters,
    plan,
    report,
    settlement,
    simulate,
    sync,
)
