from lxml import html

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestLetterTextInUse(CrmCollectionLettersCommon):
    """The text of a letter: while something sends it, and in the language it is in."""

    # === In use === #

    def test_a_text_that_is_sent_is_not_deleted(self):
        """Seen to fail: the phase had no letter any more, and nobody was told."""
        own = self.env.ref("crm_collection.mail_template_firm").copy()
        self.phase_first.template_id = own
        with self.assertRaisesRegex(UserError, self.phase_first.name):
            own.unlink()
        self.phase_first.template_id = self.env.ref("crm_collection.mail_template_firm")
        step = self.rule.step_ids[0]
        step.template_id = own
        with self.assertRaisesRegex(UserError, self.rule.name):
            own.unlink()
        step.template_id = False
        own.unlink()

    def test_a_queued_letter_says_that_its_phase_has_no_text(self):
        """Seen to fail: cancelled as if its items had been paid."""
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        letter = self._letters()
        self.assertEqual(letter.state, "outgoing")
        self.phase_first.template_id = False
        self._deliver()
        self.assertEqual(letter.state, "cancelled")
        self.assertIn("no letter any more", letter.failure_reason)

    # === Its language === #

    def _get_page(self, letter):
        report = self.env["ir.actions.report"]._get_report("crm_collection.report_letter")
        return html.fromstring(report.sudo()._crm_collection_get_html(report, letter))

    def test_what_is_not_translated_is_laid_out_as_it_is_written(self):
        """English words from left to right, and the formats of English, in Arabic or German.

        Seen to fail: English from right to left.
        """
        for lang in ("ar_001", "de_DE"):
            self.env["res.lang"]._activate_lang(lang)
        arabic = self._create_customer("Arabic LLC", lang="ar_001")
        german = self._create_customer("German GmbH", lang="de_DE")
        own = self.env.ref("crm_collection.mail_template_firm").copy()
        self.phase_first.template_id = own
        for customer in (arabic, german):
            self._create_overdue(5, partner=customer, amount=1234.5)
        self._allocate()
        self._send_letters()
        for customer in (arabic, german):
            letter = self._letters(customer).sudo()
            page = self._get_page(letter)
            self.assertEqual((letter.lang, page.get("dir")), ("en_US", "ltr"))
            self.assertIn("1,234.50", page.text_content())
            self.assertEqual(customer._get_collection_lang(), "en_US")

    def test_what_is_translated_is_laid_out_in_its_language(self):
        self.env["res.lang"]._activate_lang("ar_001")
        arabic = self._create_customer("Arabic LLC", lang="ar_001")
        own = self.env.ref("crm_collection.mail_template_firm").copy()
        own.with_context(
            lang="ar_001"
        ).body_html = '<p>\u0645\u0631\u062d\u0628\u0627</p><t t-out="object.titles_html"/>'
        self.phase_first.template_id = own
        self._create_overdue(5, partner=arabic)
        self._allocate()
        self._send_letters()
        letter = self._letters(arabic).sudo()
        page = self._get_page(letter)
        self.assertEqual((letter.lang, page.get("dir")), ("ar_001", "rtl"))
