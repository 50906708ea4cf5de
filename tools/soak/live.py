"""Many things at once: what one of several workers does, by chance, until its time is up."""

import random
import time
import traceback
from contextlib import suppress
from email.message import EmailMessage

import psycopg2

from odoo.exceptions import AccessError, UserError

from .scene import DOMAIN

# How often each is done: once in so many.
WEIGHTS = {
    "pay": 8,
    "unpay": 4,
    "reset": 4,
    "maintain": 4,
    "undo": 1,
    "approve": 4,
    "contact": 4,
    "hold": 3,
    "lift": 2,
    "hand_over": 2,
    "send": 3,
    "merge": 1,
    "rule": 1,
    "reply": 4,
    "allocate": 3,
    "letters": 3,
    "deliver": 4,
}
POSTS = 4
FEW = 40  # items that one person moves at once while others work


class Live:
    """Mixed into the commands of a worker."""

    def live(self, seconds, seed, weights=None):
        """:return: the journal: a list of what was done, from when to when, and what came of it"""
        rnd = random.Random(seed)
        names, odds = zip(*(weights or WEIGHTS).items(), strict=True)
        end, journal = time.time() + seconds, []
        while time.time() < end:
            [name] = rnd.choices(names, odds)
            journal.append(self._note(name, f"{seed}.{len(journal)}"))
        return journal

    def _note(self, name, seed):
        entry = {"what": name, "seed": seed, "begun": time.time()}
        try:
            told = getattr(self, f"live_{name}", self._live_work)(name, seed)
        except psycopg2.OperationalError as error:
            entry["busy" if error.pgcode else "lost"] = str(error).strip()
        except (AccessError, UserError) as error:
            entry["told"] = str(error)
        except Exception:
            entry["error"] = traceback.format_exc()[-2500:]
        else:
            entry["told" if isinstance(told, str) else "came"] = told
        return entry | {"ended": time.time()}

    def _live_work(self, name, seed):
        return self.do(name, **self.draw(name, seed))

    def live_maintain(self, name, seed):
        drawn = self.draw(name, seed)
        return self.do(name, **{**drawn, "line_ids": drawn["line_ids"][:FEW]})

    def live_reset(self, name, seed):
        """An invoice goes into draft, and is posted again a moment later."""
        drawn = self.draw(name, seed)
        told = self.do("reset", **drawn)
        if isinstance(told, str):
            return told
        for _attempt in range(POSTS):  # he tries again until they are posted: they are owed
            try:
                told = self.do("post", **drawn)
                if not isinstance(told, str):
                    return told
            except psycopg2.OperationalError as error:
                if not error.pgcode:
                    raise
        return told

    def live_send(self, name, seed):
        return self.do(name, **self.draw(name, seed), again="He asks for it")

    # === Jobs, without the scheduler's lock: as two schedulers would run them === #

    def live_allocate(self, _name, _seed):
        self._run_job("_cron_allocate")

    def live_letters(self, _name, _seed):
        self._run_job("_cron_letters")

    def _run_job(self, method):
        self.registry.check_signaling()
        with self.registry.cursor() as cr:
            getattr(self._environment(cr)["crm.collection.run"], method)()

    def wait_anyhow(self):
        """The time has come for whatever waits, unless somebody else is at it."""
        with suppress(psycopg2.OperationalError, UserError):
            self.wait()

    def live_deliver(self, _name, _seed):
        self.registry.check_signaling()
        self.deliver_beside()

    # === What others do === #

    def live_rule(self, _name, seed):
        """The manager says another number of days."""

        def edit(env):
            rnd = random.Random(seed)
            step = rnd.choice(env["crm.collection.rule.step"].search([], order="id"))
            step.days = max(step.days + rnd.choice((-1, 1)), -5)

        return self._try("mona", edit)

    def live_reply(self, _name, seed):
        """A customer answers a letter; the gateway takes his mail."""

        def find(env, rnd):
            letters = env["crm.collection.letter"].search([("state", "=", "sent")], order="id")
            letter = rnd.choice(letters) if letters else letters
            return letter.email_to, letter.mail_message_id.message_id

        sender, message_id = self._choose(seed, find)
        if not sender:
            return None
        mail = EmailMessage()
        mail["From"] = sender.partition(",")[0]
        mail["To"] = f"answers@{DOMAIN}"
        mail["Subject"] = "RE: your letter"
        mail["Message-Id"] = f"<{seed}@customer.example>"
        mail["In-Reply-To"] = mail["References"] = message_id
        mail.set_content(f"It is on its way ({seed}).")
        return self.as_user(
            None,
            lambda env: bool(env["mail.thread"].message_process(False, mail.as_bytes())),
        )
