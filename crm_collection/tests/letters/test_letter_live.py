from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..common import CrmCollectionCommon

UUID, URL = "database.uuid", "web.base.url"


@tagged("post_install", "-at_install")
class TestLetterLive(CrmCollectionCommon):
    """Letters leave from the database in which sending was switched on, and from no copy of it.

    With a real copy: `tests/test_delivery.py`. Seen to fail without comparing.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.param = cls.env["ir.config_parameter"].sudo()
        cls.param.set_param(URL, "https://crm.creditor.example")
        cls.company.collection_auto_send = False
        cls.company.with_user(cls.manager).sudo().collection_auto_send = True
        cls.company.collection_manager_id = cls.manager
        cls.other = cls._create_customer("Other")
        cls.move = cls._create_overdue(9)

    def _copy(self):
        """From now on it is a duplicate, as Odoo makes it: with an id of its own."""
        self.param.set_param(UUID, "of-the-copy")

    def _get_check(self, user):
        status = self.env["crm.collection.status"].with_user(user).get_status()
        return next(check for check in status["checks"] if check["key"] == "live")

    def _activities(self):
        kind = self.env.ref("crm_collection.mail_activity_type_live")
        return self.env["mail.activity"].sudo().search([("activity_type_id", "=", kind.id)])

    def _send(self, moves):
        return Form(
            self.env["crm.collection.item.send"]
            .with_user(self.collector)
            .with_context(active_model="crm.collection.item", active_ids=self._items(moves).ids)
        )

    def test_what_is_kept(self):
        """Who switched it on, when, and in which database; saving settings again changes nothing,
        switching it off and on again in a copy says that it is live."""
        kept = ("collection_live_uuid", "collection_live_database", "collection_live_host")
        self.assertEqual(
            [self.company[fname] for fname in kept],
            [self.param.get_param(UUID), self.env.cr.dbname, "crm.creditor.example"],
        )
        self.assertEqual(self.company.collection_live_user_id, self.manager)
        self._copy()
        self.company.collection_auto_send = True
        self.assertFalse(self.company._is_collection_live())
        self.company.collection_auto_send = False
        self.company.collection_auto_send = True
        self.assertTrue(self.company._is_collection_live())
        self.assertEqual(self.company.collection_live_user_id, self.env.user)

    def test_each_difference_counts_and_is_said(self):
        company, place = self.company, self.company._get_collection_place()
        for fname, here, words in (
            ("collection_live_uuid", "of-the-copy", "its id was"),
            ("collection_live_database", "staging", "its name was"),
            ("collection_live_host", "staging.creditor.example", "its address was"),
            ("collection_live_host", False, "is not known"),
        ):
            with (
                self.subTest(fname),
                patch.object(
                    self.registry["res.company"],
                    "_get_collection_place",
                    lambda _self, changed={fname: here}: {**place, **changed},
                ),
            ):
                self.assertFalse(company._is_collection_sending())
                self.assertIn(words, company._explain_collection_copy())
        self.assertTrue(company._is_collection_sending())
        self.assertFalse(company._explain_collection_copy())

    def test_address_that_is_everywhere_says_nothing(self):
        """Sending was switched on before anybody had logged in from outside, or by another port or
        protocol of the same host."""
        for then, now, is_live in (
            ("http://localhost:8069", "https://crm.creditor.example", True),
            ("http://crm.creditor.example", "https://crm.creditor.example/", True),
            ("https://crm.creditor.example", "http://crm.creditor.example:8070", False),
            ("https://crm.creditor.example", "http://localhost:8069", False),
        ):
            with self.subTest(then=then, now=now):
                self.param.set_param(URL, then)
                self.company._set_collection_live()
                self.param.set_param(URL, now)
                self.assertEqual(self.company._is_collection_live(), is_live)

    def test_copy_is_silent_until_a_manager_says_it_is_live(self):
        """GIVEN a letter in the queue, one more that is due, and a copy of the database
        WHEN its jobs and its mail queue run twice
        THEN nothing leaves and nothing is decided, the run and the status say so, and the manager
        has one activity; when he says it is the live one, both leave.
        """
        self._allocate()
        self._send_letters()
        waiting = self._letters()
        self.assertEqual(waiting.state, "outgoing")
        self._create_overdue(9, partner=self.other)
        self._copy()
        self._allocate()
        for _time in range(2):
            self.assertFalse(self._deliver())
            self._send_letters()
        self.assertEqual(waiting.state, "to_send")
        self.assertFalse(self._letters(self.other))
        run = self.env["crm.collection.run"].search([("kind", "=", "letters")], limit=1)
        self.assertEqual(run.state, "done")
        self.assertIn("in another database", run.line_ids.message)
        self.assertEqual(self._activities().mapped("user_id"), self.manager)
        self.assertEqual(self._activities().mapped("res_id"), self.company.partner_id.ids)
        self.assertIn("in another database", str(self._items(self.move).explanation))

        self.assertEqual(self._get_check(self.collector)["level"], "danger")
        self.assertFalse(self._get_check(self.collector)["action"])
        action = self._get_check(self.manager)["action"]
        page = self.env[action["res_model"]].with_user(self.manager).create({})
        self.assertIn("in another database", page.live_note)
        with self.assertRaises(AccessError):
            self.company.with_user(self.collector)._go_on_collecting()
        page.action_go_on()
        self.assertEqual(self.company.collection_live_user_id, self.manager)
        self.assertFalse(self._activities())
        self.assertEqual(self._get_check(self.collector)["level"], "ok")
        self._send_letters()
        self.assertEqual(len(self._deliver()), 2)
        self.assertEqual((waiting | self._letters(self.other)).mapped("state"), ["sent"] * 2)

    def test_letters_of_persons_are_asked_about(self):
        """GIVEN a letter a person had put into the queue before the database was copied
        WHEN letters are sent by hand in the copy
        THEN it asks, lets those leave that were confirmed, and the one of before stays; a letter
        that failed is not tried again.
        """
        self.company.collection_auto_send = False
        self._allocate()
        self._send(self.move).save().action_send()
        before = self._letters()
        self._copy()
        move = self._create_overdue(9, partner=self.other)
        self._allocate()
        form = self._send(move)
        self.assertIn("in another database", form.copy_note)
        wizard = form.save()
        with self.assertRaisesRegex(UserError, "tick Send Them All the Same"):
            wizard.action_send()
        wizard.confirm_copy = True
        wizard.action_send()
        self.assertEqual(len(self._deliver()), 1)
        self.assertEqual((before.state, self._letters(self.other).state), ("to_send", "sent"))
        before.sudo().state = "failed"
        with self.assertRaises(UserError):
            before.with_user(self.collector).action_retry()

    def test_first_letter_of_a_person_is_remembered(self):
        """A company that never sends by itself has copies, too."""
        fnames = [name for name in self.company._fields if name.startswith("collection_live_")]
        self.company.collection_auto_send = False
        self.company.write(dict.fromkeys((name for name in fnames if name.count("_") == 2), False))
        self._allocate()
        self._send(self.move).save().action_send()
        self.assertEqual(self.company.collection_live_user_id, self.collector)
        self._copy()
        self.assertFalse(self._deliver())
