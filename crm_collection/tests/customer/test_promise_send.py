import io

from pypdf import PdfReader

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestPromiseSend(CrmCollectionLettersCommon):
    """A promise is confirmed to the customer alone, with its schedule, from its own company."""

    def _plan(self):
        self._create_overdue(5, amount=100)
        self._allocate()
        item = self.env["crm.collection.item"].search([])[:1]
        parts = [("2026-03-20", 60.25), ("2026-04-01", 39.75)]
        commands = [Command.create({"date": day, "amount": amount}) for day, amount in parts]
        return self._hold(item, "promise", date_until=item.date_maturity, part_ids=commands)

    def _open(self, plan):
        action = plan.action_send_confirmation()
        Wizard = self.env[action["res_model"]].with_user(self.collector)
        return Form(Wizard.with_company(self.company).with_context(**action["context"]))

    def test_confirmed(self):
        plan = self._plan()
        form = self._open(plan)
        self.assertEqual(form.recipient_ids[:], self.customer)
        self.assertIn(self.company.name, form.subject)
        form.save().with_context(force_report_rendering=True).action_send()
        message = self.customer.message_ids[0]
        self.assertEqual(message.notified_partner_ids, self.customer)
        self.assertEqual(message.attachment_ids.mimetype, "application/pdf")
        text = PdfReader(io.BytesIO(message.attachment_ids.raw)).pages[0].extract_text()
        for said in ("60.25", "39.75", "03/20/2026", "04/01/2026", "100.00"):
            self.assertIn(said, text)
        self.assertIn("Confirmed to", plan.message_ids[0].body)

    def _get_reminders(self):
        return self.env["mail.mail"].sudo().search([("model", "=", "crm.collection.hold")])

    def test_reminded_the_day_before(self):
        """Once, of what is not paid yet, in the customer's language; where letters leave by
        themselves, from the live database, and the company wants it."""
        plan = self._plan()
        for setting in (
            {"collection_promise_remind": False},
            {"collection_promise_remind": True, "collection_auto_send": False},
            {"collection_auto_send": True},  # in a copy of the database
        ):
            self.company.write(setting)
            if setting == {"collection_auto_send": True}:
                self.company.collection_live_uuid = "another"
            with self.env.cr.savepoint() as savepoint:
                self._move_on(3)
                self._send_letters()
                self.assertFalse(self._get_reminders(), setting)
                self._move_on(-3)
                savepoint.rollback()
                self.env.invalidate_all()
        self.company._set_collection_live()
        for days, count in ((2, 0), (1, 1), (0, 1), (1, 1)):
            self._move_on(days)
            self._send_letters()
            self.assertEqual(len(self._get_reminders()), count, days)
        mail = self._get_reminders()
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertIn("60.25", mail.body_html)
        self.assertIn(self.company.name, mail.body_html)
        self.assertNotIn("Hold", mail.body_html)  # what it is to us is nothing to the customer
        self.assertIn("billing@creditor.example", mail.email_from)
        self._pay(plan.item_id.move_id, 100)
        self._move_on(11)
        self._send_letters()
        self.assertEqual(len(self._get_reminders()), 1)

    def test_checked_once_more_when_it_is_handed_over(self):
        """GIVEN a reminder in the mail queue
        WHEN the queue runs in a copy of the database, and in the live one
        THEN it stays in the copy and leaves here; paid, lifted or late it does not leave at all.

        Seen to fail without the check."""
        plan = self._plan()
        self.company.write({"collection_promise_remind": True, "collection_auto_send": True})
        self._move_on(3)
        self._send_letters()
        mail = self._get_reminders()
        for change, state in (
            (lambda: self._pay(plan.item_id.move_id, 60.25), "cancel"),
            (lambda: plan.action_lift("Not true any more"), "cancel"),
            (lambda: self._move_on(1), "cancel"),
            (lambda: self.company.write({"collection_live_uuid": "another"}), "outgoing"),
            (lambda: None, "sent"),
        ):
            with self.env.cr.savepoint() as savepoint:
                change()
                self.env.invalidate_all()
                messages = self._deliver(model="crm.collection.hold")
                self.assertEqual((mail.state, len(messages)), (state, int(state == "sent")))
                savepoint.rollback()
            self.env.invalidate_all()
            self._move_on((fields.Date.to_date("2026-03-19") - self._today()).days)

    def _today(self):
        return self.company._get_collection_today()

    def test_to_the_customer_alone(self):
        other = self._create_customer("Brandt AG")
        plan = self._plan()
        Wizard = self.env["crm.collection.promise.send"].with_user(self.collector)
        wizard = Wizard.create({"hold_id": plan.id, "partner_id": other.id})
        self.assertEqual(wizard.partner_id, self.customer)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            wizard.recipient_ids = other
        plan.action_lift("Not true any more")
        with self.assertRaises(UserError):
            wizard.action_send()
        with self.assertRaises(UserError):
            self._hold(self.customer, "block").action_send_confirmation()
        with self.assertRaises(AccessError):
            plan.with_user(self.outsider).action_send_confirmation()
