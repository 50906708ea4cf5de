import importlib.util
from contextlib import suppress
from pathlib import Path

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ...models.letters.mail_template_trial import TEXTS
from ..common_letters import CrmCollectionLettersCommon

LETTER = "crm.collection.letter"
MARK = "object.env['res.users'].sudo().browse({}).write({{'signature': 'taken'}})"
TABLE = '<p>Pay</p><t t-out="object.titles_html"/>'
SCRIPT = Path(__file__).parents[2] / "migrations/19.0.2.3.0/post-letter-texts.py"


@tagged("post_install", "-at_install")
class TestLetterTextRights(CrmCollectionLettersCommon):
    """The text of a letter is words and values: no way in makes a program of it, for nobody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("pt_BR")
        cls.env["ir.module.module"].sudo()._load_module_terms(["crm_collection"], ["pt_BR"])
        cls.template = cls.env.ref("crm_collection.mail_template_firm")
        cls.admin = new_test_user(
            cls.env(su=True),
            "sysadmin",
            groups="base.group_system,crm_collection.group_crm_collection_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.program = MARK.format(cls.outsider.id)

    def _call(self, user, model, method, *args, **kwargs):
        """As the web client, or anybody's script, calls the server."""
        return call_kw(self.env[model].with_user(user), method, list(args), kwargs)

    def _write(self, vals, template=None, user=None, **kwargs):
        template = template or self.template
        return self._call(
            *(user or self.manager, "mail.template", "write", template.ids, vals), **kwargs
        )

    def _get_program(self, fname):
        if fname == "body_html":
            return f'{TABLE}<t t-out="{self.program}"/>'
        return f"{{{{ {self.program} }}}}"

    def _assert_not_run(self):
        self.env.invalidate_all()
        self.assertNotIn("taken", self.outsider.sudo().signature or "")

    def _assert_refused(self, call, *words):
        with self.assertRaises(UserError) as caught:  # of which others are kinds
            call()
        for word in words:
            self.assertIn(word, str(caught.exception))
        self._assert_not_run()

    # === Roles === #

    def test_a_manager_is_no_editor_of_programs(self):
        """Seen to fail: the role implied core's editors."""
        self.assertFalse(self.manager.has_group("mail.group_mail_template_editor"))

    def test_a_manager_writes_every_letter(self):
        """Also those that came with the module: core lets him write his own alone."""
        self._write({"subject": "{{ object.company_id.name }}: pay by {{ object.deadline_label }}"})
        [copied] = self._call(self.manager, "mail.template", "copy", self.template.ids)
        copied = self.env["mail.template"].browse(copied)
        self._call(
            *(self.manager, "mail.template", "update_field_translations", copied.ids),
            *("subject", {"pt_BR": "Pague {{ object.totals_label }}"}),
        )
        self.phase_first.with_user(self.manager).template_id = copied
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters().state, "outgoing")

    def test_a_manager_begins_a_text_with_what_a_letter_needs(self):
        form = Form(
            self.env["mail.template"].with_user(self.manager).with_context(default_model=LETTER)
        )
        form.name = "New"
        template = form.save()
        self.assertEqual(template.partner_to, "{{ object.recipient_numbers }}")
        self.assertIn("object.titles_html", template.body_html)

    def test_only_managers_and_administrators_write_letters(self):
        """Core lets everybody write the templates he made, or owns.

        Seen to fail: the collector made a letter, and wrote it after a phase had it.
        """
        model_id = self.env["ir.model"]._get_id(LETTER)
        vals = {"name": "Mine", "model_id": model_id, "subject": "Mine", "body_html": TABLE}
        self._assert_refused(lambda: self._call(self.collector, "mail.template", "create", vals))
        partner = self.env["ir.model"]._get_id("res.partner")
        [own] = self._call(
            *(self.collector, "mail.template", "create"),
            [vals | {"model_id": partner, "body_html": "<p>Hello</p>"}],
        )
        own = self.env["mail.template"].browse(own)
        self._plant_text(own, body_html=TABLE)
        self._assert_refused(lambda: self._write({"model_id": model_id}, own, self.collector))
        self.template.sudo().user_id = self.collector
        for method, args in (("write", [{"subject": "Mine"}]), ("unlink", []), ("copy", [])):
            with self.subTest(method):
                self._assert_refused(
                    lambda method=method, args=args: self._call(
                        *(self.collector, "mail.template", method, self.template.ids), *args
                    )
                )
        self._write({"subject": "The administrator's"}, user=self.admin)

    # === Ways in === #

    def test_no_field_of_a_letter_takes_a_program(self):
        """Nor an administrator's: letters are rendered by the job, with all rights.

        Seen to fail: the manager's and the administrator's programs were saved, and run.
        """
        for user in (self.manager, self.admin):
            for fname in TEXTS:
                with self.subTest(user=user.login, fname=fname):
                    program = self._get_program(fname)
                    label = self.template._fields[fname]._description_string(self.env)
                    self._assert_refused(
                        lambda fname=fname, program=program, user=user: self._write(
                            {fname: program}, user=user
                        ),
                        *(label, self.program, "object.titles_html"),
                    )

    def test_no_way_of_saving_takes_a_program(self):
        """Seen to fail, each of them."""
        model_id = self.env["ir.model"]._get_id(LETTER)
        partner = self.env["ir.model"]._get_id("res.partner")
        body, subject = self._get_program("body_html"), self._get_program("subject")
        vals = {"name": "New", "model_id": model_id, "subject": subject, "body_html": TABLE}
        plain = {"model_id": partner, "subject": "x", "body_html": "<p>Hello</p>"}
        [other] = self._call(self.manager, "mail.template", "create", [vals | plain])
        self._plant_text(self.env["mail.template"].browse(other), body_html=body)
        privileged = self.template.copy()
        self._plant_text(privileged, subject=subject)

        def call(*args, **kwargs):
            return lambda: self._call(self.manager, "mail.template", *args, **kwargs)

        ids = self.template.ids
        term = self.template.with_context(lang="en_US").body_html.split(">")
        term = next(part for part in (one.split("<")[0].strip() for one in term) if part)
        calls = {
            "create": call("create", [vals]),
            "default": call(
                "create", [{**vals, "subject": "x"}], context={"default_lang": subject}
            ),
            "web_save": call("web_save", ids, {"subject": subject}, {"subject": {}}),
            "load": call(
                *("load", ["name", "model_id/.id", "subject", "body_html"]),
                [["Loaded", str(model_id), subject, TABLE]],
            ),
            "load over": call("load", [".id", "subject"], [[str(ids[0]), subject]]),
            "copy with": call("copy", ids, {"subject": subject}),
            "copy of": call("copy", privileged.ids),
            "translation": call("update_field_translations", ids, "subject", {"pt_BR": subject}),
            "translated term": call(
                *("update_field_translations", ids, "body_html"),
                {"pt_BR": {term: f'<t t-out="{self.program}"/>'}},
            ),
            "in a language": call("write", ids, {"subject": subject}, context={"lang": "pt_BR"}),
            "model": call("write", [other], {"model_id": model_id}),
            "keys": call(
                *("write", ids, {"subject": subject}),
                context={"install_mode": True, "raise_on_forbidden_code": False, "su": True},
            ),
        }
        for name, way in calls.items():
            with self.subTest(name), mute_logger("odoo.models"):
                if name.startswith("load"):
                    self.assertFalse(way()["ids"])
                    self._assert_not_run()
                elif name == "translated term":
                    self._take_in_or_refuse(way)
                else:
                    self._assert_refused(way)

    def _take_in_or_refuse(self, way):
        """Core escapes or refuses what a term must not be."""
        with suppress(UserError), self.env.cr.savepoint():
            way()
        self.assertFalse(self.template._find_faults())
        self._assert_not_run()

    def test_the_composer_makes_no_program_of_a_letter(self):
        """Neither what it renders nor what it saves as a template.

        Seen to fail: its body was run.
        """
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        letter = self._letters()
        for user in (self.collector, self.manager, self.admin):
            composer = (
                self.env["mail.compose.message"]
                .with_user(user)
                .create(
                    {
                        "model": LETTER,
                        "res_ids": str(letter.ids),
                        "composition_mode": "mass_mail",
                        "template_name": "Saved",
                        "subject": "Letter",
                        "body": self._get_program("body_html"),
                    }
                )
            )
            with self.subTest(user.login):
                for method in ("create_mail_template", "action_send_mail"):
                    with mute_logger("odoo.addons.mail.models.mail_render_mixin"):
                        self._refuse_or_nothing(user, composer, method)
        self.assertFalse(self.env["mail.template"].search([("name", "=", "Saved")]))

    def _refuse_or_nothing(self, user, composer, method):
        with suppress(UserError), self.env.cr.savepoint():
            self._call(user, composer._name, method, composer.ids)
        self._assert_not_run()

    def test_what_goes_with_a_letter_is_about_letters(self):
        """Reports are printed, and a layout is rendered, by the job.

        Seen to fail: the invoice with the number of the letter, whosever it was, went with it.
        """
        report = self.env.ref("account.account_invoices")
        refused = {
            "report": {"report_template_ids": [Command.set(report.ids)]},
            "layout": {"email_layout_xmlid": "account.report_invoice_document"},
        }
        for name, vals in refused.items():
            with self.subTest(name):
                self._assert_refused(lambda vals=vals: self._write(vals))
        own = self.env.ref("crm_collection.action_report_letter")
        self._write({"report_template_ids": [Command.set(own.ids)]})
        for model, record, vals in (
            ("ir.actions.report", own, {"print_report_name": self.program}),
            ("ir.ui.view", self.env.ref("crm_collection.letter_titles"), {"arch": "<t/>"}),
        ):
            with self.subTest(model), self.assertRaises(AccessError):
                self._call(self.manager, model, "write", record.ids, vals)

    def test_a_letter_takes_no_file_its_author_may_not_read(self):
        file_sudo = (
            self.env["ir.attachment"]
            .sudo()
            .create({"name": "secret.txt", "raw": b"secret", "res_model": "ir.cron", "res_id": 1})
        )
        self._assert_refused(lambda: self._write({"attachment_ids": [Command.link(file_sudo.id)]}))

    # === What was there before === #

    def test_a_program_that_is_there_is_not_run(self):
        """Whoever put it there: the letter fails, and says which part.

        Seen to fail: each of them was run by the job.
        """
        self._create_overdue(5)
        self._allocate()
        template = self.phase_first.template_id
        values = {fname: template[fname] for fname in TEXTS}
        for fname in TEXTS:
            with self.subTest(fname):
                self._plant_text(template, **values | {fname: self._get_program(fname)})
                letters = self._letters().sudo()
                if letters:
                    letters._reset()
                    letters.text_tried = False
                self._send_letters()
                letter = self._letters()
                self._assert_not_run()
                if fname in ("email_to", "email_cc", "lang") and letter.state == "outgoing":
                    continue
                self.assertEqual((letter.state, letter.fault), ("failed", "text"))
                self.assertIn("nothing that letters offer", letter.failure_detail)

    def test_status_names_what_has_to_be_mended(self):
        template = self.phase_first.template_id
        self._plant_text(template, body_html=f'{TABLE}<p t-if="object.line_count > 1">many</p>')
        status = self.env["crm.collection.status"].with_user(self.manager)
        [check] = [one for one in status.get_status()["checks"] if one["key"] == "texts"]
        self.assertEqual(check["level"], "danger")
        for word in (template.name, "Body", 't-if="object.line_count > 1"'):
            self.assertIn(word, check["message"])
        self.assertEqual(check["action"]["res_id"], template.id)
        self._plant_text(template, body_html="<p>Pay!</p>")
        [check] = [one for one in status.get_status()["checks"] if one["key"] == "texts"]
        self.assertEqual(check["level"], "warning")
        self._write({"body_html": TABLE}, template)
        [check] = [one for one in status.get_status()["checks"] if one["key"] == "texts"]
        self.assertEqual(check["level"], "ok")

    def test_sender_and_recipients_of_old_letters_are_taken_over(self):
        spec = importlib.util.spec_from_file_location("post_letter_texts", SCRIPT)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        template = self.phase_first.template_id
        self._plant_text(template, email_from=script.SENDER, partner_to=script.RECIPIENTS)
        self.assertEqual(len(template._find_faults()), 2)
        script.migrate(self.env.cr, "19.0.2.2.0")
        self.env.invalidate_all()
        self.assertFalse(template._find_faults())
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        letter = self._letters().sudo()
        self.assertEqual(letter.mail_id.recipient_ids, self.customer)
        self.assertEqual(letter.mail_id.email_from, letter.sender_email)

    # === The trial === #

    def test_what_is_wrong_is_named_with_its_place(self):
        """Before any letter was written, and after.

        Seen to fail: core tries a text where there is a record, in one language.
        """
        broken = {
            "<p>Pay!</p>": "table of items is missing",
            f'{TABLE}<b class="x" t-out="object.totals_label"/>': "other attributes",
            f'{TABLE}<t t-out="object.totals_label"><b>0</b></t>': "other elements",
            f'{TABLE}<t t-out="object.nothing"/>': "“object.nothing” is nothing",
            f'{TABLE}<t t-out=" object.totals_label "/>': "not filled in",
            f"{TABLE}<p>{{{{ object.totals_label }}}}</p>": "sent as it is",
            f'{TABLE}<t t-foreach="object.line_ids" t-as="line">x</t>': "t-foreach",
            f'{TABLE}<a t-att-href="object.lang">x</a>': "t-att-href",
        }
        for with_letter in (False, True):
            if with_letter:
                self._create_overdue(5)
                self._allocate()
                self._send_letters()
            for body, words in broken.items():
                with self.subTest(body, with_letter=with_letter):
                    self._assert_refused(
                        lambda body=body: self._write({"body_html": body}),
                        *("Body", "English", words),
                    )
        self._assert_refused(
            lambda: self._write({"subject": "{{ object.totals_label }"}), "Subject", "sent as it is"
        )
        self._assert_refused(lambda: self._write({"lang": "xx"}), "Language", "no language")

    def test_every_language_is_tried(self):
        """Seen to fail: the Portuguese text had lost its table, and nobody was told."""
        own = self.template.with_user(self.manager).copy()
        self._assert_refused(
            lambda: self._write({"body_html": "<p>Pague!</p>"}, own, context={"lang": "pt_BR"}),
            "Portugu",
        )
        own.with_context(lang="pt_BR").body_html = TABLE.replace("Pay", "Pague")
        self.assertFalse(own._find_faults())

    def test_an_expression_that_fails_is_named(self):
        """What another module offers is read for the trial, too."""
        letters = self.registry[LETTER]
        offered = letters.mail_allowed_qweb_expressions

        def offer(model):
            return (*offered(model), "object.phase_id.nothing")

        self.patch(letters, "mail_allowed_qweb_expressions", offer)
        self._assert_refused(
            lambda: self._write({"subject": "{{ object.phase_id.nothing }}"}),
            *("Subject", "object.phase_id.nothing", "no such field"),
        )

    def test_everything_offered_is_there(self):
        for expression in self.env[LETTER].mail_allowed_qweb_expressions():
            with self.subTest(expression):
                subject = f"{{{{ {expression} }}}}"
                self._write({"subject": subject})

    def test_the_letters_of_the_module_pass(self):
        templates = self.env["mail.template"].search([("model", "=", LETTER)])
        self.assertEqual(len(templates), 6)
        for template in templates:
            self.assertFalse(template._find_faults())
        # what asks for nothing is written by the manager, too, and is no letter of a phase
        apology = self.env.ref("crm_collection.mail_template_apology").with_user(self.manager)
        apology.body_html = "<p>We are sorry.</p>"
        with self.assertRaisesRegex(ValidationError, "choose another letter"):
            self.phase_first.template_id = apology
            self._write({fname: template[fname] for fname in TEXTS}, template)

    # === The statement === #

    def test_the_text_of_a_statement_may_do_what_its_sender_may(self):
        """Seen to fail: it was rendered as superuser for whoever sent it."""
        template = self.env.ref("crm_collection.mail_template_statement")
        program = f"object.env['res.users'].browse({self.outsider.id}).write({{'name': 'taken'}})"
        self._plant_text(template, subject=f"{{{{ {program} }}}}")
        with (
            mute_logger("odoo.addons.mail.models.mail_render_mixin"),
            self.assertRaises(UserError),
        ):
            self._call(
                *(self.collector, "crm.collection.statement.send", "web_save", []),
                *({"partner_id": self.customer.id}, {"subject": {}}),
            )
