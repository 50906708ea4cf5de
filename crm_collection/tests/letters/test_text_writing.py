from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from ..common_letters import CrmCollectionLettersCommon


@tagged("post_install", "-at_install")
class TestTextWriting(CrmCollectionLettersCommon):
    """Whoever writes a text is offered what it may fill in, in plain words, and sees what it says
    to a customer before it is saved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("pt_BR")
        cls.text = cls.phase_first.template_id.copy({"name": "Ours"})
        cls.text.with_context(lang="pt_BR").subject = "Em português"
        cls.phase_first.template_id = cls.text
        cls.other = cls._create_customer("Bauer AG", lang="pt_BR")
        cls.moves = cls._create_overdue(4, amount=300) | cls._create_overdue(
            4, amount=200, partner=cls.other
        )

    def setUp(self):
        super().setUp()
        self._allocate()

    def _open(self, user=None, **vals):
        context = {f"default_{name}": value for name, value in vals.items()}
        context.setdefault("default_template_id", self.text.id)
        Preview = self.env["crm.collection.text.preview"].with_user(user or self.manager)
        return Form(Preview.with_context(**context))

    def test_every_value_has_a_plain_name(self):
        """And can be written as it is offered.

        Seen to fail with a value that has no words.
        """
        letters = self.env["crm.collection.letter"].with_user(self.manager)
        values = letters.get_text_values()
        offered = {one.removeprefix("object.") for one in letters.mail_allowed_qweb_expressions()}
        self.assertEqual({value["path"] for value in values}, offered)
        self.assertEqual(len({value["name"] for value in values}), len(values))
        self.assertLessEqual(offered, set(letters._describe_values()))
        examples = {value["path"]: value["example"] for value in values}
        self.assertEqual(examples["company_id.name"], self.company.name)
        body = "".join(f'<p><t t-out="object.{value["path"]}"/></p>' for value in values)
        line = " ".join(
            f"{{{{ object.{value['path']} }}}}" for value in values if not value["is_html"]
        )
        self.text.with_user(self.manager).write({"body_html": body, "subject": line})
        with self.assertRaises(AccessError):
            letters.with_user(self.outsider).get_text_values()

    def test_what_is_typed_is_shown_and_not_saved(self):
        """It is the letter that the customer would get with it; nothing is written or sent.

        Seen to fail with the saved text shown.
        """
        tables = ("crm.collection.letter", "mail.mail", "mail.message")
        before = {name: self.env[name].sudo().search_count([]) for name in tables}
        typed = {
            "is_typed": True,
            "typed_subject": "Typed for {{ object.partner_id.name }}",
            "typed_body": '<p>Typed</p><t t-out="object.titles_html"/>',
        }
        form = self._open(**typed)
        self.assertEqual(form.partner_id, self.customer, "who owes most")
        self.assertEqual(form.letter_subject, f"Typed for {self.customer.name}")
        self.assertIn(self._items(self.moves[:1]).name, str(form.letter_body))
        self.assertIn("Typed", str(form.letter_body))
        self.assertFalse(form.note)
        form.partner_id = self.other
        self.assertEqual(form.letter_subject, f"Typed for {self.other.name}")
        form.lang = "pt_BR"
        self.assertEqual(form.letter_subject, "Em português")
        self.assertIn("English", form.note)
        preview = form.save()
        self.assertEqual(preview.action_open_pdf()["type"], "ir.actions.act_url")
        self.assertTrue(preview.letter_pdf)
        self.assertEqual({name: self.env[name].sudo().search_count([]) for name in tables}, before)
        self.assertNotIn("Typed", self.text.subject)
        self.assertFalse(self._open(template_id=False, **typed).note, "a new text")

    def test_saved_text_is_shown_as_the_job_sends_it(self):
        """To the same address, in the same words; of whom the writer may not see nothing.

        Seen to fail in another language.
        """
        form = self._open(self.collector)
        self.assertEqual(form.phase_id, self.phase_first)
        form.partner_id = self.other
        self.assertEqual((form.lang, form.letter_subject), ("pt_BR", "Em português"))
        form.partner_id = self.customer
        shown = form.letter_subject, form.letter_email_to
        with self.assertRaises(AccessError):
            self._open(self.outsider)
        company = self.env["res.company"].sudo().create({"name": "Another"})
        self.assertFalse(self._open(self.collector, company_id=company.id).partner_id)
        self._send_letters()
        letter = self._letters()
        self.assertEqual(shown, (letter.sudo().mail_id.subject, letter.email_to))

    def test_text_that_is_no_text_says_so(self):
        form = self._open(is_typed=True, typed_subject="x", typed_body="<t t-out='env.cr'/>")
        self.assertIn("env.cr", form.note)
        self.assertFalse(form.letter_body)
