from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.models import BaseModel
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import TODAY
from ..common_access import ROLES, CrmCollectionAccessCommon, own_public_methods

OPERATIONS = ("create", "read", "write", "unlink")
NOTHING, READ, ALL = "", "r", "crwu"

# What each role may do with each model: (c)reate, (r)ead, (w)rite, (u)nlink. Who is in none of
# the groups of accounting or collections may do nothing at all.
READERS = ("auditor", "invoicing")
RIGHTS = {
    "crm.collection.address": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.aging": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.aging.open": {"reader": ALL, "user": ALL, "manager": ALL},
    "crm.collection.allocation": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.approval": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.approval.change": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.approval.decide": {"reader": ALL, "user": ALL, "manager": ALL},
    "crm.collection.approval.decision": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.approval.delegation": {"reader": READ, "user": "crw", "manager": "crw"},
    "crm.collection.approval.level": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.approval.line": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.allocation.report": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.approval.report": {"reader": ALL, "user": ALL, "manager": ALL},
    "crm.collection.approval.rule": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.behaviour": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.batch": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.batch.line": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.batch.post": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.charge": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.charge.rate": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.contact": {"reader": READ, "user": "crw", "manager": "crw"},
    "crm.collection.assignment": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.assign": {"reader": NOTHING, "user": NOTHING, "manager": ALL},
    "crm.collection.assign.line": {"reader": NOTHING, "user": NOTHING, "manager": READ},
    "crm.collection.contact.log": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.comparison": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.text.preview": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.contact.report": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.customer": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.desk.mark": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.desk.visit": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.dispute.reason": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.expected": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.forewarning": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.forewarning.item": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.fuse": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.golive": {"reader": NOTHING, "user": NOTHING, "manager": ALL},
    "crm.collection.golive.line": {"reader": NOTHING, "user": NOTHING, "manager": ALL},
    "crm.collection.hand.over": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.holidays": {"reader": NOTHING, "user": NOTHING, "manager": NOTHING},
    "crm.collection.hold": {"reader": READ, "user": "crw", "manager": "crw"},
    "crm.collection.hold.part": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.hold.change": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.indicator": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.item": {"reader": READ, "user": "rw", "manager": "rw"},
    "crm.collection.item.hold": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.item.hold.part": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.item.maintain": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.item.maintain.line": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.item.send": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.item.send.line": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.letter": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.letter.line": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.letter.returned": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.letter.reverse": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.live": {"reader": NOTHING, "user": NOTHING, "manager": ALL},
    "crm.collection.outcome": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.phase": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.promise.send": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.report.wizard": {"reader": ALL, "user": ALL, "manager": ALL},
    "crm.collection.retention": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.retention.customer": {"reader": NOTHING, "user": NOTHING, "manager": ALL},
    "crm.collection.returned": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.roll.rate": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.rule": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.rule.step": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.run": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.run.ask": {"reader": NOTHING, "user": NOTHING, "manager": NOTHING},
    "crm.collection.run.line": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.settlement": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.settings": {"reader": NOTHING, "user": NOTHING, "manager": ALL},
    "crm.collection.statement.send": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.simulate": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.target": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.task": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.team": {"reader": READ, "user": READ, "manager": ALL},
    "crm.collection.thanks": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.thanks.line": {"reader": READ, "user": READ, "manager": READ},
    "crm.collection.simulate.line": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.status.view": {"reader": NOTHING, "user": ALL, "manager": ALL},
    "crm.collection.status.view.line": {"reader": NOTHING, "user": ALL, "manager": ALL},
}
# Written by the engine alone.
ENGINE_FIELDS = {
    "amount_residual": 1.0,
    "amount_residual_currency": 1.0,
    "blocker": "hold",
    "date_maturity": "2026-01-01",
    "date_next_letter": "2026-01-01",
    "date_phase": "2026-01-01",
    "exception": "Nothing",
    "letter_count": 7,
    "line_id": False,
    "move_id": False,
    "name": "Renamed",
    "no_followup": True,
    "partner_id": False,
    "rule_id": False,
    "state": "settled",
    "step_id": False,
}


@tagged("post_install", "-at_install")
class TestAccessRights(CrmCollectionAccessCommon):
    """Every role on every model and every public method, called as the web client does.

    Seen to fail: with a right added to or taken from `ir.model.access.csv`; with `_check_user`
    left out of `action_retry`; with OWN_FIELDS of the item emptied; with the group's check left
    out of `action_run_now`.
    """

    def _get_expected(self, role, model_name):
        rights = RIGHTS[model_name]
        if role in ("outsider", "portal"):
            return NOTHING
        if role in READERS:
            return rights["reader"]
        return rights["manager" if role == "manager" else "user"]

    # === Models === #

    def test_every_model_is_in_the_table(self):
        models = {
            name
            for name, model in self.env.items()
            if name.startswith("crm.collection.") and not model._abstract
        }
        self.assertEqual(models, set(RIGHTS))

    def test_rights_of_every_role(self):
        for model_name in RIGHTS:
            for role, user in self.users.items():
                Model = self.env[model_name].with_user(user)
                actual = "".join(
                    operation[0] for operation in OPERATIONS if Model.has_access(operation)
                )
                with self.subTest(model=model_name, role=role):
                    self.assertEqual(actual, self._get_expected(role, model_name))

    def test_operations_of_every_role(self):
        """Not the table of rights alone: reading, writing and deleting records as the role."""
        self._prepare()
        for model_name in RIGHTS:
            record = self.env[model_name].sudo().search([], limit=1)
            if not record:
                continue
            for role, user in self.users.items():
                expected = self._get_expected(role, model_name)
                for operation, args in (
                    ("read", [["id", "display_name"]]),
                    ("write", [{}]),
                    ("unlink", []),
                ):
                    if operation[0] in expected:
                        continue
                    with (
                        self.subTest(model=model_name, role=role, operation=operation),
                        mute_logger("odoo.addons.base.models.ir_model"),
                        self.assertRaises(AccessError),
                        self.env.cr.savepoint(),
                    ):
                        Model = self.env[model_name].with_user(user)
                        call_kw(Model, operation, [record.ids, *args], {})

    def test_portfolio_can_be_worked(self):
        """What the roles are for, done as them."""
        self._prepare()
        item = self.env["crm.collection.item"].search([], limit=1)
        self.env["crm.collection.hold"].search([]).with_user(self.users["user"]).action_lift("Over")
        as_user = item.with_user(self.users["user"])
        as_user.user_id = self.users["user"]
        as_user.phase_id = self.phase_second
        self._send_now(item, self.users["user"])
        letter = self._letters().sorted("id")[-1].with_user(self.users["user"])
        self.assertEqual(letter.origin, "manual")
        letter.action_cancel()
        self.assertEqual(letter.state, "cancelled")
        for role in READERS:
            reader = item.with_user(self.users[role])
            self.assertTrue(reader.explanation)
            self.assertTrue(letter.with_user(self.users[role]).titles_html)
        phase = self.env["crm.collection.phase"].with_user(self.users["manager"])
        self.assertEqual(phase.create({"name": "New"}).approval_state, "approved")

    # === Wizards === #

    def test_wizards_are_their_creators(self):
        """Odoo itself keeps nobody from the wizards of others.

        Seen to fail without the rules of the wizards.
        """
        for model_name in RIGHTS:
            if not self.env[model_name]._transient:
                continue
            rules = self.env["ir.rule"].sudo().search([("model_id.model", "=", model_name)])
            with self.subTest(model_name):
                self.assertIn("[('create_uid', '=', user.id)]", rules.mapped("domain_force"))

    def test_decision_being_typed_is_not_changed_by_others(self):
        """GIVEN an approver who looks at what he is about to refuse
        WHEN a manager or an auditor turns it into an approval, reads or deletes it
        THEN they cannot, and the wizard says what the approver chose.
        """
        self._prepare()
        request = self.env["crm.collection.approval"].search([], limit=1)
        Wizard = self.env["crm.collection.approval.decide"]
        wizard = Wizard.with_user(self.approver).create(
            {"decision": "refused", "reason": "Wait", "approval_ids": [Command.set(request.ids)]}
        )
        for role in ("auditor", "user", "manager"):
            for name, args in (
                ("write", [{"decision": "approved"}]),
                ("read", [["reason"]]),
                ("action_decide", []),
                ("unlink", []),
            ):
                with (
                    self.subTest(role=role, method=name),
                    mute_logger("odoo.addons.base.models.ir_rule"),
                    self.assertRaises(AccessError),
                    self.env.cr.savepoint(),
                ):
                    call_kw(Wizard.with_user(self.users[role]), name, [wizard.ids, *args], {})
        self.assertEqual(wizard.decision, "refused")

    # === Methods === #

    def test_public_methods_are_known(self):
        """A public method can be called through RPC by everybody: there are actions, the status,
        and what core has already."""
        core = {"create", "write", "unlink", "copy", "copy_data"}
        core |= {"mail_allowed_qweb_expressions", "process_email_queue", "send", "web_resequence"}
        core |= {"method_direct_trigger", "message_notify", "send_mail_batch"}
        core |= {"SELF_READABLE_FIELDS", "SELF_WRITEABLE_FIELDS"}
        others = {
            (model_name, name)
            for model_name, name in own_public_methods()
            if not name.startswith("action_") and name not in core and not hasattr(BaseModel, name)
        }
        self.assertEqual(
            others,
            {
                ("crm.collection.cockpit", "get_cockpit"),
                ("crm.collection.cockpit", "get_collectors"),
                ("crm.collection.cockpit", "get_expected"),
                ("crm.collection.desk", "get_customer"),
                ("crm.collection.desk", "get_timeline"),
                ("crm.collection.desk", "get_work"),
                ("crm.collection.approval", "get_facts_of"),
                ("crm.collection.letter", "get_text_values"),
                ("crm.collection.status", "get_status"),
                ("ir.actions.report", "get_crm_collection_pdf_engine"),
            },
        )

    def test_outsider_calls_every_action(self):
        """Each raises, or answers with a screen to open, which then shows him nothing."""
        self._prepare()
        counts = self._count_everything()
        for model_name, name in own_public_methods():
            if not name.startswith("action_") or not model_name.startswith("crm.collection."):
                continue
            Model = self.env[model_name]
            if Model._abstract or model_name == "crm.collection.status.view.line":
                continue
            with (
                self.subTest(model=model_name, method=name),
                mute_logger("odoo.addons.base.models.ir_model"),
                self.env.cr.savepoint(),
            ):
                self._assert_tells_nothing(model_name, name, self.users["outsider"])
        self.assertEqual(self._count_everything(), counts)

    def _assert_tells_nothing(self, model_name, name, user):
        Model = self.env[model_name]
        record = Model.sudo().search([], limit=1)
        if not record:
            if not Model._auto:
                return  # a view without a line has nothing to act on
            vals = self._prepare_wizard(model_name)
            maker = Model.with_user(self.users["manager"])
            # what is an administrator's is none of the roles'
            record = (maker if maker.has_access("create") else Model.sudo()).create(vals)
        is_model_method = getattr(getattr(type(Model), name), "_api_model", False)
        try:
            action = call_kw(
                Model.with_user(user), name, [] if is_model_method else [record.ids], {}
            )
        except AccessError:
            return
        self.assertIn("type", action)
        self.assertNotIn(self.customer.name, str(action))
        if action["type"] == "ir.actions.act_window" and action["res_model"].startswith("crm."):
            with self.assertRaises(AccessError):
                self.env[action["res_model"]].with_user(user).search([])

    def _count_everything(self):
        return {
            name: self.env[name].sudo().search_count([])
            for name in RIGHTS
            if not self.env[name]._transient
        }

    def test_readers_change_nothing(self):
        """Auditors and people who invoice read; every action that would change something raises."""
        self._prepare()
        item = self.env["crm.collection.item"].sudo().search([], limit=1)
        letter = self._letters().sudo()
        hold = self.env["crm.collection.hold"].sudo().search([], limit=1)
        calls = (
            (item, "action_take_in", []),
            (item, "action_leave_out", []),
            (item, "action_release_pin", []),
            (item, "write", [{"phase_id": self.phase_second.id}]),
            (item, "write", [{"user_id": False}]),
            (letter, "action_retry", []),
            (letter, "action_cancel", []),
            (letter, "action_arrived", []),
            (letter, "action_not_arrived", []),
            (letter, "action_nobody_knows", []),
            (letter.returned_ids.address_id, "action_use_again", []),
            (hold, "action_lift", []),
            (self.phase_third, "action_request_approval", []),
            (self.phase_third, "action_approve", []),
            (self.phase_third, "action_refuse", []),
        )
        for role in READERS:
            for record, name, args in calls:
                with (
                    self.subTest(role=role, model=record._name, method=name),
                    mute_logger("odoo.addons.base.models.ir_model"),
                    self.assertRaises(AccessError),
                    self.env.cr.savepoint(),
                ):
                    Model = self.env[record._name].with_user(self.users[role])
                    call_kw(Model, name, [record.ids, *args], {})
            with self.subTest(role=role), self.assertRaises(AccessError):
                Run = self.env["crm.collection.run"].with_user(self.users[role])
                call_kw(Run, "action_run_now", [], {"kind": "letters"})

    def test_private_methods_are_private(self):
        """The engine is not reached through RPC, not even by a manager."""
        for model_name, name in (
            ("crm.collection.engine", "_allocate"),
            ("crm.collection.item", "_maintain"),
            ("crm.collection.item", "_mark_to_evaluate"),
            ("crm.collection.item", "_sync"),
            ("crm.collection.letter", "_create_due"),
            ("crm.collection.letter", "_issue"),
            ("crm.collection.letter", "_reset"),
            ("crm.collection.letter", "_set_sent"),
            ("crm.collection.letter", "_cancel"),
            ("crm.collection.run", "_cron_letters"),
            ("crm.collection.run", "_log_exception"),
            ("crm.collection.hold", "_close"),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                call_kw(self.env[model_name].with_user(self.users["manager"]), name, [[]], {})

    # === Fields of the engine === #

    def test_engine_fields_of_open_items(self):
        self._prepare()
        item = self.env["crm.collection.item"].search([], limit=1)
        for role in ("user", "approver", "manager"):
            for fname, value in ENGINE_FIELDS.items():
                with (
                    self.subTest(role=role, fname=fname),
                    self.assertRaises(AccessError),
                    self.env.cr.savepoint(),
                ):
                    Model = self.env[item._name].with_user(self.users[role])
                    call_kw(Model, "write", [item.ids, {"user_id": False, fname: value}], {})

    def test_engine_models_are_not_written(self):
        """Letters, their lines, runs and the history: nobody, whatever his role."""
        self._prepare()
        letter, allocation = (
            self._letters(),
            self.env["crm.collection.allocation"].search([("task_id", "!=", False)], limit=1),
        )
        run = self.env["crm.collection.run"].search([], limit=1)
        for record, vals in (
            (letter, {"state": "sent"}),
            (letter.line_ids, {"amount_residual": 1.0}),
            (allocation, {"reason": "Other"}),
            (allocation.task_id, {"state": "done"}),
            (run, {"state": "done"}),
            (run.line_ids[:1], {"message": "Fine"}),
        ):
            for role, user in self.users.items():
                with (
                    self.subTest(role=role, model=record._name),
                    mute_logger("odoo.addons.base.models.ir_model"),
                    self.assertRaises(AccessError),
                    self.env.cr.savepoint(),
                ):
                    call_kw(self.env[record._name].with_user(user), "write", [record.ids, vals], {})

    def test_history_is_not_written_by_the_superuser_either(self):
        """P4. Seen to fail with `write` of the allocation not overridden."""
        self._prepare()
        domain = [("task_id", "!=", False)]
        allocation = self.env["crm.collection.allocation"].sudo().search(domain, limit=1)
        task = allocation.task_id
        for action in (
            lambda: allocation.write({"reason": "Other"}),
            allocation.copy,
            allocation.unlink,
            lambda: allocation.create({"item_id": allocation.item_id.id}),
            lambda: task.write({"state": "done"}),
            task.copy,
            task.unlink,
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                action()

    def test_holds_are_ended_with_their_button(self):
        self._prepare()
        hold = self.env["crm.collection.hold"].search([], limit=1)
        for vals in (
            {"state": "ended"},
            {"date_closed": TODAY},
            {"user_id": self.users["user"].id},
        ):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                hold.with_user(self.users["user"]).write(vals)

    # === Context === #

    def test_context_opens_nothing(self):
        """Keys of the context that core or the module reads give no right."""
        self._prepare()
        letter = self._letters()
        item = self.env["crm.collection.item"].search([], limit=1)
        contexts = (
            {"su": True},
            {"install_mode": True},
            {"module": "crm_collection"},
            {"active_test": False},
            {"tracking_disable": True},
            {"crm_collection_new": True},
            {"crm_collection_companies_left": 3},
            {"allowed_company_ids": self.company.ids},
            {"default_state": "settled"},
            {"mail_activity_automation_skip": True},
        )
        for context in contexts:
            as_user = {"user": self.users["user"], "reader": self.users["auditor"]}
            with self.subTest(context=context):
                for record, user, vals in (
                    (item, as_user["user"], {"state": "settled"}),
                    (item, as_user["reader"], {"user_id": False}),
                    (letter, as_user["user"], {"state": "sent"}),
                    (self.phase_third, self.users["manager"], {"approval_state": "approved"}),
                ):
                    with (
                        mute_logger("odoo.addons.base.models.ir_model"),
                        self.assertRaises(AccessError),
                        self.env.cr.savepoint(),
                    ):
                        call_kw(
                            self.env[record._name].with_user(user),
                            "write",
                            [record.ids, vals],
                            {"context": context},
                        )

    # === Beside the models === #

    def test_fields_on_the_customer_are_for_accounting(self):
        for fname in ("collection_rule_id", "collection_user_id", "collection_item_ids"):
            with self.subTest(fname), self.assertRaises(AccessError):
                self.customer.with_user(self.users["outsider"]).read([fname])
            self.customer.with_user(self.users["auditor"]).read([fname])

    def test_customer_can_be_read_by_everybody(self):
        """The contact's form stays open to who has nothing to do with collections."""
        self._prepare()
        self.customer.with_user(self.users["outsider"]).read(["name", "email", "type"])

    def test_documents_of_letters(self):
        """The PDF of a letter is read by who reads the letter."""
        self.rule.step_ids.attach_pdf = True
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        attachment = self._letters().pdf_attachment_id
        self.assertTrue(attachment)
        self.assertTrue(attachment.with_user(self.users["auditor"]).raw)
        with self.assertRaises(AccessError):
            attachment.with_user(self.users["outsider"]).raw  # noqa: B018

    def test_menus(self):
        """The app is there for who may read it."""
        menu = self.env.ref("crm_collection.crm_collection_menu")
        for role in ROLES.keys() - {"portal"}:
            Menu = self.env["ir.ui.menu"].with_user(self.users[role])
            with self.subTest(role):
                self.assertEqual(menu.id in Menu._visible_menu_ids(), role != "outsider")

    def test_collection_user_can_read_invoices(self):
        """The role is enough to work: invoices of the portfolio can be opened."""
        move = self._create_overdue(5)
        self._allocate()
        item = self._items(move).with_user(self.users["user"])
        self.assertEqual(item.move_id.name, move.name)
        item.move_id.read(["name", "amount_residual", "collection_phase_id"])

    def test_collection_user_writes_no_accounting(self):
        move = self._create_overdue(5)
        with (
            mute_logger("odoo.addons.base.models.ir_model"),
            self.assertRaises(AccessError),
        ):
            move.with_user(self.users["user"]).write({"ref": "x"})
