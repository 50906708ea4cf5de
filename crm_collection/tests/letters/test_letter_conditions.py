from datetime import datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace

from odoo.tests import tagged
from odoo.tools import SQL

from ...models.letters import condition_queries
from ...models.letters.letter import STATES
from ..common import TODAY
from ..common_conditions import ConditionsCase

DAYS = [TODAY + timedelta(days=number) for number in (-1, 0, 1)]
AMOUNTS = [Decimal(amount) for amount in ("-1", "0", "49.99", "50")]
# An automatic request that was approved, and one a person made.
REQUESTS = [{"id": 7, "origin": "automatic"}, {"id": 8, "origin": "manual"}]


def is_placed_by_hand(origin, approval_id):
    """The values as the rows of the test name them, in their order."""
    return origin in ("manual", "opening") or (origin == "approval" and approval_id == 8)


def is_repeated(active, rule_id, interval, maximum, count):
    return active and rule_id == 1 and (interval or 0) > 0 and (not maximum or count <= maximum)


@tagged("post_install", "-at_install")
class TestLetterConditions(ConditionsCase):
    """What the job, the explanation, the simulation and the waiting letters ask in the same words,
    over every combination of values at its edges, those that are missing among them.

    Seen to fail with each comparison turned round, or off by one, and each part left out.
    """

    def test_leaves_by_rule(self):
        rows = self._combine(
            rule__active=[True, False, None],
            rule__amount_min=[None, Decimal(0), Decimal(50)],
            line__amount_residual=AMOUNTS,
            step__days=[None, -1, 0, 1],
            item__date_maturity=DAYS,
        )

        def expected(
            rule__active, rule__amount_min, line__amount_residual, step__days, item__date_maturity
        ):
            is_enough = line__amount_residual >= (rule__amount_min or 0)
            is_reminder = step__days is not None and step__days < 0
            is_late = item__date_maturity < TODAY
            return rule__active and is_enough and not (is_reminder and is_late)

        condition = condition_queries.leaves_by_rule(SQL("%s::date", TODAY))
        self._assert_says(condition, rows, expected)
        self.assertNotIn(None, self._ask(condition, rows))
        nothing = condition_queries.leaves_by_rule(SQL("%s::date", TODAY), amount=SQL("-1"))
        self._assert_says(nothing, rows, lambda **row: False)

    def test_placed_by_hand(self):
        rows = self._combine(
            allocation__origin=["automatic", "manual", "opening", "approval"],
            allocation__approval_id=[None, 7, 8],
        )
        self._assert_says(
            condition_queries.is_placed_by_hand(),
            rows,
            lambda **row: is_placed_by_hand(*row.values()),
            {"crm_collection_approval": REQUESTS},
        )

    def test_leaves_by_itself_and_when(self):
        """The letter of a person goes, whatever the rule says; the job's if the rule has it leave.
        It goes once, and again as the step says."""
        rows = self._combine(
            allocation__origin=["automatic", "manual"],
            allocation__approval_id=[None],
            rule__id=[1],
            rule__active=[True, False],
            rule__amount_min=[Decimal(50)],
            line__amount_residual=[Decimal(50), Decimal(49)],
            step__days=[1],
            step__rule_id=[1, 2],
            step__resend_interval=[None, 0, 1],
            step__resend_max=[None, 0, 1, 2],
            item__date_maturity=[TODAY],
            item__letter_count=[0, 1, 2],
            item__date_next_letter=[None, *DAYS],
        )
        tables = {"crm_collection_approval": REQUESTS}

        def leaves(amount, row):
            by_rule = row["rule__active"] and amount >= 50
            return row["allocation__origin"] == "manual" or by_rule

        def goes(row, count, amount=None):
            said = ("rule__active", "step__rule_id", "step__resend_interval", "step__resend_max")
            again = is_repeated(*(row[name] for name in said), count)
            amount = row["line__amount_residual"] if amount is None else amount
            return (count == 0 or again) and leaves(amount, row)

        def is_due(row, day):
            return day is not None and day <= TODAY and goes(row, row["item__letter_count"])

        today = SQL("%s::date", TODAY)
        cases = {
            "leaves": (
                condition_queries.leaves_by_itself(today),
                lambda **row: leaves(row["line__amount_residual"], row),
            ),
            "goes": (
                condition_queries.is_to_go(today),
                lambda **row: goes(row, row["item__letter_count"]),
            ),
            "goes after the next": (
                condition_queries.is_to_go(today, SQL("(item.letter_count + 1)"), SQL("49")),
                lambda **row: goes(row, row["item__letter_count"] + 1, 49),
            ),
            "due": (
                condition_queries.is_due(TODAY),
                lambda **row: is_due(row, row["item__date_next_letter"]),
            ),
            "due on another day": (
                condition_queries.is_due(TODAY, SQL("item.date_next_letter - 1")),
                lambda **row: is_due(
                    row,
                    row["item__date_next_letter"] and row["item__date_next_letter"] - timedelta(1),
                ),
            ),
        }
        for name, (condition, expected) in cases.items():
            with self.subTest(name):
                self._assert_says(condition, rows, expected, tables)

    def _letter_values(self):
        return {
            "phase__active": [True, False],
            "phase__template_id": [None, 5],
            "step__template_id": [None],
            "step__without_letter": [None, True],
        }

    def test_may_be_written(self):
        rows = self._combine(
            phase__approval_state=["approved", "pending"],
            allocation__id=[None, 3],
            item__id=[1, 2],
            item__phase_id=[7],
            **self._letter_values(),
        )
        self._assert_says(
            condition_queries.may_be_written_condition(),
            rows,
            lambda **row: (
                row["item__id"] == 1
                and row["phase__active"]
                and row["phase__approval_state"] == "approved"
                and row["allocation__id"] == 3
                and row["phase__template_id"] == 5
                and not row["step__without_letter"]
            ),
            self._get_asked({2: [("again", "pending", 7, "")]}),
        )

    def _get_asked(self, lines):
        """:param dict lines: {item id: list of (origin, state, phase, why withdrawn)}
        :return: the tables of requests with these lines"""
        rows = [(item_id, *line) for item_id, of_item in lines.items() for line in of_item]
        return {
            "crm_collection_approval": [
                {"id": number, "origin": row[1]} for number, row in enumerate(rows)
            ],
            "crm_collection_approval_line": [
                {
                    "id": number,
                    "approval_id": number,
                    "item_id": row[0],
                    "state": row[2],
                    "phase_id": row[3],
                    "reason_out": row[4],
                }
                for number, row in enumerate(rows)
            ],
        }

    def test_asked_again(self):
        """Whether the item may be in its phase is asked once more, and nobody has agreed since."""
        lines = {
            2: [("again", "pending", 7, None)],
            3: [("again", "refused", 7, None)],
            4: [("again", "refused", 7, None), ("manual", "approved", 7, None)],
            5: [("again", "withdrawn", 7, "superseded")],
            6: [("again", "withdrawn", 7, "left")],
            7: [("automatic", "pending", 7, None)],
            8: [("again", "pending", 8, None)],
            9: [("manual", "approved", 7, None), ("again", "pending", 7, None)],
            10: [("again", "pending", 7, None), ("manual", "approved", 8, None)],
        }
        self._assert_says(
            condition_queries.is_asked_again(),
            self._combine(item__id=list(range(1, 11)), item__phase_id=[7]),
            lambda **row: row["item__id"] in (2, 3, 5, 9, 10),
            self._get_asked(lines),
        )

    def test_is_ever_to_go(self):
        """On its day, or today where that has passed; the allocation is the one that goes on."""
        rows = self._combine(
            item__id=[1, 2, 3],
            item__letter_count=[0, 1],
            item__date_maturity=DAYS,
            item__amount_residual=[Decimal(49), Decimal(50)],
            rule__id=[1],
            rule__active=[True, False, None],
            rule__amount_min=[Decimal(50)],
            step__days=[-1, 1],
            step__rule_id=[1],
            step__resend_interval=[0, 1],
            step__resend_max=[0],
            due__date=DAYS,
            **self._letter_values(),
        )
        # by hand, by hand once, by the job
        allocations = [
            {"item_id": 1, "origin": "manual", "approval_id": None, "date_out": None},
            {"item_id": 2, "origin": "manual", "approval_id": None, "date_out": TODAY},
            {"item_id": 2, "origin": "automatic", "approval_id": None, "date_out": None},
            {"item_id": 3, "origin": "automatic", "approval_id": None, "date_out": None},
        ]

        def expected(**row):
            day = max(row["due__date"], TODAY)
            by_rule = (
                row["rule__active"]
                and row["item__amount_residual"] >= 50
                and (row["step__days"] >= 0 or row["item__date_maturity"] >= day)
            )
            again = row["rule__active"] and row["step__resend_interval"]
            return (
                row["phase__active"]
                and row["phase__template_id"]
                and not row["step__without_letter"]
                and (row["item__letter_count"] == 0 or again)
                and (by_rule or row["item__id"] == 1)
            )

        self._assert_says(
            condition_queries.is_ever_to_go(SQL("due.date"), SQL("%s::date", TODAY)),
            rows,
            lambda **row: bool(expected(**row)),
            {"crm_collection_allocation": allocations, "crm_collection_approval": REQUESTS},
        )

    def test_what_a_letter_hangs_on(self):
        """The item's phase and rule, the allocation that goes on, and the step that put it where it
        is: not one of another phase."""
        rows = self._combine(
            item__id=[1, 2, 3],
            item__phase_id=[None, 4, 5],
            item__step_id=[None, 6, 7],
            item__rule_id=[None, 8],
        )
        allocations = [
            {"id": number, "item_id": item_id, "date_out": date_out}
            for number, item_id, date_out in ((11, 1, TODAY), (12, 1, None), (13, 2, TODAY))
        ]
        tables = {
            "crm_collection_phase": [{"id": 4}, {"id": 5}],
            "crm_collection_allocation": allocations,
            "crm_collection_rule_step": [{"id": 6, "phase_id": 4}, {"id": 7, "phase_id": 5}],
            "crm_collection_rule": [{"id": 8}, {"id": 9}],
        }
        joined = SQL(
            """(SELECT jsonb_agg(jsonb_build_array(phase.id, allocation.id, step.id, rule.id))
                  FROM (SELECT item.id, item.phase_id, item.step_id, item.rule_id) AS item %s)""",
            condition_queries.LETTER_JOINS,
        )

        def expected(item__id, item__phase_id, item__step_id, item__rule_id):
            of_phase = {4: 6, 5: 7}.get(item__phase_id)
            step_id = item__step_id if item__step_id == of_phase else None
            return [[item__phase_id, 12 if item__id == 1 else None, step_id, item__rule_id]]

        self._assert_says(joined, rows, expected, tables)

    def test_letters_that_wait_and_that_reach(self):
        rows = self._combine(
            letter__state=[
                *("to_send", "outgoing", "sent", "bounced", "cancelled"),
                *("no_address", "blacklisted", "failed"),
            ],
            letter__will_retry=[True, False],
            letter__delivery_started=[None],
        )

        def is_tried_again(row):
            return row["letter__state"] == "failed" and row["letter__will_retry"]

        self._assert_says(
            condition_queries.waits("letter"),
            rows,
            lambda **row: (
                row["letter__state"] in ("no_address", "blacklisted") or is_tried_again(row)
            ),
        )
        self._assert_says(
            condition_queries.reaches("letter"),
            rows,
            lambda **row: (
                row["letter__state"] in ("to_send", "outgoing", "sent") or is_tried_again(row)
            ),
        )

    # === The last letter about an item === #

    def _letter_history(self, letters):
        """:return: tables with the letters, dicts, in their order: about the item and to the
        customer of their number, each in another one"""
        return {
            "crm_collection_letter_line": [
                {"id": number, "item_id": letter["item_id"], "letter_id": number}
                for number, letter in enumerate(letters)
            ],
            "crm_collection_letter": [
                {"id": number} | {key: letter[key] for key in letter if key != "item_id"}
                for number, letter in enumerate(letters)
            ],
        }

    def _waits(self, is_asked):
        company = SimpleNamespace(
            _get_collection_tz=lambda: "UTC", _get_collection_today=lambda: TODAY
        )
        return condition_queries.waits_for_letter(
            SQL("(item.id, item.partner_id)"), SQL("item.today"), company, SQL("%s", is_asked)
        )

    def test_waits_for_letter(self):
        """Until it left before the day; what is in the queue leaves today. Not where somebody was
        asked already, but for what came back."""
        letters = self._combine(
            state=[state for state, _label in STATES],
            date=DAYS,
            date_sent=[None, *(datetime.combine(day, time(12)) for day in DAYS)],
        )
        letters = [
            letter | {"item_id": number, "partner_id": 1} for number, letter in enumerate(letters)
        ]
        rows = self._combine(
            item__id=range(len(letters)), item__partner_id=[1, 2], item__today=[*DAYS[1:]]
        )

        def expected(is_asked, item__id, item__partner_id, item__today):
            letter = letters[item__id]
            state, sent = letter["state"], letter["date_sent"]
            if state == "cancelled" or item__partner_id == 2:
                return False
            if state == "sent":
                day = max(letter["date"], sent.date() if sent else letter["date"])
                return not is_asked and day >= item__today
            if state in ("to_send", "outgoing"):
                is_gone = letter["date"] < item__today and item__today > TODAY
                return not is_asked and not is_gone
            return True

        for is_asked in (False, True):
            with self.subTest(is_asked=is_asked):
                self._assert_says(
                    self._waits(is_asked),
                    rows,
                    lambda is_asked=is_asked, **row: expected(is_asked, **row),
                    self._letter_history(letters),
                )

    def test_waits_for_the_last_letter(self):
        """The last one that was not cancelled, whatever came before; none is none."""
        states = ("sent", "bounced", "cancelled", None)
        histories = self._combine(first=states, second=states)
        letters = [
            {
                "item_id": number,
                "partner_id": 1,
                "state": state,
                "date": DAYS[0],
                "date_sent": datetime.combine(DAYS[0], time(12)),
            }
            for number, history in enumerate(histories)
            for state in history.values()
            if state
        ]
        rows = self._combine(
            item__id=range(len(histories)), item__partner_id=[1], item__today=[TODAY]
        )

        def expected(item__id, **_row):
            told = [one for one in histories[item__id].values() if one not in ("cancelled", None)]
            return told[-1:] == ["bounced"]

        self._assert_says(self._waits(False), rows, expected, self._letter_history(letters))
