from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common_engine import CrmCollectionEngineCommon


@tagged("post_install", "-at_install")
class TestRuleMatching(CrmCollectionEngineCommon):
    """Whose rule is it: the customer's own first, then the first by sequence that fits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.sequence = 1000  # the default: it catches everybody
        cls.retail = cls.env["res.partner.industry"].create({"name": "Retail"})
        cls.food = cls.env["res.partner.industry"].create({"name": "Food"})
        cls.tag_vip = cls.env["res.partner.category"].create({"name": "VIP"})

    def _create_special(self, **criteria):
        """A rule before the default that puts everything into the third phase at once."""
        return self._create_rule({1: self.phase_third}, **{"name": "Special", **criteria})

    def _assert_rule(self, partner, rule, invoiced=None):
        """An item of ``partner`` is under ``rule``."""
        move = self._create_overdue(5, partner=invoiced or partner)
        self._allocate()
        item = self._items(move)
        self.assertEqual(item.rule_id, rule, f"{partner.name}: {item.rule_id.name}")
        self.assertEqual(item.partner_id, partner)
        return item

    # === Criteria === #

    def test_company_type(self):
        rule = self._create_special(company_type="person")
        person = self._create_customer("Carl", is_company=False)
        self._assert_rule(person, rule)
        self._assert_rule(self.customer, self.rule)
        rule.company_type = "company"
        self._assert_rule(self._create_customer("Dora", is_company=False), self.rule)
        self._assert_rule(self._create_customer("Eisen AG"), rule)

    def test_industry(self):
        rule = self._create_special(industry_ids=[Command.set((self.retail | self.food).ids)])
        self._assert_rule(self._create_customer("Shop", industry_id=self.retail.id), rule)
        self._assert_rule(self._create_customer("Farm", industry_id=self.food.id), rule)
        other = self.env["res.partner.industry"].create({"name": "Other"})
        self._assert_rule(self._create_customer("Mine", industry_id=other.id), self.rule)
        self._assert_rule(self._create_customer("None"), self.rule)

    def test_customer_tags(self):
        rule = self._create_special(category_ids=[Command.set(self.tag_vip.ids)])
        tags = [Command.set((self.tag_vip | self.tag_vip.copy({"name": "New"})).ids)]
        self._assert_rule(self._create_customer("Vip", category_id=tags), rule)
        self._assert_rule(self._create_customer("Plain"), self.rule)

    def test_country(self):
        rule = self._create_special(country_ids=[Command.set(self.env.ref("base.br").ids)])
        self._assert_rule(
            self._create_customer("Brasil", country_id=self.env.ref("base.br").id), rule
        )
        self._assert_rule(
            self._create_customer("Belgique", country_id=self.env.ref("base.be").id), self.rule
        )

    def test_further_conditions(self):
        rule = self._create_special(partner_domain="[('ref', '=like', 'K-%')]")
        self._assert_rule(self._create_customer("Known", ref="K-17"), rule)
        self._assert_rule(self._create_customer("Unknown", ref="X-17"), self.rule)

    def test_all_criteria_must_fit(self):
        rule = self._create_special(
            company_type="company",
            industry_ids=[Command.set(self.retail.ids)],
            country_ids=[Command.set(self.env.ref("base.br").ids)],
            partner_domain="[('ref', '!=', False)]",
        )
        fits = {
            "industry_id": self.retail.id,
            "country_id": self.env.ref("base.br").id,
            "ref": "1",
        }
        self._assert_rule(self._create_customer("All", **fits), rule)
        for name, value in {
            "industry_id": False,
            "country_id": self.env.ref("base.be").id,
            "ref": False,
            "is_company": False,
        }.items():
            with self.subTest(missing=name):
                partner = self._create_customer(f"Not {name}", **{**fits, name: value})
                self._assert_rule(partner, self.rule)

    def test_conditions_that_cannot_be_read_are_refused(self):
        for domain in ("[('no_such_field', '=', 1)]", "[('name'", "partner.name", "1"):
            with self.subTest(domain=domain), self.assertRaises(ValidationError):
                self._create_special(partner_domain=domain)

    def test_conditions_on_what_the_manager_may_not_read(self):
        """GIVEN a field of customers that is not for managers of collections
        WHEN one makes it a condition, to learn of whom it holds
        THEN the rule is refused.

        Seen to fail with the conditions checked for their form only.
        """
        field = self.env["res.partner"]._fields["barcode"]
        self.patch(field, "groups", "base.group_system")
        conditions = "[('barcode', '=like', '1%')]"
        with self.assertRaises(ValidationError):
            self.rule.with_user(self.manager).partner_domain = conditions
        self.rule.sudo().partner_domain = conditions

    def test_conditions_on_other_records(self):
        """GIVEN a customer of two companies
        WHEN a manager of one makes what the customer owes the other a condition
        THEN the rule is refused, and one that was written before catches nobody: the jobs search
        with all rights, so whom it catches would tell.

        Seen to fail with the conditions tried as their writer alone.
        """
        for conditions in (
            "[('invoice_ids', 'any', [('amount_residual', '>', 1000)])]",
            "[('invoice_ids.amount_residual', '>', 1000)]",
            "[('parent_id.invoice_ids', '!=', False)]",
            "['!', ('child_ids', 'any', [('message_ids', '!=', False)])]",
            "[('bank_ids', '!=', False)]",
        ):
            with self.subTest(conditions):
                with self.assertRaisesRegex(ValidationError, "about the customer itself"):
                    self.rule.with_user(self.manager).partner_domain = conditions
                self.env.invalidate_all()
                self._break(self.rule, conditions)
                self.assertIn("about the customer itself", self.rule._get_problem())
                self._break(self.rule, "[]")
        for conditions in (
            "[('category_id.name', 'ilike', 'vip'), ('user_id', '!=', False)]",
            "[('child_ids', 'any', [('country_id.code', '=', 'BR')]), ('ref', '!=', 'x')]",
        ):
            self.rule.with_user(self.manager).partner_domain = conditions

    def test_conditions_the_database_cannot_read(self):
        """They would stop the job at night. Seen to fail as the test above."""
        with mute_logger("odoo.sql_db"), self.assertRaises(ValidationError):
            self._create_special(partner_domain=r"[('ref', '=', '\x00')]")

    def test_days_beyond_the_calendar_are_refused(self):
        """A date that does not exist would stop the jobs of the whole company."""
        approval = self.env["crm.collection.approval.rule"].create(
            {"name": "Two", "escalation_user_id": self.approver.id}
        )
        company = self.company.sudo()
        for record, fname, values in (
            (self.rule, "grace_days", (36501,)),
            (self.rule, "step_min_days", (36501,)),
            (self.rule.step_ids[-1:], "days", (36501, 2**31 - 1)),
            (self.rule.step_ids[:1], "days", (-36501,)),
            (self.rule.step_ids[:1], "resend_interval", (36501,)),
            (approval, "remind_days", (36501,)),
            (approval, "escalate_days", (36501,)),
            (company, "collection_quiet_days", (36501,)),
            (company, "collection_attribution_days", (36501,)),
            (company, "collection_link_days", (36501,)),
        ):
            for value in values:
                with (
                    self.subTest(record=record._name, fname=fname, value=value),
                    mute_logger("odoo.sql_db"),
                    self.assertRaises(CheckViolation),
                    self.env.cr.savepoint(),
                ):
                    record[fname] = value
                    record.flush_recordset()

    def test_phases_are_not_moved_past_each_other(self):
        """GIVEN a rule that leads through phases
        WHEN one of them is moved behind the next, by hand or by dragging
        THEN it is refused: the job never goes back, so items would stay in it; a phase of no
        rule is moved as one likes.

        Seen to fail without the phases' check.
        """
        first, second, third = self.phase_first, self.phase_second, self.phase_third
        for order in ((second, first, third), (first, third, second)):
            with self.subTest(order=order), self.assertRaises(ValidationError):
                order[0].concat(*order[1:]).web_resequence({}, offset=105)
        with self.assertRaises(ValidationError):
            first.sequence = second.sequence + 5
        other = first.copy({"name": "Other"})
        for order in ((other, first, second, third), (first, second, third, other)):
            order[0].concat(*order[1:]).web_resequence({}, offset=105)
        for value in (True, "True", 1):
            quiet = second.with_context(crm_collection_resequence=value)
            with self.subTest(context=value), self.assertRaises(ValidationError):
                quiet.with_user(self.manager).sequence = 1

    def test_rule_whose_field_is_gone(self):
        """GIVEN a rule on a field whose module was uninstalled since
        WHEN the job runs
        THEN it goes on, the run and the rule say why, and nobody whom the rule may have caught
        goes to a later, milder one; customers of earlier rules and with their own are collected.

        Seen to fail with the rule searched like others.
        """
        early = self._create_special(sequence=1, company_type="person", name="Early")
        broken = self._create_special(sequence=5, partner_domain="[('ref', '=', 'K')]")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_collection_rule SET partner_domain = %s WHERE id = %s",
            ["[('x_gone', '=', 1)]", broken.id],
        )
        self.env.invalidate_all()
        person = self._create_customer("Carl", is_company=False)
        owner = self._create_customer("Own", collection_rule_id=self.rule.id)
        move = self._create_overdue(5)
        self._assert_rule(person, early)
        self._assert_rule(owner, self.rule)
        self.assertRecordValues(self._items(move), [{"phase_id": False, "blocker": "no_rule"}])
        run = self._get_run()
        self.assertEqual(run.state, "done")
        self.assertIn("x_gone", " ".join(run.line_ids.mapped(lambda line: line.message or "")))
        self.assertIn("x_gone", broken.warning)
        self.assertEqual(broken.customer_count, 0)
        self.assertFalse(self.customer.collection_applied_rule_id)
        broken.partner_domain = "[]"
        self._allocate()
        self.assertEqual(self._items(move).rule_id, broken)

    def _break(self, rule, partner_domain):
        """Conditions that could be read when they were written."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_collection_rule SET partner_domain = %s WHERE id = %s",
            [partner_domain, rule.id],
        )
        self.env.invalidate_all()

    def test_broken_rule_keeps_its_other_criteria(self):
        """GIVEN a rule for people with further conditions that cannot be read any more: a field
        that is gone, text that is no condition, values the database refuses
        WHEN the job runs, twice
        THEN people wait for it to be mended, companies are collected as before, and the run says
        so once.

        Seen to fail with everybody stopped behind a rule that is broken, without `EXPLAIN`, and
        with the fingerprint made of conditions that are no text of Python's.
        """
        broken = self._create_special(
            sequence=1, company_type="person", partner_domain="[('ref', '=', 'K')]"
        )
        person = self._create_customer("Carl", is_company=False)
        moves = {
            "company": self._create_overdue(5),
            "person": self._create_overdue(5, partner=person),
        }
        for number, domain in enumerate(
            ("[('x_gone', '=', 1)]", "[('ref', '=',", r"[('ref', '=', '\x00')]"), start=1
        ):
            with self.subTest(domain), mute_logger("odoo.sql_db"):
                self._break(broken, domain)
                self._move_on(1)
                for _again in range(2):
                    self._allocate()
                    run = self._get_run()
                    self.assertEqual(run.state, "done")
                    self.assertEqual(run.exception_count, 1)
                self.assertEqual(self._items(moves["company"]).rule_id, self.rule)
                self.assertEqual(self._items(moves["person"]).blocker, "no_rule")
                self.assertTrue(broken.warning)
                self.assertEqual(self.customer.collection_applied_rule_id, self.rule)
                self.assertEqual(self._items(moves["company"]).days_overdue, 5 + number)

    # === Precedence === #

    def test_first_by_sequence_wins(self):
        """Two rules that fit do not compete: the first one has the customer, the other not."""
        second = self._create_special(sequence=20)
        first = self._create_special(sequence=10, name="First")
        self._assert_rule(self.customer, first)
        second.sequence = 5
        self._assert_rule(self.customer, second)

    def test_same_sequence_the_older_wins(self):
        older = self._create_special(sequence=10)
        self._create_special(sequence=10, name="Newer")
        self._assert_rule(self.customer, older)

    def test_own_rule_comes_first(self):
        """The customer's own rule needs not fit by its criteria, nor be first by sequence."""
        self._create_special(sequence=5)
        own = self._create_special(sequence=9999, company_type="person", name="Own")
        self.customer.collection_rule_id = own
        self._assert_rule(self.customer, own)

    def test_own_rule_that_is_archived(self):
        """An archived own rule has no say: the criteria decide."""
        own = self._create_special(sequence=9999, name="Own")
        self.customer.collection_rule_id = own
        own.active = False
        self._assert_rule(self.customer, self.rule)

    def test_archived_rules_catch_nobody(self):
        self._create_special(sequence=1).active = False
        self._assert_rule(self.customer, self.rule)

    # === Who the customer is === #

    def test_contacts_are_their_commercial_partner(self):
        """GIVEN a customer with an own rule, and a contact of another industry
        WHEN the contact is invoiced
        THEN the item is the customer's, under the customer's rule.
        """
        self._create_special(sequence=1, industry_ids=[Command.set(self.food.ids)])
        own = self._create_special(sequence=9999, name="Own")
        self.customer.collection_rule_id = own
        contact = self._create_customer(
            "Contact", parent_id=self.customer.id, is_company=False, industry_id=self.food.id
        )
        self.assertEqual(contact.commercial_partner_id, self.customer)
        self._assert_rule(self.customer, own, invoiced=contact)

    def test_customer_who_joins_another(self):
        """A customer who becomes a contact of another is under the other's rule from then on."""
        own = self._create_special(sequence=9999, name="Own")
        other = self._create_customer("Holding SA")
        other.collection_rule_id = own
        person = self._create_customer("Person", is_company=False)
        item = self._assert_rule(person, self.rule)
        person.parent_id = other
        self._move_on(1)
        self._allocate()
        self.assertEqual((item.partner_id, item.rule_id), (other, own))
        self._assert_allocations(
            item.move_id, [(self.phase_first, "released"), (self.phase_third, False)]
        )

    def test_archived_customer(self):
        """What an archived customer owes is owed, under the rule that fits."""
        rule = self._create_special(industry_ids=[Command.set(self.retail.ids)])
        partner = self._create_customer("Gone", industry_id=self.retail.id)
        move = self._create_overdue(5, partner=partner)
        partner.action_archive()
        self._allocate()
        self.assertEqual(self._items(move).rule_id, rule)
        self._assert_phase(move, self.phase_third)

    # === No rule === #

    def test_no_rule(self):
        """A customer no rule catches is listed with that reason, and left alone."""
        self.rule.company_type = "person"
        move = self._create_overdue(20)
        self._allocate()
        self.assertEqual(self._items(move).blocker, "no_rule")
        self._assert_phase(move, self.no_phase)
        held = self._get_run().line_ids.filtered(lambda line: line.kind == "held")
        self.assertRecordValues(held, [{"blocker": "no_rule", "count": 1, "amount": 100}])

    def test_rule_without_steps(self):
        """A rule without steps holds its customers out of collection, and says so."""
        empty = self._create_rule({}, name="Never", sequence=1)
        move = self._create_overdue(20)
        self._allocate()
        self.assertRecordValues(
            self._items(move), [{"rule_id": empty.id, "blocker": "empty", "phase_id": False}]
        )
        self.assertTrue(empty.warning)

    # === Companies === #

    def test_rules_of_other_companies(self):
        """GIVEN a rule of another company and own rules per company
        WHEN each company's items are allocated
        THEN each company's own rules decide.
        """
        other = self.setup_other_company(name="Other Ltd")["company"]
        self._create_special(sequence=1, company_id=other.id, name="Theirs")
        ours = self._create_special(sequence=2, company_id=self.company.id, name="Ours")
        self._assert_rule(self.customer, ours)
        own = self._create_special(sequence=9999, name="Own")
        self.customer.with_company(other).collection_rule_id = own
        self._assert_rule(self.customer, ours)
        self.customer.with_company(self.company).collection_rule_id = own
        self._assert_rule(self.customer, own)

    # === What the form shows === #

    def test_customers_of_a_rule(self):
        """GIVEN two rules that fit a customer, and another with an own rule
        WHEN a manager asks whom each rule catches
        THEN every customer is under exactly one of them, at once and without a run.

        Seen to fail with the list made of the rule's own criteria alone.
        """
        retail = self._create_special(sequence=5, industry_ids=[Command.set(self.retail.ids)])
        own = self._create_special(sequence=9999, name="Own", company_type="person")
        shop = self._create_customer("Shop", industry_id=self.retail.id)
        friend = self._create_customer("Friend", industry_id=self.retail.id)
        friend.collection_rule_id = own
        for partner in (shop, friend, self.customer):
            self._create_overdue(5, partner=partner)
        self._allocate()
        rules = (retail | own | self.rule).with_user(self.manager)
        self.assertEqual(rules.mapped("customer_count"), [1, 1, 1])
        self.assertEqual([self._get_listed(rule) for rule in rules], [shop, friend, self.customer])
        # criteria changed a moment ago
        retail.industry_ids = False
        rules.invalidate_recordset()
        self.assertEqual(rules.mapped("customer_count"), [2, 1, 0])
        self.assertEqual(self._get_listed(rules[0]), shop | self.customer)

    def _get_listed(self, rule):
        action = rule.action_view_customers()
        partners = self.env["res.partner"].with_user(self.manager)
        return partners.search(action["domain"], order="id").with_env(self.env)

    # === Constraints === #

    def test_steps_in_order(self):
        """A later step leads to a later phase, and each phase comes once."""
        for phases in (
            {1: self.phase_second, 10: self.phase_first},
            {1: self.phase_first, 10: self.phase_first},
        ):
            with self.assertRaises(ValidationError):
                self._create_rule(phases)
        step = self.rule.step_ids.sorted("days")[0]
        with self.assertRaises(ValidationError):
            step.days = 20
        with self.assertRaises(ValidationError):
            step.phase_id = self.phase_third

    @mute_logger("odoo.sql_db")
    def test_database_constraints(self):
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.rule.grace_days = -1
            self.rule.flush_recordset()
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.rule.step_min_days = -1
            self.rule.flush_recordset()
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            self.rule.amount_min = -1
            self.rule.flush_recordset()
        step = self.rule.step_ids.sorted("days")[0]
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            step.percent_min = 101
            step.flush_recordset()
        with self.assertRaises(CheckViolation), self.env.cr.savepoint():
            step.resend_interval = -1
            step.flush_recordset()
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env["crm.collection.rule.step"].create(
                {"rule_id": self.rule.id, "days": 1, "phase_id": self.phase_first.id}
            )

    def test_copy_of_a_rule_has_its_steps(self):
        copy = self.rule.with_user(self.manager).copy()
        self.assertEqual(
            copy.step_ids.mapped(lambda step: (step.days, step.phase_id.id)),
            self.rule.step_ids.mapped(lambda step: (step.days, step.phase_id.id)),
        )

    def test_branches_are_under_the_rules_of_their_company(self):
        """A branch has its own items; rules and phases of the company above serve it."""
        self.rule.company_id = self.company
        self.phase_first.company_id = self.company
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids |= branch
        account = self.company_data["default_account_receivable"]
        self.customer.with_company(branch).property_account_receivable_id = account
        move = self._create_overdue(5, company_id=branch.id)
        self._allocate()
        self.assertRecordValues(
            self._items(move.with_context(allowed_company_ids=(self.company | branch).ids)),
            [{"company_id": branch.id, "rule_id": self.rule.id, "phase_id": self.phase_first.id}],
        )
        self.assertFalse(self._items(move)._get_maintain_refusals(self.phase_second))
