"""The SQL of collections: builders without side effects that return ``SQL``; models run them."""

from . import apply, common, hold, letters, plan, report, settlement, simulate, sync
from . import aging, indicator
from . import apply, cockpit, common, hold, letters, plan, simulate, sync
