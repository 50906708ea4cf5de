import base64
import io
from contextlib import contextmanager
from unittest.mock import patch

import requests
from pypdf import PdfReader

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.crm_collection.tests.common import TODAY
from odoo.addons.crm_collection.tests.common_letters import CrmCollectionLettersCommon

EDGE = "odoo.addons.iap.tools.iap_tools.iap_jsonrpc"


@tagged("post_install", "-at_install")
class TestSnailmail(CrmCollectionLettersCommon):
    """Letters by post that Snail Mail prints and posts: read again before they leave, and told as
    truly as those by e-mail. What speaks to the service is replaced, and nothing else.

    Seen to fail: see the methods.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_quiet_days = 0
        cls.company.collection_snailmail = True
        cls.phase_first.channel = "post"
        cls.place = {"street": "1 Way", "city": "Town", "zip": "1000"}
        cls.place["country_id"] = cls.env.ref("base.be").id
        cls.customer.write(cls.place)
        cls.move = cls._create_overdue(2)

    def _write(self):
        self._allocate()
        self._send_letters()
        return self._letters()

    @contextmanager
    def _service(self, error=None, raised=None):
        """Snail Mail, which posts every letter, or answers with an error.

        :return: list of the documents that were handed over
        """
        accepted = []

        def answer(url, params=None, **_options):
            documents = params["documents"]
            accepted.extend(documents)
            if raised:
                raise raised
            said = {"error": error} if error else {"sent": True, "send_id": "SN-1"}
            told = [{"letter_id": one["letter_id"], **said} for one in documents]
            return {"request_code": 200, "request": {"documents": told}}

        with patch(EDGE, answer):
            yield accepted

    def _run_queue(self, **answer):
        with self._service(**answer) as accepted, self.enter_registry_test_mode():
            cron = self.env.ref("snailmail.snailmail_print").sudo()
            self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()
        self.env.cr._now = self.env.cr.now()
        self.assertFalse(self.env["snailmail.letter"].search([]), "Nothing else sends it again.")
        return accepted

    def test_from_the_job_to_the_post(self):
        """Foreseen as a letter that leaves; sent when the service took it, and not before, with a
        page for the address before it; returned to the sender as any other one.

        Seen to fail with letters sent when they are queued, without the page for the address, with
        core's letter kept, with what core says when it is made, and foreseen as one to print.
        """
        self._allocate()
        item = self._items(self.move)
        self.assertEqual(item.foreseen["channel"], "post")
        engine = self.env["crm.collection.engine"].sudo()
        [row] = engine._simulate(self.company, TODAY)["letters"]
        self.assertEqual(row["channel"], "post")
        said = " ".join(fact["text"] for fact in item._get_facts())
        self.assertNotIn("print", said)
        letter = self._write()
        self.assertEqual(
            (letter.state, letter.channel, letter.date_sent), ("outgoing", "post", False)
        )
        [document] = self._run_queue()
        self.assertEqual(document["address"]["zip"], "1000")
        pages = PdfReader(io.BytesIO(base64.b64decode(document["pdf_bin"]))).pages
        self.assertIn("1 Way", pages[0].extract_text())
        self.assertIn(self.move.name, "".join(page.extract_text() for page in pages[1:]))
        self.assertEqual((letter.state, item.letter_count), ("sent", 1))
        self.assertEqual(letter.snail_number, "SN-1")
        self.assertIn(self.move.name, letter.mail_message_id.body)
        self.assertEqual(self._run_queue(), [])
        said = " ".join(letter.message_ids.mapped("body"))
        self.assertIn("SN-1", said)
        self.assertNotIn("Letter sent by post", said)
        letter.with_user(self.collector)._return_to_sender("moved")
        self.assertEqual(letter.state, "bounced")
        self.company.sudo().collection_retention_months = 6
        letter.with_user(self.collector).action_arrived()
        self._pay(self.move)
        self._move_on(250)
        self._run_job("ir_cron_crm_collection_anonymise")
        self.env.invalidate_all()
        self.assertRecordValues(letter, [{"snail_number": False, "address": False}])

    def test_read_again(self):
        """Who paid gets none; who owes another sum is told that one; a company that prints by
        itself meanwhile has it to print; who lacks what the service needs is not reached.

        Seen to fail without the company and the money asked again, and with any postal address.
        """
        letter = self._write()
        self._pay(self.move, 30)
        documents = self._run_queue() or self._run_queue()
        text = PdfReader(io.BytesIO(base64.b64decode(documents[0]["pdf_bin"])))
        self.assertIn("70.00", "".join(page.extract_text() for page in text.pages))
        self.assertEqual(letter.state, "sent")
        names = {"Paid": self.place, "Own": self.place, "Nowhere": {**self.place, "zip": False}}
        moves = {
            name: self._create_overdue(3, partner=self._create_customer(name, **vals))
            for name, vals in names.items()
        }
        self._allocate()
        self._send_letters()
        letters = {name: self._letters(move.partner_id) for name, move in moves.items()}
        self._pay(moves["Paid"])
        self.company.collection_snailmail = False
        self.assertEqual(self._run_queue(), [])
        states = {name: one.state for name, one in letters.items()}
        self.assertEqual(states, {"Paid": "cancelled", "Own": "to_print", "Nowhere": "no_address"})

    def test_service_fails(self):
        """Without credits it is said, and tried again; where it does not post to a country, the
        letter goes by the company's next channel; where it does not answer, or the process dies
        over it, nobody knows, and it is not posted again by itself.

        Seen to fail with each of the errors taken for another one, and with a mark that is not
        looked at.
        """
        self.company.collection_second_channel = "email"
        letter = self._write()
        letter.sudo().delivery_started = f"{TODAY} 08:59:00"
        self.assertEqual((self._run_queue(), letter.state), ([], "uncertain"))
        letter.with_user(self.collector).action_not_arrived()
        self.assertEqual(letter.state, "outgoing")
        self._run_queue(error="CREDIT_ERROR")
        self.assertEqual(
            (letter.state, letter.fault, letter.will_retry), ("failed", "server", True)
        )
        self.assertIn("no credits", letter.failure_reason)
        hidden = AccessError("The request timed out")
        hidden.__context__ = requests.exceptions.ConnectTimeout()
        self._send_letters()
        self._run_queue(raised=hidden)
        self.assertEqual((letter.state, letter.fault), ("failed", "server"))
        self._send_letters()
        hidden.__context__ = requests.exceptions.ReadTimeout()
        self._run_queue(raised=hidden)
        self.assertEqual(letter.state, "uncertain")
        self._send_letters()
        self.assertEqual(self._run_queue(), [])
        letter.with_user(self.collector).action_not_arrived()
        self._run_queue(error="NO_PRICE_AVAILABLE")
        self.assertEqual((letter.state, letter.fault), ("failed", "address"))
        self._send_letters()
        self.assertEqual((letter.state, letter.channel), ("outgoing", "email"))
        self.assertEqual(len(self._deliver()), 1)
