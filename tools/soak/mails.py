"""A mail server that refuses, stalls and hangs up, while letters are handed to it and customers
pay."""

import asyncio
import time
from collections import Counter

from ..mail_server import MailServer
from .sound import Database
from .stage import check_mails, close_connections, deliver_all, make_random, say
from .together import find_asked_in_vain

STALL = 0.3  # seconds, at most
# What it does with a recipient, and with a message: once in so many.
AT_RECIPIENT = {"agree": 12, "later": 2, "never": 1, "hang up": 1, "stall": 2}
AT_MESSAGE = {"take": 12, "refuse": 1, "drop": 2, "stall": 2}
SENDERS = 2
WEIGHTS = ({"deliver": 1}, {"pay": 3, "unpay": 1, "deliver": 1})


class BadServer(MailServer):
    """A mail server with whims, for as long as it is ``bad``.

    ``did``: how often it did what; ``kept``: what became of each message, by Message-Id.
    """

    def __init__(self, folder, random):
        self.random = random
        self.bad = False
        self.did = Counter()
        super().__init__(folder)

    def _draw(self, whims):
        if not self.bad:
            return next(iter(whims))
        [whim] = self.random.choices(list(whims), whims.values())
        self.did[whim] += 1
        return whim

    async def handle_RCPT(self, server, session, envelope, address, options):
        whim = self._draw(AT_RECIPIENT)
        if whim == "later":
            return "450 4.2.0 Not now"
        if whim == "never":
            return "550 5.1.1 No such user"
        if whim == "hang up":
            server.transport.abort()
        if whim == "stall":
            await asyncio.sleep(self.random.uniform(0, STALL))
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server, session, envelope):
        whim = self._draw(AT_MESSAGE)
        if whim == "refuse":
            return "451 4.3.0 Not now"
        answer = await super().handle_DATA(server, session, envelope)
        if whim == "drop":  # it has the message, and nobody is told
            server.transport.abort()
        if whim == "stall":
            await asyncio.sleep(self.random.uniform(0, STALL))
        return answer


class Mails:
    def __init__(self, stage, seed, seconds):
        self.stage = stage
        self.seed = seed
        self.seconds = seconds
        self.journal = []
        self.wrong = []

    def run(self):
        """:return: what was found, a line each"""
        random = make_random(self.seed, "mails")
        database = self.stage.copy("mails", lambda folder: BadServer(folder, random))
        self.server = self.stage.servers[database]
        first = self.stage.start(database, first=True)
        for job in ("allocate", "letters"):
            first("do", work="job", job=job)
        self.server.bad = True
        self._send(database, first)
        self.server.bad = False
        deliver_all(first)
        first.kill()
        close_connections(database)
        self._look(database)
        return self.wrong

    def _send(self, database, first):
        """Senders hand letters over, customers pay, and whatever waits has its time at once."""
        patience = self.seconds + 120
        processes = [self.stage.start(database, patience=patience) for _weights in WEIGHTS]
        for number, (process, weights) in enumerate(zip(processes, WEIGHTS, strict=True)):
            seed = f"{self.seed}.mails.{number}"
            process.send("live", seconds=self.seconds, seed=seed, weights=weights)
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            first("wait_anyhow")
            time.sleep(0.2)
        for process in processes:
            self.journal += process.receive()
            process.kill()
        self.journal.sort(key=lambda entry: entry["begun"])

    def _look(self, database):
        asked = Database(database)
        self.wrong += self.stage.find_errors()
        self.wrong += [
            f"{entry['what']}: {entry['error']}" for entry in self.journal if "error" in entry
        ]
        self.wrong += asked.find_wrong()
        self.wrong += check_mails(self.stage, database)
        self.wrong += find_asked_in_vain(self.stage, database, self.journal)
        states = self._look_at_letters(asked, self.stage.get_message_ids(database))
        did = ", ".join(f"{name} {count}" for name, count in sorted(self.server.did.items()))
        say(
            f"mails: the server did: {did}; letters: {dict(states)}, "
            f"{'sound' if not self.wrong else 'WRONG'}"
        )

    def _look_at_letters(self, asked, arrived):
        """Sent: it is there. In question: it has a number to look for. Else: it is not there."""
        states, arrived = Counter(), set(arrived)
        rows = asked.fetch(
            """SELECT letter.id, letter.state, message.message_id
                 FROM crm_collection_letter letter
                 LEFT JOIN mail_message message ON message.id = letter.mail_message_id"""
        )
        for letter_id, state, message_id in rows:
            there = bool(message_id) and message_id.strip() in arrived
            states[state] += 1
            is_known = state != "uncertain"
            if there != (state == "sent") if is_known else not message_id:
                self.wrong.append(f"letter {letter_id} is {state}; at the server: {there}")
        return states
