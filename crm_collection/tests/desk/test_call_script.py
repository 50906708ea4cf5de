import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from lxml import html

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import SQL

from ...models.desk.call import OFFERED
from ..common_desk import CrmCollectionDeskCommon

GOOD = '<p><t t-out="object.customer"/> owes <t t-out="object.amount_overdue"/></p>'


@tagged("post_install", "-at_install")
class TestCallScript(CrmCollectionDeskCommon):
    """What is said on the telephone: filled in for the customer, never run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moves = cls._create_overdue(40, amount=200) | cls._create_overdue(12)

    def _get_script(self, user=None):
        """What the dialog shows, as words."""
        script = Form(self._get_dialog(self.customer, user)).script_html
        return " ".join(html.fromstring(script).text_content().split()) if script else ""

    def test_filled_in(self):
        """For the most severe phase, with what is owed less open credits, in the customer's
        language where the script is in it."""
        self._create_credit(50)
        self._allocate()
        everything = "".join(f'<li><t t-out="object.{name}"/></li>' for name in OFFERED)
        self.phase_third.with_user(self.manager).call_script = f"<ul>{everything}</ul>"
        self.phase_second.call_script = "<p>Not this one</p>"
        said = self._get_script()
        first, second = (
            name for name in self._items(self.moves).sorted("date_maturity").mapped("name")
        )
        for words in (
            *("Adler GmbH", self.company.name, self.collector.name, "$ 250.00"),
            *("02/04/2026", "40", f"{first} of 02/04/2026: $ 200.00"),
            f"{second} of 03/04/2026: $ 100.00",
        ):
            self.assertIn(words, said.replace("\N{NO-BREAK SPACE}", " "))
        self.assertNotIn("t-out", said)
        self.env["res.lang"]._activate_lang("pt_BR")
        self.phase_third.with_context(
            lang="pt_BR"
        ).call_script = '<p>Vencido desde <t t-out="object.oldest_due_date"/></p>'
        self.assertNotIn("Vencido", self._get_script())
        self.customer.lang = "pt_BR"
        self.assertEqual(self._get_script(), "Vencido desde 04/02/2026")

    def test_refused_when_it_is_saved(self):
        """In whichever language, with the part that is wrong; collectors write none."""
        phase = self.phase_third.with_user(self.manager)
        for source, words in (
            ('<p><t t-out="object.env"/></p>', "nothing that a call script"),
            ('<p><t t-out="object.customer.name"/></p>', "nothing that a call script"),
            ('<p t-if="1">Hello</p>', "is a program"),
            ('<t t-out="object.customer"><b>x</b></t>', "other elements"),
            ("<p>{{ object.customer }}</p>", "shown as it is"),
            ('<p class="x" t-out="object.customer"/>', "other attributes"),
        ):
            with (
                self.subTest(source),
                self.assertRaisesRegex(ValidationError, words),
                self.env.cr.savepoint(),
            ):
                phase.call_script = source
        phase.call_script = GOOD
        self.env["res.lang"]._activate_lang("pt_BR")
        with self.assertRaisesRegex(ValidationError, "nothing that"), self.env.cr.savepoint():
            phase.update_field_translations(
                "call_script", {"pt_BR": '<p><t t-out="object.user"/></p>'}
            )
        with self.assertRaises(AccessError):
            self.phase_third.with_user(self.collector).call_script = GOOD

    def test_never_run(self):
        """Nor one that nobody saved, whoever looks: the dialog says what is wrong with it."""
        self._allocate()
        text = json.dumps({"en_US": '<p><t t-out="object.env.user.login"/></p>'})
        self.env.flush_all()
        query = SQL(
            "UPDATE crm_collection_phase SET call_script = %s WHERE id = %s",
            *(text, self.phase_third.id),
        )
        self.env.cr.execute(query)
        self.env.invalidate_all()
        admin = self.env.ref("base.user_admin")
        admin.sudo().write({"company_ids": [(4, self.company.id)]})
        for user in (self.collector, admin):
            said = self._get_script(user)
            self.assertIn("nothing that a call script can fill in", said)
        with self.assertRaises(UserError):
            self.env["crm.collection.call"].new({})._fill_in('<p t-if="1">x</p>')

    def test_shipped(self):
        """Each phase of the module comes with one; a phase in use gets one where it has none."""
        phases = [
            self.env.ref(f"crm_collection.phase_{name}")
            for name in ("reminder", "friendly", "firm", "final", "legal")
        ]
        for phase in phases:
            self.assertIn("t-out", phase.call_script)
            phase._check_call_script()
        friendly, firm = phases[1:3]
        shipped = friendly.call_script
        friendly.call_script, firm.call_script = False, GOOD
        self._load_migration().write_scripts(self.env)
        self.assertEqual(friendly.call_script, shipped)
        self.assertEqual(firm.call_script, GOOD)

    def _load_migration(self):
        path = Path(__file__).parents[2] / "migrations/19.0.2.4.0/post-call-scripts.py"
        spec = spec_from_file_location("post_call_scripts", path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def test_no_approval_covers_it(self):
        """It is not sent: approvers are not asked, and what they approved stays in force."""
        self._put_under_approval(self.phase_third)
        self._approve(self.phase_third)
        self.phase_third.with_user(self.manager).call_script = GOOD
        self.assertEqual(self.phase_third.approval_state, "approved")
        self.assertFalse(self.phase_third.pending_approval_id)
        self.assertFalse(self.phase_third.configured_by_ids)
