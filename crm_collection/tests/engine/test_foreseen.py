import os
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from ..common import TODAY
from ..common_portfolios import (
    CrmCollectionPortfoliosCommon,
    draw_portfolio,
    draw_settings,
    get_simpler,
)

# In the suite a few; many with CRM_COLLECTION_PORTFOLIOS=1000 in the environment, from
# CRM_COLLECTION_SEED on. See docs/inside.md.
PORTFOLIOS = int(os.environ.get("CRM_COLLECTION_PORTFOLIOS", "50"))
SEED = int(os.environ.get("CRM_COLLECTION_SEED", "0"))
TOGETHER = 25  # live in one company at the same time
DAYS = 20 if "CRM_COLLECTION_PORTFOLIOS" in os.environ else 10
GROWING = (
    *("account_move", "account_move_line", "res_partner", "crm_collection_item"),
    *("crm_collection_allocation", "crm_collection_letter", "crm_collection_letter_line"),
)
ASKED_ON = (0, 4)  # the evenings on which the items say what is to come
REPEATED_ON = (0, 3, 9)  # the days on which the jobs run again
SIMULATED_ON = (0, 2, 5, 7, 9)  # the days of which the simulation says what is somebody's task
# Looking for the simplest portfolio that fails takes minutes.
SHRINK = "CRM_COLLECTION_SHRINK" in os.environ
SIMPLER = 40  # portfolios that are tried for it


@tagged("post_install", "-at_install")
class TestForeseen(CrmCollectionPortfoliosCommon):
    """What every item says of its next phase, its next letter and its hold is what then happens,
    if nothing else does; and a run that is repeated writes nothing at all.

    Seen to fail with each of: the letters asked from where the items are and not from where they
    will be, the quiet days a letter begins forgotten, holds that are not in force yet left out,
    letters without an address taken for those that arrive, what letters change about
    where the items go not asked after them.

    And what a day's simulation says is somebody's task is what the jobs of the day make.
    """

    def test_what_is_said_comes_true(self):
        self.count = {"step": 0, "letter": 0, "held": 0, "task": 0}
        self.collected = self.env["crm.collection.item"]
        for first in range(SEED, SEED + PORTFOLIOS, TOGETHER):
            seeds = range(first, min(first + TOGETHER, SEED + PORTFOLIOS))
            settings = draw_settings(first // TOGETHER)
            portfolios = [draw_portfolio(seed) for seed in seeds]
            failures = self._live(settings, portfolios)
            if failures:
                portfolio, message = failures[0]
                if SHRINK:
                    portfolio, message = self._shrink(settings, portfolio, message)
                self.fail(f"\n{message}\n\n{self._describe(settings, portfolio)}")
        self.assertGreater(min(self.count.values()), PORTFOLIOS / 2, self.count)
        self.assertGreater(len(self.collected), PORTFOLIOS / 10)

    def _shrink(self, settings, portfolio, message):
        """:return: the simplest portfolio that still fails, and how"""
        tries = 0
        while tries < SIMPLER:
            for simpler in get_simpler(portfolio):
                tries += 1
                if failures := self._live(settings, [simpler]):
                    portfolio, message = failures[0]
                    break
                if tries >= SIMPLER:
                    break
            else:
                break
        return portfolio, message

    # === Living === #

    def _live(self, settings, portfolios):
        """Live some portfolios together.

        :return: list of (portfolio, what was said and did not happen)
        """
        savepoint = self.env.cr.savepoint()
        try:
            self.owners = self._set_up(settings, portfolios)
            return self._live_days(settings)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()
            self.registry.clear_all_caches()

    def _live_days(self, settings):
        self.steps, self.held, said = {}, {}, {}
        self.changed_on = None
        for number in range(DAYS + 1):
            day = TODAY + timedelta(days=number)
            before = self._get_places()
            tasks = self._simulate_tasks(day) if number in SIMULATED_ON else None
            self._live_a_day(day)
            self._note_steps(day, before)
            if tasks is not None:
                self._check_tasks(day, *tasks)
            if number == 0:
                with freeze_time(f"{day} 12:00:00"):
                    self._act_by_hand(settings, self.owners)
                # of what is written in one transaction the planner knows nothing
                self.env.cr.execute(f"ANALYZE {', '.join(GROWING)}")
                self._live_a_day(day)
            with freeze_time(f"{day} 20:00:00"):
                self.held[day] = self._get_items().filtered("is_held")
                if number in ASKED_ON:
                    said[day] = self._ask()
                if number == settings["sends_from"]:
                    begins = self.branch if settings["begins"] == "branch" else self.company
                    self._begin_to_send(begins, day, said[day])
            if number in REPEATED_ON:
                self._repeat(day)
        return self._compare(said)

    def _begin_to_send(self, company, day, said):
        """What was said a moment ago of the company's letters, as if it sent by itself, is what
        leaves from now on."""
        self._assert_silent(self.creditor)
        company.sudo().collection_auto_send = True
        self._live_a_day(day, hour=21)
        for item, told in said.items():
            if item.company_id == company:
                told["letters_from"] = day
        # some phases wait for letters: what was said of them before is true until now
        if any(self.phases.mapped("after_letter")):
            self.changed_on = day

    def _assert_silent(self, companies):
        letters = self.env["crm.collection.letter"].search([("company_id", "in", companies.ids)])
        self.assertFalse(letters, "written by a company that does not send by itself")

    def _repeat(self, day):
        before = self._get_checksums()
        self._live_a_day(day)
        after = self._get_checksums()
        changed = [table for table in after if after[table] != before[table]]
        self.assertFalse(changed, f"written by a run repeated on {day}")

    def _get_items(self):
        domain = [("line_id", "in", [line.id for line in self.owners]), ("state", "=", "open")]
        return self.env["crm.collection.item"].search(domain)

    def _get_places(self):
        return {
            item: (item.allocation_id, item.approval_id, item.proposed_step_id)
            for item in self._get_items()
        }

    def _note_steps(self, day, before):
        """What the allocation job did to each: it moved it, asked about it, or proposed it."""
        for item in self._get_items():
            allocation, request, proposed = before.get(item, (None, None, None))
            if item.allocation_id and item.allocation_id != allocation:
                phase = item.phase_id
            elif item.approval_id and item.approval_id != request:
                phase = item.awaiting_phase_id
            elif item.proposed_step_id and item.proposed_step_id != proposed:
                phase = item.proposed_phase_id
            else:
                continue
            self.steps.setdefault(item, []).append((day, phase))

    # === Tasks === #

    def _simulate_tasks(self, day):
        """:return: what has a task before the jobs of a day, and what they are said to make"""
        with freeze_time(f"{day} 08:00:00"):
            domain = [("task_id", "!=", False)]
            known = self.env["crm.collection.allocation"].search(domain)
            Engine = self.env["crm.collection.engine"].sudo()
            said = {
                (company.id, row["partner_id"], row["phase_id"], row["user_id"], row["date"]): (
                    sorted(row["names"])
                )
                for company in self.creditor
                for row in Engine._simulate(company, day)["tasks"]
            }
        return known, said

    def _check_tasks(self, day, known, said):
        """The run has made, of the same items, for the same people, what the simulation said; what
        joined a task is of that one's day."""
        made = {}
        domain = [("task_id", "!=", False), ("id", "not in", known.ids)]
        for allocation in self.env["crm.collection.allocation"].search(domain):
            task = allocation.task_id
            key = (task.company_id.id, task.partner_id.id, task.phase_id.id, task.made_for_id.id)
            is_joined = task in known.task_id
            made.setdefault((*key, not is_joined and task.date), []).append(allocation.name)
        joined = {key[:4] for key in made if not key[4]}
        told = {(*key[:4], key[:4] not in joined and key[4]): names for key, names in said.items()}
        made = {key: sorted(names) for key, names in made.items()}
        self.assertEqual(told, made, f"tasks of {day}")
        self.count["task"] += sum(map(len, made.values()))

    # === Saying === #

    def _ask(self):
        """:return: {item: what it says of its next phase, its next letter and its hold}"""
        said = {}
        items = self._get_items()
        items.invalidate_recordset()
        self.collected |= items.filtered(lambda item: item.blocker == "collected")
        tomorrow = self.company._get_collection_today() + timedelta(days=1)
        for item in items:
            sends = item.company_id.collection_auto_send
            foreseen = item.foreseen or {}
            letter = foreseen.get("letter")
            facts = "; ".join(f"{fact['label']}: {fact['text']}" for fact in item._get_facts())
            waits = not sends and bool(letter or item.phase_id and foreseen.get("obstacle"))
            self.assertEqual("Automatic sending is off" in facts, waits, facts)
            said[item] = {
                "step": item.date_next_step and (item.date_next_step, item.next_phase_id),
                "letter": letter
                and (
                    item.date_expected_letter,
                    self.env["crm.collection.phase"].browse(letter[1]),
                    letter[2],
                ),
                "held": foreseen.get("held"),
                "letters_from": sends and tomorrow,
                "facts": facts,
                "stale": self._is_stale(item, foreseen),
            }
        return said

    def _is_stale(self, item, foreseen):
        """Whether the date of the next letter will never be used, though the item stays: what moves
        by that day goes by the phase it moves into."""
        day = item.date_next_letter
        leaves = item.date_next_step and day and item.date_next_step <= day
        return day and not leaves and not foreseen.keys() & {"letter", "obstacle"}

    # === Comparing === #

    def _compare(self, said):
        failures = []
        told = [told for by_item in said.values() for told in by_item.values()]
        for what in ("step", "letter", "held"):
            self.count[what] += sum(1 for one in told if one[what])
        letters = self._get_letters()
        self._assert_silent(self.creditor.filtered(lambda one: not one.collection_auto_send))
        for asked_on, by_item in said.items():
            for item, told in by_item.items():
                happened = {
                    "step": self._get_first(self.steps.get(item, []), asked_on + timedelta(1)),
                    "held": self._get_held(item, asked_on),
                }
                if told["letters_from"]:
                    happened["letter"] = self._get_first(
                        letters.get(item, []), told["letters_from"]
                    )
                if self._is_overtaken(asked_on, told["step"], happened["step"]):
                    del happened["step"]
                for what, event in happened.items():
                    if not self._is_as_told(told[what], event):
                        message = self._tell(item, asked_on, what, told, event)
                        failures.append((self.owners[item.line_id], message))
                if told["stale"]:
                    message = self._tell(item, asked_on, "date_next_letter", told, None)
                    failures.append((self.owners[item.line_id], message))
        return failures

    def _is_overtaken(self, asked_on, told, event):
        """Whether the company began to send since, before anything was said to happen or did: it
        is another company, for phases that wait for letters."""
        days = [what[0] for what in (told, event) if what]
        changed_on = self.changed_on
        return changed_on and asked_on <= changed_on and all(day > changed_on for day in days)

    def _get_letters(self):
        """:return: {item: [(day, phase, state that keeps it from leaving by itself)]}"""
        result = {}
        lines = self.env["crm.collection.letter.line"].search(
            [("item_id.line_id", "in", [line.id for line in self.owners])], order="id"
        )
        for line in lines.filtered(lambda line: line.letter_id.state != "cancelled"):
            state = line.letter_id.state
            problem = state in ("no_address", "blacklisted", "to_print") and state
            result.setdefault(line.item_id, []).append(
                (line.letter_id.date, line.phase_id, problem)
            )
        return result

    def _get_first(self, events, day):
        return next((event for event in events if event[0] >= day), None)

    def _get_held(self, item, asked_on):
        """:return: the last day it is held from that evening on, if it is at all"""
        if item not in self.held[asked_on]:
            return None
        days = [day for day in sorted(self.held) if day > asked_on]
        free = next((day for day in days if item not in self.held[day]), None)
        return free and (free - timedelta(days=1),)

    def _is_as_told(self, told, event):
        last = TODAY + timedelta(days=DAYS)
        if isinstance(told, tuple) or told is None or told is False:
            expected = told if told and told[0] <= last else None
        else:  # a hold
            until = fields.Date.to_date(told[1])
            expected = (until,) if until and until < last else None
        return (expected or None) == (event or None)

    def _tell(self, item, asked_on, what, told, event):
        return (
            f"{item.name} of {item.partner_id.name}, due {item.date_maturity}, said on {asked_on} "
            f"of its {what}:\n  {told.get(what)}\n  ({told['facts']})\nand then:\n  {event}\n"
            f"its steps: {self.steps.get(item)}\nits letters: {self._get_letters().get(item)}"
        )
