from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..common import CrmCollectionCommon

ACTIVITY = "crm_collection.mail_activity_type_bank"


@tagged("post_install", "-at_install")
class TestBankBehind(CrmCollectionCommon):
    """Automatic letters wait while what came in at the bank is not entered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_auto_send = True
        cls.company.collection_manager_id = cls.manager
        cls.company.collection_bank_days = 3
        Journal = cls.env["account.journal"]
        cls.banks = Journal.search([("type", "=", "bank"), ("company_id", "=", cls.company.id)])[:1]
        cls.banks |= Journal.create(
            {"name": "Second Bank", "code": "SBK", "type": "bank", "company_id": cls.company.id}
        )
        cls.move = cls._create_overdue(9)

    def _enter(self, bank, days):
        """A line of so many days ago."""
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": bank.id,
                "payment_ref": "Came in",
                "amount": 1.0,
                "date": self.company._get_collection_today() - timedelta(days=days),
            }
        )

    def _tasks(self):
        kind = self.env.ref(ACTIVITY)
        return self.env["mail.activity"].sudo().search([("activity_type_id", "=", kind.id)])

    def _get_late(self):
        return {bank.name for bank in self.company._get_collection_late_banks()}

    def test_which_banks_are_behind(self):
        """To the day, each journal by its last line, whatever was entered before or is older;
        journals without any line say nothing beside others."""
        first, second = self.banks
        every = {bank.name for bank in self.company._get_collection_bank_days()}
        self.assertEqual(self._get_late(), every)  # nothing was ever entered
        self._enter(first, 3)
        self.assertEqual(self._get_late(), set())
        self._enter(second, 4)
        self._enter(second, 30)
        self.assertEqual(self._get_late(), {second.name})
        self.company.collection_bank_date = fields.Date.today() - timedelta(days=4)
        self.assertEqual(self._get_late(), {second.name})
        self.company.collection_bank_date = fields.Date.today() - timedelta(days=3)
        self.assertEqual(self._get_late(), set())
        page = self.env["crm.collection.settings"].with_user(self.manager).create({})
        with self.assertRaisesRegex(ValidationError, "still to come"):
            page.collection_bank_date = fields.Date.today() + timedelta(days=1)
        page.collection_bank_date = fields.Date.today()
        self.assertEqual(self._get_late(), set())
        self.company.collection_bank_date = False
        self._enter(second, 0)
        self.assertEqual(self._get_late(), set())
        second.active = False
        self.company.collection_bank_days = 0
        self.assertEqual(self._get_late(), set())
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(CheckViolation),
            self.env.cr.savepoint(),
        ):
            self.company.collection_bank_days = -1
            self.env.flush_all()

    def test_letters_wait_and_none_is_dropped(self):
        """GIVEN a letter in the queue and one more that is due, and one bank of two that falls
        behind meanwhile
        WHEN the jobs run twice
        THEN nothing leaves, the run, the status, the item and the simulation say what it waits
        for, and who enters the bank has one task; a person's letter leaves. When the bank is
        entered, both leave with the run of the next hour, and the task goes.
        """
        first = self.banks[0]
        self.company.collection_bank_user_id = self.collector
        self._enter(first, 0)
        self._allocate()
        self._send_letters()
        queued = self._letters()
        self.assertEqual(queued.state, "outgoing")
        other, third = (self._create_customer(name) for name in ("Other", "Third"))
        moves = [self._create_overdue(9, partner=one) for one in (other, third)]
        self.env["account.bank.statement.line"].search([]).unlink()
        self._enter(first, 10)
        self._enter(self.banks[1], 0)
        self._allocate()
        for _time in range(2):
            self.assertFalse(self._deliver())
            self._send_letters()
        self.assertEqual(queued.state, "to_send")
        self.assertFalse(self._letters(other))
        run = self.env["crm.collection.run"].search([("kind", "=", "letters")], limit=1)
        self.assertEqual(run.state, "waiting")
        [note] = run.line_ids.mapped("message")
        self.assertIn(first.name, note)
        self.assertEqual(self._tasks().user_id, self.collector)
        self.assertIn(first.name, str(self._items(moves[0]).explanation))
        status = self.env["crm.collection.status"].with_user(self.collector).get_status()
        [check] = [one for one in status["checks"] if one["key"] == "bank"]
        self.assertEqual(check["level"], "warning")
        wizard = self.env["crm.collection.simulate"].with_user(self.collector).create({})
        wizard.action_simulate()
        self.assertIn(first.name, wizard.bank_note)

        Send = self.env["crm.collection.item.send"].with_user(self.collector)
        items = self._items(moves[1])
        Send = Send.with_context(active_model=items._name, active_ids=items.ids)
        Form(Send).save().action_send()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual(self._letters(third).state, "sent")

        self._enter(first, 0)
        self.assertTrue(run._is_unfinished(run.date, fields.Datetime.now()))
        self._send_letters()
        self.assertEqual(len(self._deliver()), 2)
        self.assertEqual((queued | self._letters(other)).mapped("state"), ["sent"] * 2)
        self.assertEqual((run.state, len(self._tasks())), ("done", 0))
