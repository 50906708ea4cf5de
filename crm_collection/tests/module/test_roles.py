from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common_browser import CrmCollectionBrowserCase
from ..common_letters import CrmCollectionLettersCommon

LETTER = "crm.collection.letter"
SETTINGS = "crm.collection.settings"


@tagged("post_install", "-at_install")
class TestRoles(CrmCollectionLettersCommon, CrmCollectionBrowserCase):
    """README's table of roles, a test a sentence: with the module's groups alone, nothing of
    contacts' or accounting's.

    Seen to fail without the right to write contacts, and with the settings an administrator's.
    """

    def setUp(self):
        super().setUp()
        self.move = self._create_overdue(12)
        self._allocate()
        self.item = self._items(self.move)
        self.env.flush_all()

    def _call(self, user, model, method, *args, **kwargs):
        """As the web client of the user does."""
        Model = self.env[model].with_user(user).with_company(self.company)
        result = call_kw(Model, method, list(args), kwargs)
        self.env.invalidate_all()
        return result

    def _deny(self, user, model, method, *args):
        with (
            mute_logger("odoo.addons.base.models.ir_model"),
            mute_logger("odoo.addons.base.models.ir_rule"),
            self.assertRaises(AccessError),
            self.env.cr.savepoint(),
        ):
            self._call(user, model, method, *args)

    def test_users_have_the_groups_alone(self):
        others = self.env.ref("base.group_partner_manager") | self.env.ref(
            "account.group_account_invoice"
        )
        for user in (self.collector, self.approver, self.manager):
            self.assertFalse(user.all_group_ids & others, user.name)

    def _create_guarded(self):
        vals = {"name": "Agreed", "governs": "allocation"}
        rule = self.env["crm.collection.approval.rule"].create(vals)
        vals = {"name": "Guarded", "sequence": 500, "approval_rule_id": rule.id}
        return self.env["crm.collection.phase"].create(vals)

    # === User: work the portfolio: phase maintenance, holds, manual letters === #

    def test_user_maintains_phases(self):
        self._call(self.collector, "crm.collection.item", "action_maintain", self.item.ids)
        context = {"active_model": "crm.collection.item", "active_ids": self.item.ids}
        vals = {"phase_id": self.phase_third.id, "reason": "Knows it"}
        wizard = self._call(
            self.collector, "crm.collection.item.maintain", "create", [vals], context=context
        )
        self._call(
            self.collector, "crm.collection.item.maintain", "action_apply", wizard, context=context
        )
        self.assertEqual(self.item.phase_id, self.phase_third)

    def test_user_sets_and_lifts_holds(self):
        vals = {"item_id": self.item.id, "reason": "Disputes the freight", "kind": "dispute"}
        hold = self._call(self.collector, "crm.collection.hold", "create", [vals])
        self.assertTrue(self.item.is_held)
        self._call(self.collector, "crm.collection.hold", "action_lift", hold, "He agreed")
        self.assertFalse(self.item.is_held)

    def test_user_sends_letters(self):
        context = {"active_model": "crm.collection.item", "active_ids": self.item.ids}
        wizard = self._call(
            self.collector, "crm.collection.item.send", "create", [{}], context=context
        )
        self._call(
            self.collector, "crm.collection.item.send", "action_send", wizard, context=context
        )
        self.assertEqual(self._letters().origin, "manual")
        self.assertEqual(self._letters().create_uid, self.collector)

    # === User: notes, addresses, contacts, collectors of customers === #

    def test_user_keeps_customers(self):
        """On the screen, from the item: address, collector, contact for letters, note."""
        self.customer.email = False
        self.start_tour(
            f"/odoo/collections/{self.item.id}",
            "crm_collection_role_user",
            login=self.collector.login,
        )
        self.assertEqual(self.customer.email, "accounts@adler.example")
        self.assertEqual(self.customer.collection_user_id, self.collector)
        self.assertEqual(self.item.user_id, self.collector)
        contact = self.customer.child_ids
        self.assertEqual(contact.mapped("type"), ["collection"])
        self.assertEqual(contact.email, "dunning@adler.example")
        note = self.customer.message_ids.filtered(lambda message: "Called" in message.body)
        self.assertEqual(note.author_id, self.collector.partner_id)

    def test_user_does_not_write_what_is_accountings(self):
        """Nor which rule a customer has, nor the company's own contact."""
        account = self.customer.property_account_receivable_id.copy()
        terms = self.env["account.payment.term"].create({"name": "Never"})
        before = self._accounting_checksum()
        for vals in (
            {"property_account_receivable_id": account.id},
            {"property_payment_term_id": terms.id},
            {"collection_rule_id": self.rule.id},
            {"name": "Other", "collection_rule_id": self.rule.id},
        ):
            self._deny(self.collector, "res.partner", "write", self.customer.ids, vals)
            self._deny(self.collector, "res.partner", "create", [{"name": "New", **vals}])
        own = self.company.partner_id
        self._deny(self.collector, "res.partner", "write", own.ids, {"email": "x@y.example"})
        self._deny(self.collector, "res.partner", "unlink", self.customer.ids)
        self.assertEqual(self._accounting_checksum(), before)

    def test_contacts_of_a_customer_with_everything(self):
        """What a contact takes over from its customer, its rule and accounts included, is core's
        doing."""
        account = self.customer.property_account_receivable_id
        self.customer.write(
            {
                "collection_rule_id": self.rule.id,
                "property_account_receivable_id": account.copy().id,
                "vat": "BE0477472701",
            }
        )
        vals = {"name": "Dunning", "type": "collection", "parent_id": self.customer.id}
        contact_id = self._call(self.collector, "res.partner", "create", [vals])[0]
        contact = self.env["res.partner"].browse(contact_id)
        self.assertEqual(contact.collection_rule_id, self.rule)
        self._call(self.collector, "res.partner", "write", contact.ids, {"email": "d@a.example"})
        self.assertEqual(contact.email, "d@a.example")

    # === Approver === #

    def test_approver_decides_what_others_asked(self):
        """What a user may, and decide; not what he asked for."""
        phase, reason = self._create_guarded(), "Late"
        self.item.with_user(self.collector)._maintain(phase, reason)
        request = self.item.approval_id
        self._call(self.approver, "crm.collection.approval", "action_approve", request.ids)
        self.assertEqual(self.item.phase_id, phase)
        move = self._create_overdue(12)
        self._allocate()
        item = self._items(move)
        item.with_user(self.approver)._maintain(phase, reason)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._call(
                self.approver, "crm.collection.approval", "action_approve", item.approval_id.ids
            )
        self.assertEqual(item.approval_state, "pending")

    # === Manager === #

    def test_manager_configures_phases_rules_and_letters(self):
        table = "<p>Pay</p><t t-out='object.titles_html'/>"
        model_id = self.env["ir.model"]._get_id(LETTER)
        create = [{"name": "Own text", "model_id": model_id, "body_html": table}]
        template = self._call(self.manager, "mail.template", "create", create)[0]
        vals = {"name": "New phase", "sequence": 500, "template_id": template}
        phase = self._call(self.manager, "crm.collection.phase", "create", [vals])[0]
        step = Command.create({"days": 90, "phase_id": phase})
        vals = {"name": "New rule", "step_ids": [step]}
        rule = self._call(self.manager, "crm.collection.rule", "create", [vals])[0]
        self._call(
            self.manager, "res.partner", "write", self.customer.ids, {"collection_rule_id": rule}
        )
        self.assertEqual(self.customer.collection_applied_rule_id.id, rule)
        for model in ("crm.collection.phase", "crm.collection.rule"):
            self._deny(self.collector, model, "create", [{"name": "Mine"}])

    def test_manager_sets_the_module_up(self):
        """On the screen: automatic sending off as well as on, and the rest."""
        self.assertTrue(self.company.collection_auto_send)
        self.start_tour(
            "/odoo/collections", "crm_collection_role_manager", login="collection_manager"
        )
        self.assertFalse(self.company.collection_auto_send)
        self.assertEqual(self.company.collection_quiet_days, 3)
        page = self._call(self.manager, SETTINGS, "create", [{}])
        self._call(self.manager, SETTINGS, "write", page, {"collection_auto_send": True})
        self.assertTrue(self.company.collection_auto_send)
        self.assertEqual(self.company.collection_live_user_id, self.manager)

    def test_settings_are_the_modules_and_of_companies_one_works_in(self):
        """No other field of a company, no other company, and nobody but managers."""
        other = self.env(su=True)["res.company"].create({"name": "Other"})
        page = self._call(self.manager, SETTINGS, "create", [{}])
        for company_id in other.ids:
            vals = {"company_id": company_id, "collection_quiet_days": 9}
            self._deny(self.manager, SETTINGS, "create", [vals])
            self._deny(self.manager, SETTINGS, "write", page, vals)
        self._deny(self.collector, SETTINGS, "create", [{"collection_quiet_days": 9}])
        self._deny(self.approver, SETTINGS, "action_open")
        self.assertFalse(other.collection_quiet_days)
        names = self.env[SETTINGS]._get_setting_names()
        self.assertNotIn("company_id", names)
        self.assertTrue(all(name.startswith("collection_") for name in names))

    def test_managers_page_has_every_setting(self):
        """What an administrator sets in Odoo's settings, a manager sets here."""
        offered = {
            name
            for name, field in self.env["res.config.settings"]._fields.items()
            if (field.related or "").startswith("company_id.collection_")
        }
        self.assertGreater(len(offered), 15)
        self.assertEqual(self.env[SETTINGS]._get_setting_names(), offered)
        view = self.env[SETTINGS].get_view(view_type="form")["arch"]
        self.assertFalse([name for name in offered if f'name="{name}"' not in view])

    def test_manager_does_not_approve(self):
        self.item.with_user(self.collector)._maintain(self._create_guarded(), "Late")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._call(
                self.manager,
                "crm.collection.approval",
                "action_approve",
                self.item.approval_id.ids,
            )
        self.assertEqual(self.item.approval_state, "pending")
