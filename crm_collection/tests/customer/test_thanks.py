import psycopg2

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestThanks(CrmCollectionLettersCommon):
    """Who paid in full after a letter is thanked, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_thank = True
        cls.move = cls._create_overdue(5)

    def setUp(self):
        super().setUp()
        self._allocate()
        self._send_letters()
        self._deliver()

    def _get_mails(self):
        domain = [("model", "=", "crm.collection.thanks"), ("is_notification", "=", False)]
        return self.env["mail.mail"].sudo().search(domain)

    def _credit(self, amount):
        credit = self._create_credit(amount)
        (self._receivables(credit) + self._receivables(self.move)).reconcile()

    def _write_off(self):
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.move.ids
        )
        account = self.company_data["default_account_expense"]
        register.create(
            {
                "amount": 90,
                "payment_date": fields.Date.today(),
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": account.id,
            }
        )._create_payments()

    def test_who_is_thanked(self):
        """Of what was paid in full, by payment alone, after a letter; not who disputes something,
        is blocked, or asked for no mail; where the company wants it and sends by itself.

        Seen to fail with the holds, and with the other kinds of settlement, left out of the
        query."""
        cases = {
            "paid": (lambda: self._pay(self.move), 1),
            "a part": (lambda: self._pay(self.move, 60), 0),
            "written off": (self._write_off, 0),
            "credited": (lambda: (self._pay(self.move, 60), self._credit(40)), 0),
            "credited by mistake": (
                lambda: (
                    self._credit(40),
                    self._receivables(self.move).remove_move_reconcile(),
                    self._pay(self.move),
                ),
                1,
            ),
            "taken back": (
                lambda: (
                    self._pay(self.move),
                    self._receivables(self.move).remove_move_reconcile(),
                ),
                0,
            ),
            "disputed": (
                lambda: (self._hold(self.customer, "dispute"), self._pay(self.move)),
                0,
            ),
            "blocked": (lambda: (self._pay(self.move), self._hold(self.customer)), 0),
            "promised": (
                lambda: (
                    self._hold(
                        self.customer,
                        "promise",
                        date_until=fields.Date.add(fields.Date.today(), days=5),
                    ),
                    self._pay(self.move),
                ),
                1,
            ),
            "no mail": (
                lambda: (
                    self.env["mail.blacklist"].sudo()._add(self.customer.email),
                    self._pay(self.move),
                ),
                0,
            ),
            "not wanted": (
                lambda: (self._pay(self.move), self.company.write({"collection_thank": False})),
                0,
            ),
            "by hand": (
                lambda: (
                    self._pay(self.move),
                    self.company.write({"collection_auto_send": False}),
                ),
                0,
            ),
            "no letter": (
                lambda: self._pay(self._create_overdue(0, partner=self._create_customer("New"))),
                0,
            ),
        }
        for name, (what, count) in cases.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                what()
                self._move_on(1)
                self._allocate()
                self._send_letters()
                self.assertEqual(len(self._get_mails()), count)
                self._move_on(-1)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_once(self):
        """One mail a day about all of it, in the customer's words; however often the job runs,
        and the database has the last word.

        Seen to fail with a second mail on a day, with what was thanked for already, and without
        the index."""
        other = self._create_overdue(5, amount=50)
        third = self._create_overdue(5, amount=20)
        self._allocate()
        self._move_on(1)
        self._send_letters()
        self._deliver()
        self._pay(self.move | other)
        self._receivables(other).remove_move_reconcile()
        self._pay(other)
        self._send_letters()
        self._send_letters()
        mail = self._get_mails()
        desk = self.env["crm.collection.desk"].with_user(self.collector)
        told = desk.get_timeline(self.customer.id, self.company.id, ["thanks"])["entries"]
        [text] = [entry["text"] for entry in told]
        for said in ("150.00", self.move.name, other.name):
            self.assertIn(said, text)
        self.assertEqual(mail.recipient_ids, self.customer)
        for said in ("150.00", self.move.name, other.name, self.company.name):
            self.assertIn(said, mail.body_html)
        self._pay(third)
        self._send_letters()
        self.assertEqual(self._get_mails(), mail)
        self._move_on(1)
        for _time in range(2):
            self._send_letters()
        self.assertIn("20.00", (self._get_mails() - mail).body_html)
        thanks = self.env["crm.collection.thanks"].search([], order="id", limit=1)
        settlement = thanks.line_ids.settlement_id[0]
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"):
            self.env["crm.collection.thanks.line"].sudo().create(
                {"thanks_id": thanks.id, "settlement_id": settlement.id}
            )

    def test_checked_when_it_leaves(self):
        """What is taken back before it leaves is not thanked for, and a copy thanks nobody.

        Seen to fail without the check."""
        self._pay(self.move)
        self._send_letters()
        mail = self._get_mails()
        for change, state in (
            (lambda: self._receivables(self.move).remove_move_reconcile(), "cancel"),
            (lambda: self._hold(self.customer, "dispute"), "cancel"),
            (lambda: self.company.write({"collection_auto_send": False}), "cancel"),
            (lambda: self.company.write({"collection_live_uuid": "another"}), "outgoing"),
            (lambda: None, "sent"),
        ):
            with self.env.cr.savepoint() as savepoint:
                change()
                self.env.invalidate_all()
                self._deliver(model="crm.collection.thanks")
                self.assertEqual(mail.state, state)
                savepoint.rollback()
            self.env.invalidate_all()
