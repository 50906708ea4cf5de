from odoo.exceptions import UserError, ValidationError
from odoo.service.model import call_kw
from odoo.tests import Form, tagged

from ..common_cockpit import CockpitCase
from ..common_promises import HOLD, PromiseCase


@tagged("post_install", "-at_install")
class TestDispute(PromiseCase, CockpitCase):
    """A dispute has a reason, somebody who is to resolve it by a day, and an end.

    Seen to fail: with the reminder sent on the day itself; with the amount of a dispute counted
    for each of its items; with a credit note of somebody else.
    """

    def _dispute(self, record=None, user=None, **vals):
        scope = {"partner_id": self.customer.id} if record is None else {"item_id": record.id}
        return (
            self.env[HOLD]
            .with_user(user or self.collector)
            .create(
                {
                    "kind": "dispute",
                    "reason": "The freight",
                    "date_until": self._day(60),
                    "dispute_reason_id": self.env.ref("crm_collection.dispute_reason_price").id,
                    **scope,
                    **vals,
                }
            )
        )

    def _dialog(self, dispute, button="action_resolve"):
        action = getattr(dispute, button)()
        Wizard = self.env[action["res_model"]].with_user(dispute.env.user)
        return Form(Wizard.with_context(**action["context"]))

    def test_who_is_responsible(self):
        """The collector, unless somebody else is named: who sees holds of the company."""
        self.assertEqual(self._dispute().owner_id, self.collector)
        self.assertEqual(self._dispute(owner_id=self.manager.id).owner_id, self.manager)
        with self.assertRaises(ValidationError):
            self._dispute(owner_id=self.outsider.id)
        block = self._dispute(kind="block", owner_id=self.manager.id, date_due=self._day(3))
        self.assertFalse(block.owner_id or block.date_due or block.dispute_reason_id)

    def test_forged_over_rpc(self):
        dispute = self._dispute()
        Hold = self.env[HOLD].with_user(self.collector)
        second = self.setup_other_company(name="Second")["company"]
        reason = self.env["crm.collection.dispute.reason"].create(
            {"name": "Theirs", "company_id": second.id}
        )
        vals = {"kind": "dispute", "reason": "x", "partner_id": self.customer.id,
                "date_until": "2026-04-01"}  # fmt: skip
        for forged in (
            {"resolution": "accepted"},
            {"resolved_by_id": self.manager.id},
            {"refund_id": self._create_credit(10).id},
            {"is_due_told": True},
            {"dispute_reason_id": reason.id},
        ):
            with (
                self.subTest(forged),
                self.assertRaises(UserError),
                self.env.cr.savepoint(),
            ):
                call_kw(Hold, "create", [{**vals, **forged}], {})
            with self.subTest(forged, write=True), self.assertRaises(UserError):
                call_kw(Hold, "write", [dispute.ids, forged], {})

    def test_resolved(self):
        """With the credit note that was given, by whom and when; collection goes on."""
        dispute = self._dispute(self.items[0], amount=40)
        other = self._create_customer("Brandt AG")
        refund, foreign = self._create_credit(40), self._create_credit(40, partner=other)
        for resolution, credit in (
            ("accepted", foreign),
            ("accepted", self.moves[0]),
            ("rejected", refund),
            ("over", None),
        ):
            with self.subTest(resolution), self.assertRaises(UserError):
                dispute._resolve(resolution, "Because", credit)
        form = self._dialog(dispute)
        form.resolution, form.refund_id, form.why = "partly", refund, "Half of it"
        form.save().action_confirm()
        self.assertRecordValues(
            dispute,
            [
                {
                    "state": "ended",
                    "resolution": "partly",
                    "refund_id": refund.id,
                    "resolved_by_id": self.collector.id,
                    "date_closed": self._day(0),
                }
            ],
        )
        self.assertFalse(self.items[0].is_held)
        with self.assertRaises(UserError):
            dispute.action_resolve()
        block = self._dispute(kind="block")
        with self.assertRaises(UserError):
            block.action_resolve()

    def test_reminded_once(self):
        """The day after it was to be resolved; again where that day was changed."""
        dispute = self._dispute(date_due=self._day(3), owner_id=self.manager.id)
        for days, count in ((3, 0), (4, 1), (5, 1)):
            self._run_on(days)
            self.assertEqual(len(self._tasks(dispute)), count, days)
        self.assertEqual(self._tasks(dispute).user_id, self.manager)
        form = self._dialog(dispute, "action_change")
        form.date_due, form.why = self._day(6), "The branch looks for the delivery note"
        form.save().action_confirm()
        self.assertFalse(self._tasks(dispute))
        self._run_on(6)
        self.assertFalse(self._tasks(dispute))
        self._run_on(7)
        self.assertEqual(len(self._tasks(dispute)), 1)
        dispute._resolve("rejected", "It was delivered")
        self.assertFalse(self._tasks(dispute))

    def test_amount_disputed(self):
        """Of each item once, the oldest first; the same in the aging, of the customer and in the
        cockpit. All of an item is held."""
        older = self._create_overdue(20, amount=80)
        self._allocate()
        cases = (
            ([(None, 0)], [80, 100, 50]),
            ([(None, 120)], [80, 40, 0]),
            ([(None, 1000)], [80, 100, 50]),
            ([("first", 30)], [0, 30, 0]),
            ([("first", 30), (None, 100)], [80, 30, 20]),
        )
        lines = self._receivables(older) + self._receivables(self.moves)
        for disputes, expected in cases:
            with self.subTest(disputes), self.env.cr.savepoint() as savepoint:
                for scope, amount in disputes:
                    self._dispute(self.items[0] if scope else None, amount=amount)
                self.env.flush_all()
                self.env.invalidate_all()
                aging = self.env["crm.collection.aging"].with_user(self.manager)
                shown = aging.browse(lines.ids)
                self.assertEqual(shown.mapped("amount_disputed"), expected)
                [(total,)] = aging._read_group([], [], ["amount_disputed:sum"])
                self.assertEqual(total, sum(expected))
                customer = self.env["crm.collection.customer"].search(
                    [("partner_id", "=", self.customer.id)]
                )
                self.assertEqual(customer.amount_disputed, sum(expected))
                figure = self._get_cockpit()["cards"]["disputed"]
                self.assertEqual(figure["amount"], sum(expected))
                self.assertEqual(figure["count"], len([one for one in expected if one]))
                self.assertEqual(self._read_list(figure), (figure["count"], figure["amount"]))
                self.assertTrue(self.items[0].is_held)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_broken_in_the_cockpit(self):
        promise = self._promise(1)
        self._run_on(2)
        self.assertEqual(promise.state, "broken")
        figure = self._get_cockpit()["cards"]["broken"]
        self.assertEqual((figure["count"], self._read_list(figure)[0]), (1, 1))
