"""A Brazilian distributor and twelve weeks of its collections: ./dev demo --country br.

Nothing here writes what the module's people could not: each does his part as himself, through the
web client's own methods, on the day it happened; the jobs run on each of these days.
"""

from .company import set_up
from .days import live_through
from .people import LANG, print_people
from .words import WORDS

__all__ = ["LANG", "WORDS", "live_through", "print_people", "set_up"]
