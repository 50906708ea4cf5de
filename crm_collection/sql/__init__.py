"""The SQL of collections: builders without side effects that return ``SQL``; models run them."""

from . import apply, cockpit, common, hold, letters, plan, simulate, sync
