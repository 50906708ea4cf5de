from contextlib import contextmanager
from unittest.mock import patch

import requests

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_collection.tests.common import TODAY
from odoo.addons.crm_collection.tests.common_letters import CrmCollectionLettersCommon
from odoo.addons.sms.tools.sms_api import SmsApi

NUMBER = "+32456001122"


@tagged("post_install", "-at_install")
class TestSms(CrmCollectionLettersCommon):
    """Letters by SMS: foreseen, read again before they leave, and told as truly as those by e-mail.

    Seen to fail: see the methods.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_quiet_days = 0
        cls.phase_first.channel = "sms"
        cls.customer.write({"phone": NUMBER, "country_id": cls.env.ref("base.be").id})
        cls.move = cls._create_overdue(2)

    def _write(self):
        self._allocate()
        self._send_letters()
        return self._letters()

    @contextmanager
    def _gateway(self, state="success", error=None):
        """A gateway that answers every SMS with a state, or with an error.

        :return: list of what was handed over: (number, words)
        """
        accepted = []

        def send(api, messages, delivery_reports_url=False):
            said = [
                (one["number"], one["uuid"], m["content"]) for m in messages for one in m["numbers"]
            ]
            accepted.extend((number, words) for number, _uuid, words in said)
            if error:
                raise error
            return [{"uuid": uuid, "state": state, "credit": 1} for _number, uuid, _words in said]

        with patch.object(SmsApi, "_send_sms_batch", send):
            yield accepted

    def _run_queue(self, **answer):
        with self._gateway(**answer) as accepted, self.enter_registry_test_mode():
            self.env.ref("sms.ir_cron_sms_scheduler_action").sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.env.cr._now = self.env.cr.now()
        return accepted

    def _report(self, letter, state):
        """The gateway reports what became of it."""
        trackers = (
            self.env["sms.tracker"].sudo().search([("sms_uuid", "=", letter.sudo().sms_uuid)])
        )
        if known := self.env["sms.sms"].IAP_TO_SMS_STATE_SUCCESS.get(state):
            trackers._action_update_from_sms_state(known)
        else:
            trackers._action_update_from_provider_error(state)
        self.env.invalidate_all()

    def test_from_the_job_to_the_phone(self):
        """Foreseen as SMS; sent when the gateway took it, and not before; delivered is said apart.

        Seen to fail with letters sent when they are queued, with a second run of the queue that
        sends them again, and without the tracker.
        """
        self._allocate()
        item = self._items(self.move)
        self.assertEqual(item.foreseen["channel"], "sms")
        self.assertIn("By SMS", " ".join(fact["text"] for fact in item._get_facts()))
        simulated = self.env["crm.collection.engine"].sudo()._simulate(self.company, TODAY)
        self.assertEqual([row["channel"] for row in simulated["letters"]], ["sms"])
        letter = self._write()
        self.assertEqual(
            (letter.state, letter.address, letter.date_sent), ("outgoing", NUMBER, False)
        )
        self.env["crm.collection.letter"].sudo()._sweep_outgoing(
            self.env["crm.collection.run"].sudo().search([("kind", "=", "letters")], limit=1)
        )
        self.assertEqual(letter.state, "outgoing")
        [(number, words)] = self._run_queue()
        self.assertEqual(number, NUMBER)
        self.assertIn("please pay $ 100.00", words.replace("\xa0", " "))
        self.assertEqual((letter.state, item.letter_count), ("sent", 1))
        self.assertIn("please pay", letter.mail_message_id.body)
        self.assertEqual(self._run_queue(), [])
        self._report(letter, "delivered")
        self.assertIn("Delivered by SMS", letter.message_ids[0].body)

    def test_read_again(self):
        """Who paid while it waited gets none; who owes another sum is told that one.

        Seen to fail with `_mark_carried` that does not ask whether it is still true.
        """
        letter = self._write()
        self._pay(self.move, 30)
        [(_number, words)] = self._run_queue() or self._run_queue()
        self.assertIn("70.00", words)
        self.assertEqual(letter.state, "sent")
        other = self._create_overdue(
            3, partner=self._create_customer("Paid AG", phone="+32456001133")
        )
        self._allocate()
        self._send_letters()
        self._pay(other)
        self.assertEqual(self._run_queue(), [])
        self.assertEqual(self._letters(other.partner_id).state, "cancelled")

    def test_goes_on(self):
        """A number that is none is not tried again: the letter goes by the company's next channel;
        so does one that the gateway reports as not delivered.

        Seen to fail with failures that are all the gateway's, and without `_receive_back`.
        """
        self.company.collection_second_channel = "email"
        letter = self._write()
        self._run_queue(state="wrong_number_format")
        self.assertEqual((letter.state, letter.fault), ("failed", "address"))
        self._send_letters()
        self.assertEqual((letter.state, letter.channel), ("outgoing", "email"))
        self.assertEqual(len(self._deliver()), 1)
        other = self._create_customer("Gone AG", phone="+32456001144")
        self._create_overdue(3, partner=other)
        self._allocate()
        self._send_letters()
        gone = self._letters(other)
        self._run_queue()
        self.assertEqual(gone.state, "sent")
        self._report(gone, "invalid_destination")
        self.assertEqual(gone.state, "to_send")
        self._send_letters()
        self.assertEqual((gone.state, gone.channel), ("outgoing", "email"))
        address = self.env["crm.collection.address"].search([("email", "=", "+32456001144")])
        self.assertEqual((address.channel, address.state), ("sms", "bounced"))

    def test_gateway_fails(self):
        """Where it cannot be reached the letter is tried again; where it does not answer, or the
        process dies over it, nobody knows, and it is not sent again by itself.

        Seen to fail with each of the two errors taken for the other one, and with a mark that is
        not looked at.
        """
        letter = self._write()
        letter.sudo().delivery_started = f"{TODAY} 08:59:00"
        self.assertEqual((self._run_queue(), letter.state), ([], "uncertain"))
        letter.with_user(self.collector).action_not_arrived()
        self.assertEqual(letter.state, "outgoing")
        self._run_queue(state="insufficient_credit")
        self.assertEqual(
            (letter.state, letter.fault, letter.will_retry), ("failed", "server", True)
        )
        hidden = AccessError("The request timed out")
        hidden.__context__ = requests.exceptions.ConnectTimeout()
        self._send_letters()
        self._run_queue(error=hidden)
        self.assertEqual((letter.state, letter.fault), ("failed", "server"))
        self._send_letters()
        hidden.__context__ = requests.exceptions.ReadTimeout()
        self._run_queue(error=hidden)
        self.assertEqual(letter.state, "uncertain")
        self._send_letters()
        self.assertEqual(self._run_queue(), [])
        self._report(letter, "delivered")
        self.assertEqual(letter.state, "sent")

    def test_words_are_kept_for_a_time(self):
        """What was written, the number it went to and the gateway's name of it are gone then.

        Seen to fail with the words left out of what is personal.
        """
        self.company.sudo().collection_retention_months = 6
        letter = self._write()
        self._run_queue()
        self.assertTrue(letter.sms_text and letter.sms_uuid)
        self._pay(self.move)
        self._move_on(250)
        self._run_job("ir_cron_crm_collection_anonymise")
        self.env.invalidate_all()
        said = {"sms_text": False, "sms_uuid": False, "address": False, "state": "sent"}
        self.assertRecordValues(letter, [said])

    def test_preview(self):
        """The words that would leave, as they are typed, else as they are saved.

        Seen to fail with the typed words left out.
        """
        self._allocate()
        phase = self.phase_first
        text = phase.template_id
        typed = {"typed_subject": "Owed", "typed_body": "<p>Owed</p>"}
        typed |= {"is_typed": True, "typed_sms": "Owed: {{ object.totals_label }}"}
        for vals, words in (({}, "please pay $ 100.00"), (typed, "Owed: $ 100.00")):
            vals |= {"template_id": text.id, "phase_id": phase.id}
            context = {f"default_{name}": value for name, value in vals.items()}
            Preview = self.env["crm.collection.text.preview"].with_user(self.manager)
            form = Form(Preview.with_context(**context))
            self.assertEqual(form.partner_id, self.customer)
            self.assertIn(words, form.letter_sms.replace("\xa0", " "))
        self.assertFalse(text.collection_sms_text)

    @mute_logger("odoo.addons.mail.models.mail_template")
    def test_words(self):
        """They fill in what letters offer, and run nothing; an own text is approved with the rest.

        Seen to fail with `_get_places` and with a digest that leave the text out.
        """
        template = self.phase_first.template_id.with_user(self.manager)
        before = template._get_collection_digest()
        with self.assertRaises(ValidationError):
            template.collection_sms_text = "{{ object.partner_id.credit }}"
        template.collection_sms_text = (
            "Pay {{ object.totals_label }}, says {{ object.company_id.name }}"
        )
        self.assertNotEqual(template._get_collection_digest(), before)
        self._write()
        [(_number, words)] = self._run_queue()
        self.assertEqual(words.replace("\xa0", " "), f"Pay $ 100.00, says {self.company.name}")
