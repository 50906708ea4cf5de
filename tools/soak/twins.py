"""Two databases in which the same is done: in one of them undisturbed, in the other by processes
that are killed, and while PostgreSQL is stopped, each time at another moment. What was interrupted
is done again, to its end; then both have to be equal."""

import threading
import time
from contextlib import contextmanager, suppress

from ..processes import ProcessDied
from .alike import compare
from .sound import Database
from .stage import (
    answer_questions,
    check_mails,
    close_connections,
    deliver_all,
    do_to_its_end,
    is_lost,
    make_random,
    say,
    wait_until_left,
)

# What happens in a round, in this order: (piece of work, its arguments or whose they are, how often
# it is disturbed beside the others).
ROUND = (
    ("job", {"job": "allocate"}, 4),
    ("pay", None, 1),
    ("reset", None, 1),
    ("post", "reset", 1),
    ("maintain", None, 3),
    ("approve", None, 3),
    ("hand_over", None, 2),
    ("contact", None, 1),
    ("contact", None, 1),
    ("hold", None, 2),
    ("job", {"job": "letters"}, 5),
    ("send", None, 2),
    ("job", {"job": "queue"}, 5),
    ("unpay", None, 1),
    ("lift", None, 1),
    ("undo", None, 1),
    ("merge", None, 1),
)
DAYS = 5  # from one round to the next
LATE = 1.05  # of what it took the twin: some are disturbed after the commit
SHORTEST = 0.03
TRIES = 20  # of what lost its connection


class Twins:
    def __init__(self, stage, seed, kills=0, stops=0, program=ROUND):
        """:param program: what happens in a round"""
        self.stage = stage
        self.name = " and ".join(
            name for name, number in (("kills", kills), ("stops", stops)) if number
        )
        self.random = make_random(seed, self.name)
        self.program = program
        self.left = {"kills": kills, "stops": stops}
        self.done = {"kills": 0, "stops": 0, "connections lost": 0, "letters in question": 0}
        self.wrong = []

    def run(self):
        """:return: what was found, a line each"""
        name = self.name.replace(" ", "_")
        self.twin, self.other = self.stage.copy(f"{name}_twin"), self.stage.copy(name)
        self.beside = self.stage.start(self.twin, first=True)
        self.stage.start(self.other, first=True).kill()
        number = 0
        while any(left > 0 for left in self.left.values()) and not self.wrong:
            self._live_round(number)
            number += 1
        self.beside.kill()
        return self.wrong

    def _live_round(self, number):
        day, drawn = number * DAYS, {}
        whole = sum(share for _work, _arguments, share in self.program)
        scales = {kind: min(1, left / whole) for kind, left in self.left.items()}
        self.beside("enter", database=self.twin, day=day)
        for place, (work, given, share) in enumerate(self.program):
            arguments = drawn.get(given) if isinstance(given, str) else given
            if arguments is None:
                arguments = self.beside("draw", work=work, seed=f"{number}.{place}")
            drawn[work] = arguments
            begun = time.monotonic()
            told = self.beside("do", work=work, **arguments)
            self.seconds = max(time.monotonic() - begun, SHORTEST) * LATE
            times = {kind: self._draw_times(share * scale) for kind, scale in scales.items()}
            again = self._do_disturbed(day, work, arguments, times)
            if isinstance(told, str) != isinstance(again, str):
                self.wrong.append(f"{work}: {told!r} in the twin, {again!r} in the other")
        self._compare(number, day)

    def _draw_times(self, expected):
        """:return: how often: so often on average"""
        return int(expected) + (self.random.random() < expected % 1)

    # === Disturbing === #

    def _do_disturbed(self, day, work, arguments, times):
        """:return: what somebody was told in the end"""
        for _kill in range(times["kills"]):
            process = self.stage.start(self.other, day)
            process.send("do", work=work, **arguments)
            time.sleep(self.random.uniform(0, self.seconds))
            process.kill()
            self._count("kills")
            wait_until_left(self.other)
            with suppress(ProcessDied, RuntimeError):
                process.receive()
        process = self.stage.start(self.other, day)
        for _stop in range(times["stops"]):
            with self._stop():
                self._try(process, work, arguments)
        answer = self._do_to_its_end(process, work, arguments)
        # before anything else happens to these letters: what goes again is written anew
        questions = answer_questions(self.stage, self.other, process)
        self.done["letters in question"] += questions
        process.kill()
        wait_until_left(self.other)
        return answer

    def _count(self, kind):
        self.done[kind] += 1
        self.left[kind] -= 1

    @contextmanager
    def _stop(self):
        """The server is stopped at once, and started again, in the midst of what is done."""
        timer = threading.Timer(self.random.uniform(0, self.seconds), self._stop_server)
        timer.start()
        try:
            yield
        finally:
            timer.join()
        self._count("stops")
        self._do_to_its_end(self.beside, "nothing", {})  # it has lost its connections, too

    def _stop_server(self):
        self.stage.cluster.stop()
        self.stage.cluster.start()

    def _try(self, process, work, arguments):
        try:
            process("do", work=work, **arguments)
        except RuntimeError as error:
            if not is_lost(error):
                raise
            self.done["connections lost"] += 1

    def _do_to_its_end(self, process, work, arguments):
        """Nobody starts the process anew: it goes on by itself when the server is back."""
        for _attempt in range(TRIES):
            try:
                return do_to_its_end(process, work, **arguments)
            except RuntimeError as error:
                if not is_lost(error):
                    raise
        return f"{work} does not come to its end"

    # === Comparing === #

    def _compare(self, number, day):
        process = self.stage.start(self.other, day)
        for one in (process, self.beside):
            deliver_all(one)
        process.kill()
        close_connections(self.other)
        found = compare(self.twin, self.other, self.stage.known)
        errors = self.stage.find_errors()
        if not self.done["stops"]:  # of connections that were lost there are many
            found += errors
        found += check_mails(self.stage, self.other)
        found += Database(self.other).find_wrong()
        counts = [len(self.stage.servers[one].messages()) for one in (self.twin, self.other)]
        if counts[0] != counts[1]:
            found.append(f"messages: {counts[0]} of the twin, {counts[1]} of the other")
        self.wrong += found
        told = [f"{count} {kind}" for kind, count in self.done.items() if count]
        so_far = ", ".join(told) or "nothing disturbed"
        result = "DIFFERENT" if found else "alike"
        say(f"{self.name}: round {number + 1}: {so_far}, {counts[1]} messages: {result}")
