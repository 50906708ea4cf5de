import importlib.util
from pathlib import Path

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import tagged

from ..common_approval import CrmCollectionApprovalCommon

SCRIPT = Path(__file__).parents[2] / "migrations/19.0.2.3.0/post-phase-texts.py"


@tagged("post_install", "-at_install")
class TestPhaseTexts(CrmCollectionApprovalCommon):
    """A phase is approved with a set of texts, each for the customers of a rule: another one waits,
    the others stay in force."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("pt_BR")
        cls.rule.sequence = 20
        cls.rule_persons = cls._create_rule(
            {1: cls.phase_first, 10: cls.phase_second},
            name="Persons",
            company_type="person",
            sequence=5,
        )
        cls.step = cls.rule.step_ids.filtered(lambda step: step.phase_id == cls.phase_first)
        cls.step_persons = cls.rule_persons.step_ids.filtered(
            lambda step: step.phase_id == cls.phase_first
        )
        cls.person = cls._create_customer("Silva", is_company=False)
        cls.mild, cls.hard = cls._create_text("Mild words"), cls._create_text("Hard words")
        cls._guard(cls.phase_first, governs="definition")

    @classmethod
    def _create_text(cls, words):
        stock = cls.env.ref("crm_collection.mail_template_friendly")
        text = stock.copy({"name": words, "subject": f"{words} {{{{ object.totals_label }}}}"})
        text.with_context(lang="pt_BR").subject = f"{words} em português"
        return text

    def _call(self, user, record, method, *args):
        """As the web client calls the server."""
        result = call_kw(record.browse().with_user(user), method, [record.ids, *args], {})
        self.env.invalidate_all()
        return result

    def _approve_phase(self):
        self._call(self.manager, self.phase_first, "action_request_approval")
        self._call(self.approver, self._asked(), "action_approve")
        self.assertEqual(self.phase_first.approval_state, "approved")

    def _asked(self):
        return self.env["crm.collection.approval"].search(
            [("kind", "=", "definition"), ("state", "=", "pending")]
        )

    def _send_both(self):
        """:return: the texts that a company and a person get"""
        for partner in (self.customer, self.person):
            self._create_overdue(5, partner=partner)
        self._allocate()
        self._send_letters()
        return self._letters().template_id, self._letters(self.person).template_id

    # === Waiting === #

    def test_a_text_of_a_step_waits_for_approval(self):
        """Meanwhile the step sends what it sent before; then its text goes to the customers of its
        rule, and to nobody else.

        Seen to fail: it was refused, "leave the step's letter empty".
        """
        self._approve_phase()
        own = self.phase_first.template_id
        self._call(self.manager, self.step_persons, "write", {"template_id": self.mild.id})
        self.assertFalse(self.step_persons.template_id)
        self.assertEqual(self.step_persons.proposed_template_id, self.mild)
        for word in (self.mild.name, own.name):
            self.assertIn(word, self.rule_persons.warning)
        self.assertEqual(self._send_both(), (own, own))
        self._call(self.approver, self._asked(), "action_approve")
        self.assertEqual(self.step_persons.template_id, self.mild)
        self.assertFalse(self.step_persons.proposed_template_id)
        self.assertFalse(self.rule_persons.warning)
        self._deliver()
        self._move_on(1)
        self.company.collection_quiet_days = 0
        other = self._create_customer("Souza", is_company=False)
        self._create_overdue(5, partner=other)
        self._create_overdue(5, partner=self._create_customer("Beier KG"))
        self._allocate()
        self._send_letters()
        self.assertEqual(self._letters(other).template_id, self.mild)
        beier = self.env["crm.collection.letter"].search([("partner_id.name", "=", "Beier KG")])
        self.assertEqual(beier.template_id, own)

    def test_where_no_letter_is_sent_until_then_it_is_said(self):
        """A phase without a letter of its own sends none before that of the step is approved."""
        self.phase_first.template_id = False
        self._approve_phase()
        self._call(self.manager, self.step_persons, "write", {"template_id": self.mild.id})
        self.assertIn("until then none is sent", self.step_persons.proposal_note)

    def test_a_letter_that_waits_takes_the_text_that_was_approved(self):
        self._approve_phase()
        self.person.email = False
        self._send_both()
        letter = self._letters(self.person)
        self.assertEqual(letter.state, "no_address")
        self._call(self.manager, self.step_persons, "write", {"template_id": self.mild.id})
        self._call(self.approver, self._asked(), "action_approve")
        self.person.email = "silva@customer.example"
        self._call(self.collector, letter, "action_retry")
        self.assertEqual(letter.template_id, self.mild)

    def test_no_way_brings_a_text_in_that_was_not_approved(self):
        """Seen to fail with `create` left out, and with the text kept where a step moves."""
        self._approve_phase()
        free = self.rule.step_ids.filtered(lambda step: step.phase_id == self.phase_second)
        free.template_id = self.hard
        steps = {"days": 3, "phase_id": self.phase_first.id, "template_id": self.hard.id}
        rule = self.rule
        ways = {
            "write": (self.step, "write", {"template_id": self.hard.id}),
            "form": (
                *(rule, "write"),
                {"step_ids": [Command.update(self.step.id, {"template_id": self.hard.id})]},
            ),
            "another": (
                *(rule.create({"name": "New"}), "write"),
                {"step_ids": [Command.create(steps)]},
            ),
            "moved": (
                *(self._create_rule({1: self.phase_second}).step_ids, "write"),
                {"phase_id": self.phase_first.id},
            ),
        }
        ways["moved"][0].template_id = self.hard
        Step = self.env["crm.collection.rule.step"]
        for name, (record, method, vals) in ways.items():
            with self.subTest(name):
                self._call(self.manager, record, method, vals)
                here = Step.search([("phase_id", "=", self.phase_first.id)])
                self.assertFalse(here.template_id)
                self.assertIn(self.hard, here.proposed_template_id)
                self._call(self.manager, self.phase_first, "action_withdraw_approval")
                here = Step.search([("phase_id", "=", self.phase_first.id)])
                self.assertFalse(here.proposed_template_id)

    def test_a_copied_rule_asks_for_its_texts(self):
        self.step_persons.with_user(self.manager).template_id = self.mild
        self._approve_phase()
        self.assertEqual(self.step_persons.template_id, self.mild)
        [copied] = self._call(self.manager, self.rule_persons, "copy")
        copied = self.env["crm.collection.rule"].browse(
            copied if isinstance(copied, int) else copied.id
        )
        steps = copied.step_ids.filtered(lambda step: step.phase_id == self.phase_first)
        self.assertFalse(steps.template_id)
        self.assertEqual(self.step_persons.template_id, self.mild)

    def test_the_others_stay_in_force(self):
        """While another text waits, after it was refused, and after it was approved."""
        self.step_persons.with_user(self.manager).template_id = self.mild
        self._approve_phase()
        self._call(self.manager, self.step, "write", {"template_id": self.hard.id})
        self.assertEqual(self.phase_first.approval_state, "approved")
        self.assertEqual(self._send_both(), (self.phase_first.template_id, self.mild))
        self._call(self.approver, self._asked(), "action_refuse", "Too hard")
        self.assertFalse(self.step.template_id)
        self.assertEqual(self.step_persons.template_id, self.mild)
        self._call(self.manager, self.step, "write", {"template_id": self.hard.id})
        self._call(self.approver, self._asked(), "action_approve")
        self.assertEqual(self.step.template_id, self.hard)
        self.assertEqual(self.step_persons.template_id, self.mild)

    def test_taking_a_text_away_asks_too(self):
        self.step_persons.with_user(self.manager).template_id = self.mild
        self._approve_phase()
        self._call(self.manager, self.step_persons, "write", {"template_id": False})
        self.assertEqual(self.step_persons.template_id, self.mild)
        self._call(self.approver, self._asked(), "action_approve")
        self.assertFalse(self.step_persons.template_id)

    def test_several_texts_are_one_question(self):
        """Seen to fail with the texts of the earlier request lost."""
        self._approve_phase()
        self._call(self.manager, self.step, "write", {"template_id": self.hard.id})
        self._call(self.manager, self.step_persons, "write", {"template_id": self.mild.id})
        self._call(self.manager, self.phase_first, "write", {"allocation_mode": "manual"})
        self.assertEqual(len(self._asked()), 1)
        self._call(self.approver, self._asked(), "action_approve")
        self.assertEqual(self.step.template_id, self.hard)
        self.assertEqual(self.step_persons.template_id, self.mild)
        self.assertEqual(self.phase_first.allocation_mode, "manual")

    def test_a_phase_that_is_not_approved_yet_is_asked_about_anew(self):
        self._call(self.manager, self.phase_first, "action_request_approval")
        request = self._asked()
        self._call(self.manager, self.step, "write", {"template_id": self.hard.id})
        self.assertEqual(self.phase_first.approval_state, "draft")
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(self.step.template_id, self.hard)

    def test_who_chose_a_text_does_not_approve_it(self):
        """Seen to fail without the step's writer among those who configured."""
        self._approve_phase()
        self._call(self.both, self.step, "write", {"template_id": self.hard.id})
        with self.assertRaises(UserError):
            self._call(self.both, self._asked(), "action_approve")
        self.assertFalse(self.step.template_id)

    def test_what_is_no_letter_is_not_proposed(self):
        self._approve_phase()
        other = self.env["mail.template"].create(
            {"name": "Other", "model_id": self.env["ir.model"]._get_id("res.partner")}
        )
        with self.assertRaisesRegex(UserError, "no collection letter"):
            self._call(self.manager, self.step, "write", {"template_id": other.id})

    def test_collectors_choose_no_text(self):
        self._approve_phase()
        with self.assertRaises(AccessError):
            self._call(self.collector, self.step, "write", {"template_id": self.hard.id})
        self.assertFalse(self._asked())

    def test_a_step_that_is_gone_is_approved_no_more(self):
        self._approve_phase()
        self._call(self.manager, self.step, "write", {"template_id": self.hard.id})
        self._call(self.manager, self.step_persons, "write", {"template_id": self.mild.id})
        self.step.unlink()
        self._call(self.approver, self._asked(), "action_approve")
        self.assertEqual(self.step_persons.template_id, self.mild)

    # === What is shown, and kept === #

    def test_every_text_is_shown_word_for_word(self):
        """In each of its languages, with what is new marked.

        Seen to fail: the request named the letter of the phase, and showed none.
        """
        self.step_persons.with_user(self.manager).template_id = self.mild
        self._approve_phase()
        self._call(self.manager, self.step, "write", {"template_id": self.hard.id})
        request = self._asked().with_user(self.approver)
        shown = str(request.texts_html)
        subject = self.phase_first.template_id.subject.split("{{")[0]
        for words in (subject, "Mild words", "Hard words", "português", "1,234.50"):
            self.assertIn(words, shown)
        [new] = [text for text in shown.split("<details") if ">new<" in text]
        self.assertIn("Hard words", new)
        self.assertIn("Persons", shown)
        self.assertIn("Hard words", str(request.changes_html))
        self.assertNotIn("Mild words", str(request.changes_html))
        texts = self.phase_first._get_texts()
        self.assertEqual(
            [(text.step, text.template, text.is_new) for text in texts],
            [
                (self.step.browse(), self.phase_first.template_id, False),
                (self.step_persons, self.mild, False),
                (self.step, self.hard, True),
            ],
        )

    def test_a_new_phase_shows_all_its_texts(self):
        self.step_persons.with_user(self.manager).template_id = self.mild
        self._call(self.manager, self.phase_first, "action_request_approval")
        request = self._asked().with_user(self.approver)
        self.assertEqual(str(request.texts_html).count(">new<"), 2)
        self.assertIn("Mild words", str(request.changes_html))

    def test_texts_of_archived_rules_are_shown(self):
        """Who brings the rule back asks nobody."""
        self.step_persons.with_user(self.manager).template_id = self.mild
        self.rule_persons.action_archive()
        self._call(self.manager, self.phase_first, "action_request_approval")
        self.assertIn("Mild words", str(self._asked().with_user(self.approver).texts_html))

    def test_texts_are_locked_while_they_are_in_force_or_wait(self):
        """Seen to fail with the texts of steps left out of `_get_approved_phases`."""
        self.step_persons.with_user(self.manager).template_id = self.mild
        self._approve_phase()
        self._call(self.manager, self.step, "write", {"template_id": self.hard.id})
        for text in (self.mild, self.hard):
            with self.subTest(text.name), self.assertRaisesRegex(UserError, "Copy it"):
                self._call(self.manager, text, "write", {"subject": "Other"})
        self._call(self.approver, self._asked(), "action_refuse", "Too hard")
        self._call(self.manager, self.hard, "write", {"subject": "Softer"})
        with self.assertRaisesRegex(UserError, "Copy it"):
            self._call(self.manager, self.mild, "write", {"subject": "Other"})

    def test_a_text_nobody_agreed_to_is_forgotten_by_the_update(self):
        """One that a step had from before its phase was approved was never sent."""
        self._approve_phase()
        self.step._put_text(self.hard.id)
        self.rule.step_ids.filtered(
            lambda step: step.phase_id == self.phase_second
        ).template_id = self.mild
        spec = importlib.util.spec_from_file_location("post_phase_texts", SCRIPT)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        self.env.flush_all()
        script.migrate(self.env.cr, "19.0.2.2.0")
        self.env.invalidate_all()
        self.assertFalse(self.step.template_id)
        self.assertEqual(self.rule.step_ids.template_id, self.mild)

    # === What leaves === #

    def test_each_text_is_kept_as_it_was_approved(self):
        """GIVEN a phase that was approved with the text of a step
        WHEN its letter is written
        THEN it leaves, and nobody is asked again: the decision keeps what each text said.

        Seen to fail: the decision kept the phase's own letter alone.
        """
        self._call(self.manager, self.step_persons, "write", {"template_id": self.hard.id})
        self._approve_phase()
        decision = self.env["crm.collection.approval.decision"].sudo().search([], limit=1)
        texts = self.phase_first.template_id | self.hard
        self.assertEqual(set(decision.digests), {str(text.id) for text in texts})
        self._create_overdue(5, partner=self.person)
        self._allocate()
        self._send_letters()
        self.assertRecordValues(
            self._letters(self.person), [{"state": "outgoing", "template_id": self.hard.id}]
        )
        self.assertFalse(self._asked())

    def test_who_wrote_the_text_of_a_step_does_not_approve_it(self):
        """GIVEN a phase that another has put forward with the text of a step
        WHEN somebody who manages and approves rewrote that text before
        THEN he does not approve it.

        Seen to fail: only the phase's own letter was looked at.
        """
        self._call(self.both, self.hard, "write", {"subject": "Mine {{ object.totals_label }}"})
        self._call(self.manager, self.step_persons, "write", {"template_id": self.hard.id})
        self._call(self.manager, self.phase_first, "action_request_approval")
        with self.assertRaises(AccessError):
            self._call(self.both, self._asked(), "action_approve")
        self._call(self.approver, self._asked(), "action_approve")
        self.assertEqual(self.phase_first.approval_state, "approved")
