import base64
import re
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common_portal import CrmCollectionPortalCommon

PDF = b"%PDF-1.4 proof of payment"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
TODO = "Answer the customer"


@tagged("post_install", "-at_install")
class TestLetterAnswer(CrmCollectionPortalCommon):
    """What the reader of a letter says on its page lands with the collector, and delays letters no
    longer than the company lets it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_manager_id = cls.manager
        cls.moves = cls._create_overdue(12, amount=1234.5) | cls._create_overdue(13, amount=50)
        cls.other_move = cls._create_overdue(12, amount=777.77, partner=cls.other)

    def setUp(self):
        super().setUp()
        self._write_letters()
        self.letter = self._letters(self.customer).sudo()
        self.token = self.letter._get_online_token()
        self.page = f"/collections/letter/{self.letter.id}?token={self.token}"
        self.today = self.company._get_collection_today()

    def _answer(self, kind, status=200, files=(), letter=None, **vals):
        """:return: the page that the reader sees then"""
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', self._get(self.page))
        data = {"kind": kind, "token": self.token, "csrf_token": csrf and csrf[1], **vals}
        response = self.url_open(
            f"/collections/letter/{(letter or self.letter).id}/answer",
            data=data,
            files=[("files", one) for one in files] or None,
        )
        self.assertEqual(response.status_code, status, kind)
        return response.text

    def _contacts(self):
        return self.env["crm.collection.contact"].search([("channel", "=", "page")])

    def _day(self, days):
        return (self.today + timedelta(days=days)).isoformat()

    def test_each_answer_lands_and_holds(self):
        """On the collector's list, with what was said, and letters wait until the day of the
        company or of the promise."""
        wait, items = self.today + timedelta(days=3), self._items(self.moves)
        cases = (
            ("paid", {"day": self._day(-1), "text": "By Pix"}, "block", wait),
            ("promise", {"day": self._day(10)}, "promise", self.today + timedelta(days=10)),
            ("parts", {"text": "Three times"}, "block", wait),
            ("wrong", {"text": "Never came", "item": items[1].id}, "dispute", wait),
            ("address", {}, None, None),
        )
        for kind, vals, hold_kind, until in cases:
            with self.subTest(kind):
                before = self._contacts()
                page = self._answer(kind, **vals)
                self.assertIn("We have your answer", page)
                contact = self._contacts() - before
                self.assertEqual((contact.state, contact.page_kind), ("waiting", kind))
                self.assertEqual(
                    contact.user_id,
                    contact._get_reply_user(
                        {
                            "company": self.company,
                            "partner": self.customer,
                            "users": self.letter.user_id,
                        }
                    ),
                )
                self.assertIn(vals.get("text", ""), contact.note)
                self.assertEqual(contact.activity_ids.summary, TODO)
                hold = contact.hold_ids
                self.assertEqual((hold.kind, hold.date_until), (hold_kind or False, until or False))
                held = items[1] if kind == "wrong" else items
                self.assertEqual(contact.item_ids, held)
                if hold:
                    self.assertTrue(all(held.mapped("is_held")))
                    self.assertIn("We will not write to you about it until", page)
                hold.sudo().item_ids.invalidate_recordset()
                hold.sudo()._close("ended")
                contact.sudo().date = fields.Datetime.now() - timedelta(days=31)

    def test_collection_is_delayed_once_a_month(self):
        """Whatever is said how often; a promise is offered once, and to the last day of the
        company."""
        self.assertIn("I will pay", self._get(self.page))
        self._answer("promise", day=self._day(11), status=400)
        self._answer("promise", day=self._day(-1), status=400)
        self._answer("promise", day="tomorrow", status=400)
        self._answer("promise", status=400)
        self.assertFalse(self._contacts())
        self._answer("parts", text="In two")
        hold = self._contacts().hold_ids
        self.assertEqual(len(hold.item_ids), 2)
        self._answer("wrong", text="Everything")  # while letters wait
        self.assertEqual(self._contacts().hold_ids, hold)
        self._move_on(4)
        self._allocate()
        self.assertEqual(hold.state, "ended")
        self._answer("wrong", text="Still everything")
        self.assertNotIn(">I will pay<", self._get(self.page))
        self._answer("promise", day=self._day(5), status=400)
        self.assertEqual(self._contacts().hold_ids, hold)
        self.assertFalse(any(self._items(self.moves).mapped("is_held")))
        self._move_on(28)
        self._answer("paid", day=self._day(1))
        self.assertEqual(len(self._contacts().hold_ids), 2)

    def test_days_that_the_company_does_not_give(self):
        self.company.collection_page_wait_days = self.company.collection_page_promise_days = 0
        self.assertNotIn(">I will pay<", self._get(self.page))
        self._answer("wrong", text="Everything")
        self.assertFalse(self._contacts().hold_ids)
        self.company.collection_page_answers = False
        self.assertNotIn("<summary", self._get(self.page))
        self._pay(self.moves)
        self.company.collection_page_answers = True
        self.assertNotIn("<summary", self._get(self.page))

    def test_nothing_of_others(self):
        """Items of other customers are not reached, nor is anything without the letter's key."""
        other = self._letters(self.other).sudo()
        foreign = self._items(self.other_move)
        self._answer("wrong", text="Not mine", item=foreign.id)
        self.assertNotIn(foreign, self._contacts().item_ids)
        self.assertFalse(foreign.is_held)
        self._answer("address", letter=other, status=404)
        self._answer("address", token="guess", status=404)
        self._login(self.other_user)
        self._answer("address", token="", status=404)
        self._move_on(61)
        self.url_open(self.page)
        response = self.url_open(
            f"/collections/letter/{self.letter.id}/answer",
            data={"token": self.token, "kind": "address"},
        )
        self.assertIn(response.status_code, (400, 410))  # no form, no key of a form
        self.assertEqual(len(self._contacts()), 1)

    @mute_logger("odoo.http")
    def test_form_of_another_page_is_refused(self):
        response = self.url_open(
            f"/collections/letter/{self.letter.id}/answer",
            data={"token": self.token, "kind": "address"},
        )
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self._contacts())

    def test_files(self):
        """What shows a payment is kept with the contact; what a browser would run is not taken,
        and then nothing is."""
        large = PDF + b" " * (5 * 1024 * 1024)
        for files in (
            [("a.svg", SVG)],
            [("a.pdf", b"<html><script>alert(1)</script></html>")],
            [("a.exe", b"MZ" + b"\0" * 100)],
            [("a.pdf", large)],
            [(f"{number}.pdf", PDF) for number in range(4)],
        ):
            with self.subTest(files[0][0]):
                page = self._answer("paid", day=self._day(0), text="KEPT", status=400, files=files)
                self.assertIn("Please send", page)
                self.assertIn("KEPT", page)
        self.assertFalse(self._contacts())
        self._answer(
            "paid",
            day=self._day(0),
            files=[("../../proof<b>.html", PDF), ("scan.png", PNG)],
        )
        contact = self._contacts()
        attachments = self.env["ir.attachment"].search(
            [("res_model", "=", contact._name), ("res_id", "=", contact.id)]
        )
        self.assertEqual(set(attachments.mapped("mimetype")), {"application/pdf", "image/png"})
        for attachment in attachments:
            self.assertNotRegex(attachment.name, r"[/<>]|\.html$")
            self.assertFalse(attachment.public)

    def test_text_is_text(self):
        hostile = "<script>alert(1)</script>{{ object.sudo() }}"
        page = self._answer("wrong", text=hostile)
        self.assertNotIn("<script>alert(1)", page)
        contact = self._contacts()
        self.assertIn(hostile, contact.note)
        self.assertEqual(contact.hold_ids.reason, "The customer says that something is wrong")
        self._answer("wrong", text="x" * 2001, status=400)
        self._answer("wrong", text=" ", status=400)
        self._answer("nonsense", status=400)
        token = re.search(r'name="csrf_token" value="([^"]+)"', self._get(self.page))[1]
        response = self.url_open(  # a file where a text belongs
            f"/collections/letter/{self.letter.id}/answer",
            data={"kind": "wrong", "token": self.token, "csrf_token": token},
            files=[("text", ("text.txt", b"text"))],
        )
        self.assertEqual(response.status_code, 400)
        for _number in range(4):
            self._answer("address")
        page = self._answer("address", status=400)
        self.assertIn("Please write an e-mail", page)

    def test_collector_answers(self):
        """In the letter's chatter, or by noting it; nobody makes one up, and none is taken back."""
        self._answer("wrong", text="Never came")
        contact = self._contacts().with_user(self.collector)
        today = contact._describe_today(self.customer, self.company)
        self.assertIn("from the customer", today)  # and with nobody of ours
        context = contact.action_answer()["context"]
        self.assertEqual(
            (context["default_model"], context["default_res_ids"]),
            (self.letter._name, self.letter.ids),
        )
        composer = self.env["mail.compose.message"].with_user(self.collector)
        composer.with_context(**context).create({"body": "We send it again."})._action_send_mail()
        self.assertEqual((contact.state, contact.answered_by_id), ("done", self.collector))
        self.assertFalse(contact.activity_ids)
        self._answer("address")
        second = self._contacts() - contact
        second.with_user(self.collector).action_note_answer()
        self.assertEqual(second.state, "done")
        with self.assertRaises(UserError):
            contact.with_user(contact.user_id).action_take_back()
        for vals in ({"channel": "page"}, {"page_kind": "paid"}):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.env["crm.collection.contact"].with_user(self.collector).create(
                    {"partner_id": self.customer.id, "company_id": self.company.id, **vals}
                )
