"""A trial of crashes and of many at once, with real databases, processes and mail servers.

    ./dev soak [--kills N] [--stops N] [--minutes M] [--workers N] [--items N] [--seed N]

Kills: jobs, phase maintenance, bulk approval, hand-over, what the desk does and accounting, each in
a process of its own that is killed at a moment drawn by chance; then the same again, to its end.
Stops: PostgreSQL is stopped at once, and started again, while that is done. Both times a twin lives
the same undisturbed, and everything that either database holds is compared. Together: workers do
everything at once, as people with their roles. Mails: a mail server refuses, stalls and hangs up.

It takes place in a PostgreSQL server of its own, and speaks to nobody outside of this machine. The
seed is printed: with it the same is drawn. Exit status 1: something is not as it has to be.
"""

import argparse
import os
import random
import signal
import sys

from odoo.tools import config

from ..replay.database import drop_database, make_database
from .mails import Mails
from .stage import open_stage, say
from .together import Together
from .twins import Twins

SHOWN = 40  # lines of what a part found
DEFAULTS = {"kills": 40, "stops": 5, "minutes": 1.0, "mails": 20, "items": 4000, "workers": 4}


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        prog="./dev soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--kills", type=int, default=DEFAULTS["kills"], help="processes to kill (default 40)")
    add("--stops", type=int, default=DEFAULTS["stops"], help="stops of PostgreSQL (default 5)")
    add(
        "--minutes",
        type=float,
        default=DEFAULTS["minutes"],
        help="that workers do everything at once (default 1)",
    )
    add("--mails", type=float, default=DEFAULTS["mails"], help="seconds of a bad mail server")
    add("--workers", type=int, default=DEFAULTS["workers"], help="at once (default 4)")
    add("--items", type=int, default=DEFAULTS["items"], help="installments (default 4000)")
    add("--seed", type=int, help="what is drawn (default: another one each time)")
    arguments = parser.parse_args(argv)
    if arguments.items < 100 or arguments.workers < 1:
        parser.error("--items starts at 100 and --workers at 1")
    return arguments


def get_parts(stage, arguments):
    """Yield name and trial of each part that is asked for."""
    seed = arguments.seed
    if arguments.kills:
        yield "kills", Twins(stage, seed, kills=arguments.kills)
    if arguments.stops:
        yield "stops", Twins(stage, seed, stops=arguments.stops)
    if arguments.minutes:
        yield "together", Together(stage, seed, arguments.workers, arguments.minutes * 60)
    if arguments.mails:
        yield "mails", Mails(stage, seed, arguments.mails)


def run(source, arguments):
    """:return: how much is wrong"""
    wrong = []
    with open_stage(source, arguments.items) as stage:
        for name, part in get_parts(stage, arguments):
            found = part.run()
            for line in found[:SHOWN]:
                say(f"{name}: {line}")
            wrong += found
    return len(wrong)


def main(argv=None):
    arguments = parse_arguments(argv)
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(10**6)
    # who is told to end ends what he has started, too
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(1))
    say(f"seed {arguments.seed}")
    config.parse_config([], setup_logging=False)
    source = f"crm_collection_soak_source_{os.getpid()}"
    make_database(source, say)
    try:
        wrong = run(source, arguments)
    finally:
        drop_database(source)
    if wrong:
        say(f"something is wrong; it was drawn with --seed {arguments.seed}")
        return 1
    say("nothing was found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
