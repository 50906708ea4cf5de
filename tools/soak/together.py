"""Several people and jobs at once, for some minutes, in one database; then what must be true of it
is asked. Nobody is refused but because somebody else was faster, and nothing is lost."""

import re
from collections import Counter

from ..processes import ProcessDied
from .sound import Database, is_paid
from .stage import answer_questions, check_mails, close_connections, deliver_all, say

# What people may be told: that somebody else is at it, or was faster.
TOLD = (
    r"try again in a moment",
    r"Somebody else is working on it",
    r"Cannot grab a lock on records",  # Odoo's own, as the next one: customers were merged
    r"Record does not exist or has been deleted",
    r"two date ranges for the same sequence",  # Odoo's own: two first payments of a month
    # what is so since they looked, or was when a worker chose by chance
    *("It is in this phase already", "It is on hold: lift", "It is not open any more"),
    *("It waits for approval", "It awaits approval", "has decided already", "is decided already"),
    *("There is no move to take back", "Nobody has moved it by hand", "was taken back already"),
    *("The letter of its phase has left", "needs an approval to enter its phase again"),
    *("There is no open item to", "There is no letter to send", "There is nothing left to pay"),
    *(r"^\d+ left out: ", "not open any more, or not of", "There is no customer to hand over"),
)
LONGEST = 180  # seconds that the last piece of work may take
TOLD_RE = re.compile("|".join(TOLD))


class Together:
    def __init__(self, stage, seed, workers, seconds):
        self.stage = stage
        self.seed = seed
        self.workers = workers
        self.seconds = seconds
        self.journal = []
        self.wrong = []

    def run(self):
        """:return: what was found, a line each"""
        database = self.stage.copy("together")
        first = self.stage.start(database, first=True)
        for job in ("allocate", "letters"):
            first("do", work="job", job=job)
        patience = self.seconds + LONGEST
        processes = [
            self.stage.start(database, patience=patience) for _number in range(self.workers)
        ]
        for number, process in enumerate(processes):
            process.send("live", seconds=self.seconds, seed=f"{self.seed}.{number}")
        for process in processes:
            try:
                self.journal += process.receive()
            except (ProcessDied, RuntimeError) as error:
                self.wrong.append(f"a worker ended: {str(error)[-500:]}")
            process.kill()
        self.journal.sort(key=lambda entry: entry["begun"])
        self._look(database, first)
        return self.wrong

    def _look(self, database, process):
        self._look_at_refusals()
        process("do", work="job", job="allocate")
        deliver_all(process)
        answer_questions(self.stage, database, process)
        process("do", work="job", job="allocate")
        asked = Database(database)
        before = asked.read_versions()
        process("do", work="job", job="allocate")
        after = asked.read_versions()
        close = [table for table in before if before[table] != after[table]]
        self.wrong += [f"another allocation writes to {table}" for table in close]
        self.wrong += asked.find_wrong()
        self.wrong += [f"a payment is lost: {memo}" for memo in asked.find_lost(self.journal)]
        self.wrong += check_mails(self.stage, database)
        self.wrong += find_asked_in_vain(self.stage, database, self.journal)
        process.kill()
        close_connections(database)
        say(f"together: {self.summarise()}, {'sound' if not self.wrong else 'WRONG'}")

    def _look_at_refusals(self):
        self.wrong += self.stage.find_errors()
        for entry in self.journal:
            if "error" in entry or "lost" in entry:
                self.wrong.append(f"{entry['what']}: {entry.get('error') or entry['lost']}")
        refused = Counter(
            (entry["what"], entry["told"])
            for entry in self.journal
            if entry.get("told") and not TOLD_RE.search(entry["told"])
        )
        for (what, told), count in refused.most_common():
            self.wrong.append(f"{what}: {count} times: {told}")

    def summarise(self):
        """:return: what was done, in a line"""
        done = Counter(entry["what"] for entry in self.journal)
        busy = sum("busy" in entry for entry in self.journal)
        told = sum(bool(entry.get("told")) for entry in self.journal)
        paid = sum(is_paid(entry) for entry in self.journal)
        what = ", ".join(f"{name} {count}" for name, count in sorted(done.items()))
        return (
            f"{len(self.journal)} pieces of work ({what}), {paid} payments, "
            f"{busy} times tried five times in vain, {told} times refused"
        )


def find_asked_in_vain(stage, database, journal):
    """:return: letters about what was paid before they were handed over, a line each.

    What was paid, and is paid still, when the server agreed on the recipient, is not asked for.
    """
    server = stage.servers[database]
    rows = Database(database).fetch(
        """SELECT message.message_id, item.line_id FROM crm_collection_letter letter
             JOIN mail_message message ON message.id = letter.mail_message_id
             JOIN crm_collection_letter_line line ON line.letter_id = letter.id
             JOIN crm_collection_item item ON item.id = line.item_id"""
    )
    lines = {}
    for message_id, line_id in rows:
        lines.setdefault(message_id.strip(), set()).add(line_id)
    wrong = []
    for message_id, moment in server.agreed.items():
        for line_id in lines.get(message_id, ()):
            if is_settled(journal, line_id, moment):
                wrong.append(f"a letter asks for what was paid before: {message_id}, {line_id}")
    return wrong


def is_settled(journal, line_id, moment):
    """Whether a line was paid before a moment, and nobody undid that until then."""
    paid = [
        entry["ended"]
        for entry in journal
        if is_paid(entry) and line_id in entry["came"]["settled"] and entry["ended"] < moment
    ]
    undone = [
        entry["begun"]
        for entry in journal
        if line_id in get_undone(entry) and paid and entry["ended"] > paid[-1]
    ]
    return bool(paid) and not any(begun < moment for begun in undone)


def get_undone(entry):
    came = entry.get("came")
    return came.get("line_ids", ()) if isinstance(came, dict) else ()
