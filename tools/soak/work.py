"""Pieces of work, as people do them: by what the screens call, each in its own transaction.

Whoever does one after a crash looks first whether it is there: ``work_*`` does nothing where it is.
``draw_*`` says by chance what it is about, in numbers that are the same in every copy.
"""

import random
from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command

from .books import Books
from .scene import APPROVERS, COLLECTORS

OUTCOMES = {"promised": 6, "dispute": 10, "refuses": None, "no_answer": None, "call_back": None}
KINDS = ("block", "dispute", "promise")
PHASES = ("reminder", "friendly", "final")
BULK = 1500  # items that are moved at once, at most


class Work(Books):
    """Mixed into the commands of a worker."""

    # === Choosing === #

    def _choose(self, seed, fetch):
        """:param fetch: function of an environment and a random generator"""
        with self.registry.cursor() as cr:
            return fetch(self._environment(cr), random.Random(seed))

    def _get_items(self, env, *domain):
        return env["crm.collection.item"].search([("state", "=", "open"), *domain], order="line_id")

    def _draw_customers(self, env, rnd, count, *domain):
        partners = self._get_items(env, *domain).partner_id.sorted("id")
        return rnd.sample(partners.ids, min(count, len(partners)))

    def work_nothing(self):
        """See whether the database is there."""
        self.count_queued()

    # === Jobs === #

    def work_job(self, job):
        wrong = self.run(job)
        if wrong:
            raise RuntimeError("; ".join(filter(None, wrong)))

    # === Phase maintenance === #

    def draw_maintain(self, seed):
        def fetch(env, rnd):
            lines = self._get_items(env, ("phase_id", "!=", False)).line_id.ids
            return {
                "login": rnd.choice(COLLECTORS),
                "line_ids": sorted(rnd.sample(lines, min(rnd.randint(1, BULK), len(lines)))),
                "phase": f"crm_collection.phase_{rnd.choice(PHASES)}",
                "reason": f"Moved {seed}",
                "send_letter": rnd.random() < 0.3,
                "pinned": rnd.random() < 0.2,
            }

        return self._choose(seed, fetch)

    def work_maintain(self, login, line_ids, phase, reason, **vals):
        def move(env):
            if env["crm.collection.allocation"].search_count([("reason", "=", reason)], limit=1):
                return None
            items = self._get_items(env, ("line_id", "in", line_ids))
            wizard = env["crm.collection.item.maintain"].create(
                {
                    "item_ids": [Command.set(items.ids)],
                    "phase_id": env.ref(phase).id,
                    "reason": reason,
                    **vals,
                }
            )
            wizard.action_apply()
            return None

        return self._try(login, move)

    def draw_undo(self, seed):
        def fetch(env, rnd):
            moved = env["crm.collection.allocation"].search(
                [("reason", "=like", "Moved %"), ("date_out", "=", False)]
            )
            reasons = sorted(set(moved.mapped("reason")))
            return {
                "login": rnd.choice(COLLECTORS),
                "reason": reasons and rnd.choice(reasons),
            }

        return self._choose(seed, fetch)

    def work_undo(self, login, reason):
        def undo(env):
            allocations = env["crm.collection.allocation"].search([("reason", "=", reason)])
            if reason and "undone" not in allocations.mapped("reason_out"):
                allocations.item_id.action_undo_move()

        return self._try(login, undo)

    def _try(self, login, function, **context):
        """:return: what somebody was told where it was refused"""
        try:
            return self.as_user(login, function, **context)
        except UserError as error:
            return str(error)

    # === Approvals === #

    def draw_approve(self, seed):
        def fetch(env, rnd):
            requests = env["crm.collection.approval"].search([("state", "=", "pending")])
            keys = sorted((one.partner_id.id, one.phase_id.id) for one in requests)
            return {
                "login": rnd.choice(APPROVERS),
                "decision": rnd.choice(("approve", "approve", "approve", "refuse")),
                "keys": sorted(rnd.sample(keys, rnd.randint(0, len(keys)))),
            }

        return self._choose(seed, fetch)

    def work_approve(self, login, decision, keys):
        wanted = set(map(tuple, keys))

        def decide(env):
            requests = env["crm.collection.approval"].search([("state", "=", "pending")])
            requests = requests.filtered(
                lambda one: (one.partner_id.id, one.phase_id.id) in wanted
            ).sorted("partner_id")
            if requests:
                getattr(requests, f"action_{decision}")("Looked at")

        return self._try(login, decide)

    # === The desk === #

    def draw_hand_over(self, seed):
        def fetch(env, rnd):
            login, other = rnd.sample(COLLECTORS, 2)
            return {
                "login": login,
                "other": other,
                "partner_ids": self._draw_customers(env, rnd, rnd.randint(1, 40)),
                "reason": f"Away {seed}",
                "everyone": rnd.random() < 0.3,
            }

        return self._choose(seed, fetch)

    def work_hand_over(self, login, other, partner_ids, reason, everyone):
        def hand_over(env):
            told = env["mail.message"].search_count(
                [("model", "=", "res.partner"), ("body", "ilike", f"{reason}<")], limit=1
            )
            if told or not partner_ids:
                return
            active = {"active_model": "res.partner", "active_ids": partner_ids}
            wizard = env["crm.collection.hand.over"].with_context(**active)
            vals = {"user_id": self.user_ids[other], "reason": reason, "everyone": everyone}
            wizard.create(vals).action_apply()

        return self._try(login, hand_over)

    def draw_contact(self, seed):
        def fetch(env, rnd):
            outcome, days = rnd.choice([*OUTCOMES.items()])
            customers = self._draw_customers(env, rnd, 1)
            return {
                "login": rnd.choice(COLLECTORS),
                "partner_id": customers and customers[0],
                "outcome": outcome,
                "note": f"Spoken to {seed}",
                "days": days and rnd.randint(1, days),
            }

        return self._choose(seed, fetch)

    def work_contact(self, login, partner_id, outcome, note, days):
        def log(env):
            contacts = env["crm.collection.contact"]
            if not partner_id or contacts.search_count([("note", "=", note)], limit=1):
                return
            active = {"active_model": "res.partner", "active_ids": [partner_id]}
            wizard = env["crm.collection.contact.log"].with_context(**active)
            vals = {"outcome_id": env.ref(f"crm_collection.outcome_{outcome}").id, "note": note}
            if days:
                vals["date_until"] = self._get_day(env, days)
            wizard.create(vals).action_log()

        return self._try(login, log)

    def _get_day(self, env, days):
        return env.company._get_collection_today() + timedelta(days=days)

    def draw_hold(self, seed):
        def fetch(env, rnd):
            lines = self._get_items(env).line_id.ids
            return {
                "login": rnd.choice(COLLECTORS),
                "line_ids": sorted(rnd.sample(lines, min(rnd.randint(1, 30), len(lines)))),
                "kind": rnd.choice(KINDS),
                "reason": f"Held {seed}",
                "days": rnd.randint(1, 8),
            }

        return self._choose(seed, fetch)

    def work_hold(self, login, line_ids, kind, reason, days):
        def hold(env):
            if env["crm.collection.hold"].search_count([("reason", "=", reason)], limit=1):
                return
            items = self._get_items(env, ("line_id", "in", line_ids))
            wizard = env["crm.collection.item.hold"].create(
                {
                    "item_ids": [Command.set(items.ids)],
                    "kind": kind,
                    "reason": reason,
                    "date_until": self._get_day(env, days),
                }
            )
            wizard.action_apply()

        return self._try(login, hold)

    def draw_lift(self, seed):
        def fetch(env, rnd):
            holds = env["crm.collection.hold"].search([("state", "=", "active")])
            reasons = sorted(set(holds.mapped("reason")))
            return {"login": rnd.choice(COLLECTORS), "reason": reasons and rnd.choice(reasons)}

        return self._choose(seed, fetch)

    def work_lift(self, login, reason):
        def lift(env):
            holds = env["crm.collection.hold"].search(
                [("state", "=", "active"), ("reason", "=", reason)]
            )
            if holds:
                holds.action_lift("It is settled")

        return self._try(login, lift)

    # === Letters by hand === #

    def draw_send(self, seed):
        def fetch(env, rnd):
            customers = self._draw_customers(env, rnd, 3, ("phase_id", "!=", False))
            return {"login": rnd.choice(COLLECTORS), "partner_ids": sorted(customers)}

        return self._choose(seed, fetch)

    def work_send(self, login, partner_ids, again=None):
        """:param str again: why, where he had one today"""

        def send(env):
            written = env["crm.collection.letter"].search_count(
                [
                    ("date", "=", env.company._get_collection_today()),
                    ("origin", "=", "manual"),
                    ("partner_id", "in", partner_ids),
                ],
                limit=1,
            )
            if written and not again:
                return
            items = self._get_items(env, ("partner_id", "in", partner_ids))
            active = {"active_model": items._name, "active_ids": items.ids}
            wizard = env["crm.collection.item.send"].with_context(**active)
            wizard.create({"again_reason": again}).action_send()

        return self._try(login, send)

    def work_answer(self, arrived):
        """A collector who looked into the log of the mail server says of each letter in question
        whether it left.

        :param list arrived: Message-Ids that are in it
        :return: how many were asked about
        """

        def answer(env):
            letters = env["crm.collection.letter"].search([("state", "=", "uncertain")])
            there = letters.filtered(lambda letter: letter.mail_identifier in arrived)
            if there:
                there.action_arrived()
            if letters - there:
                (letters - there).action_not_arrived()
            return len(letters)

        return self.as_user(COLLECTORS[0], answer)

    def work_retry(self):
        """A collector tries letters again that no job survived; :return: how many"""

        def retry(env):
            letters = env["crm.collection.letter"].search(
                [("state", "=", "failed"), ("fault", "=", "server")]
            )
            if letters:
                letters.action_retry()
            return len(letters)

        return self.as_user(COLLECTORS[0], retry)
