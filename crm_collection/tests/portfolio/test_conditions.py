from datetime import datetime, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo.tests import tagged
from odoo.tools import SQL

from ...models.portfolio import queries
from ..common import TODAY
from ..common_conditions import ConditionsCase

STATES = ("not_paid", "in_payment", "paid", "partial", "reversed", "blocked", "invoicing_legacy")


@tagged("post_install", "-at_install")
class TestConditions(ConditionsCase):
    """What is owed, what is a credit, when a letter goes again, what a document is called: over
    every combination of values at its edges, those that are missing among them.

    Seen to fail with each comparison turned round, or off by one, and each part left out.
    """

    def test_owed_and_credit(self):
        rows = self._combine(
            line__parent_state=["posted", "draft"],
            line__reconciled=[None, False, True],
            line__balance=[Decimal(amount) for amount in (-1, 0, 1)],
            line__amount_residual_currency=[Decimal(amount) for amount in (-1, 0, 1)],
        )

        def is_open(line__parent_state, line__reconciled, **_row):
            return line__parent_state == "posted" and not line__reconciled

        self._assert_says(
            queries.line_is_owed(),
            rows,
            lambda **row: (
                is_open(**row)
                and row["line__balance"] > 0
                and row["line__amount_residual_currency"] > 0
            ),
        )
        self._assert_says(
            queries.line_is_credit(),
            rows,
            lambda **row: is_open(**row) and row["line__amount_residual_currency"] < 0,
        )

    def test_states(self):
        rows = self._combine(move__payment_state=[None, *STATES])
        silent = {"paid", "in_payment", "reversed", "blocked", "invoicing_legacy"}
        self._assert_says(
            queries.move_is_silent(),
            rows,
            lambda move__payment_state: move__payment_state in silent,
        )
        self._assert_says(
            queries.move_is_in_payment(),
            rows,
            lambda move__payment_state: move__payment_state == "in_payment",
        )
        self.assertNotIn(None, self._ask(queries.move_is_silent(), rows))
        self.assertNotIn(None, self._ask(queries.move_is_in_payment(), rows))
        rows = self._combine(phase__active=[True, False], phase__approval_state=["approved", "new"])
        self._assert_says(
            queries.phase_can_act(),
            rows,
            lambda phase__active, phase__approval_state: (
                phase__active and phase__approval_state == "approved"
            ),
        )

    def test_due_date(self):
        rows = self._combine(line__date=[TODAY], line__date_maturity=[None, TODAY - timedelta(1)])
        self._assert_says(
            queries.line_date_maturity(),
            rows,
            lambda line__date, line__date_maturity: line__date_maturity or line__date,
        )

    def test_next_letter(self):
        rows = self._combine(
            step__resend_unit=["day", "week", "month", None],
            step__resend_interval=[None, 0, 1, 2],
            step__resend_max=[None, 0, 1, 2],
            item__letter_count=[0, 1, 2],
        )

        def expected(
            step__resend_unit, step__resend_interval, step__resend_max, item__letter_count
        ):
            if not step__resend_interval:
                return None
            if step__resend_max and item__letter_count > step__resend_max:
                return None
            unit = {"week": "weeks", "month": "months"}.get(step__resend_unit, "days")
            return TODAY + relativedelta(**{unit: step__resend_interval})

        date = queries.next_letter_date(SQL("%s::date", TODAY), SQL("item.letter_count"))
        self._assert_says(date, rows, expected)

    def test_letter(self):
        rows = self._combine(
            phase__template_id=[None, 1],
            step__template_id=[None, 2],
            step__without_letter=[None, False, True],
        )

        def expected(phase__template_id, step__template_id, step__without_letter):
            return None if step__without_letter else step__template_id or phase__template_id

        self._assert_says(queries.letter_template(), rows, expected)

    def test_day_of_a_letter(self):
        """The day it was written, or the later one on which it left, where the company is."""
        late = datetime(2026, 3, 17, 2, 30)  # the day before in São Paulo
        rows = self._combine(
            letter__date=[TODAY - timedelta(1), TODAY, TODAY + timedelta(1)],
            letter__date_sent=[None, late, late + timedelta(hours=1)],
        )

        def expected(letter__date, letter__date_sent):
            if letter__date_sent is None:
                return letter__date
            left = TODAY if letter__date_sent == late else TODAY + timedelta(1)
            return max(letter__date, left)

        self._assert_says(queries.letter_day("America/Sao_Paulo"), rows, expected)

    def test_document_name(self):
        rows = self._combine(
            move__move_type=["entry", "out_invoice"],
            move__name=["MISC/1"],
            move__ref=[None, " ", "Ref\n  7 "],
            move__origin_payment_id=[None, 1],
            move__reversed_entry_id=[None],
            line__name=[None, "", " Opening\t balance"],
            line__journal_id=[0],
        )

        def expected(**row):
            label, reference = row["line__name"], row["move__ref"]
            if row["move__move_type"] != "entry":
                return row["move__name"]
            if label and label.strip() and not row["move__origin_payment_id"]:
                return "Opening balance"
            return "Ref 7" if reference and reference.strip() else row["move__name"]

        self._assert_says(queries.document_name(), rows, expected)

    def test_version_of_a_step(self):
        """It is another with each thing that was decided about, and not with how a number is
        written."""
        values = {
            "step__rule_id": 1,
            "step__phase_id": 1,
            "step__days": 1,
            "step__template_id": 1,
            "step__amount_min": 1,
            "step__percent_min": Decimal("50"),
            "step__without_letter": False,
            "step__after_promise": False,
            "rule__escalation": "days",
            "rule__grace_days": 1,
            "rule__amount_min": 1,
            "phase__template_id": 1,
            "phase__template_b_id": 1,
            "phase__allocation_mode": "automatic",
            "phase__approval_rule_id": 1,
        }

        def change(value):
            if isinstance(value, bool):
                return not value
            return f"{value} else" if isinstance(value, str) else value + 1

        rows = [values, values | {"step__percent_min": Decimal("50.00")}]
        rows += [values | {name: change(value)} for name, value in values.items()]
        said = self._ask(queries.step_version(), rows)
        self.assertEqual(said[0], said[1])
        self.assertEqual(len(set(said)), len(values) + 1)

    def test_last_letter_of_a_phase(self):
        """The one that was the item's last so far, of its phase alone."""
        rows = self._combine(item__id=[1, 2], item__phase_id=[5, 6], item__letter_count=[0, 1, 2])
        lines = [
            {"id": number, "item_id": 1, "phase_id": phase_id, "round": count, "letter_id": number}
            for number, (phase_id, count) in enumerate([(5, 1), (5, 2), (6, 1), (6, 1)], start=1)
        ]
        letters = [{"id": number, "date": TODAY + timedelta(number)} for number in range(1, 5)]
        numbers = {(1, 5, 1): 1, (1, 5, 2): 2, (1, 6, 1): 4}

        def expected(item__id, item__phase_id, item__letter_count):
            number = numbers.get((item__id, item__phase_id, item__letter_count))
            return number and TODAY + timedelta(number)

        self._assert_says(
            SQL("(%s)", queries.date_of_last_letter("item")),
            rows,
            expected,
            {"crm_collection_letter_line": lines, "crm_collection_letter": letters},
        )

    def test_who_works_in_a_company(self):
        users = [{"id": number, "active": number != 3} for number in (1, 2, 3)]
        works = [{"user_id": number, "cid": 4 if number == 2 else 5} for number in (1, 2, 3)]
        rows = self._combine(asked__id=[1, 2, 3])
        self._assert_says(
            SQL("asked.id IN (%s)", queries.workers(5)),
            rows,
            lambda asked__id: asked__id == 1,
            {"res_users": users, "res_company_users_rel": works},
        )

    def test_customer_of_a_line(self):
        """The customer himself, or whoever is his contact."""
        partners = [
            {"id": number, "commercial_partner_id": customer}
            for number, customer in ((1, 1), (2, 1), (3, 3))
        ]
        self._assert_says(
            queries.line_is_of([1]),
            self._combine(line__partner_id=[1, 2, 3]),
            lambda line__partner_id: line__partner_id != 3,
            {"res_partner": partners},
        )

    def test_installments_have_numbers(self):
        """Of the entry's installments, by due date; not of what merely ends with a digit."""
        terms = {"display_type": "payment_term", "date_maturity": TODAY}
        lines = [
            {"id": 1, "move_id": 1, **terms},
            {"id": 2, "move_id": 1, **terms},
            {"id": 3, "move_id": 1, **terms, "date_maturity": TODAY - timedelta(1)},
            {"id": 4, "move_id": 1, **terms, "display_type": "product"},
            {"id": 5, "move_id": 2, **terms},
            {"id": 6, "move_id": 3, **terms},
            {"id": 7, "move_id": 3, **terms},
        ]
        named = ("installment #1", "installment #9", "installment #10")
        rows = self._combine(
            asked__id=[1, 2, 3, 4, 5, 6, 7],
            asked__name=[*named, "INV/1", "Ref 1", "installment", None],
            move__move_name=["INV/1"],
            move__payment_reference=["Ref 1"],
        )
        numbers = {1: " 2/3", 2: " 3/3", 3: " 1/3", 6: " 1/2", 7: " 2/2"}

        def expected(asked__id, asked__name, **_row):
            return numbers.get(asked__id, "") if asked__name in named else ""

        self._assert_says(
            queries.installment("move", SQL("asked.id"), SQL("asked.name")),
            rows,
            expected,
            {"account_move_line": lines},
        )
