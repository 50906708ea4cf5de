from contextlib import suppress

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common_access import ROLES, CrmCollectionAccessCommon, own_public_methods

# Who is not refused. A stranger has every role of the module in another company, and none in this.
STRANGER = frozenset(("stranger",))
EVERYBODY = frozenset(ROLES)
INSIDE = EVERYBODY - {"portal"}
READERS = INSIDE - {"outsider"}
USERS = frozenset(("user", "approver", "manager"))
APPROVERS = frozenset(("approver",))
MANAGERS = frozenset(("manager",))
# They answer with a screen to open: what it shows is up to the rights on what is shown.
ANYBODY = EVERYBODY | STRANGER

# Who may call each public method. Whether what he wants can be done is another question: nobody
# cancels a letter that was sent, and nobody approves what he asked for. Phases and rules of all
# companies, and wizards that are their creator's, are a stranger's, too.
ACTIONS = {
    ("account.move", "action_collection_hold"): READERS,
    ("account.move", "action_collection_maintain"): READERS,
    ("account.move", "action_open_collection_customer"): READERS,
    ("account.move", "action_log_contact"): READERS,
    ("account.move", "action_open_collection_items"): ANYBODY,
    ("crm.collection.address", "action_use_again"): USERS,
    ("crm.collection.aging", "action_open_item"): READERS,
    ("crm.collection.aging.open", "action_open"): READERS | STRANGER,
    ("crm.collection.aging.open", "action_print"): READERS | STRANGER,
    ("crm.collection.allocation.report", "action_open_allocation"): READERS,
    ("crm.collection.approval", "action_approve"): APPROVERS,
    ("crm.collection.approval", "action_ask_approve"): ANYBODY,
    ("crm.collection.approval", "action_ask_refuse"): ANYBODY,
    ("crm.collection.approval", "action_open_items"): READERS,
    ("crm.collection.approval", "action_refuse"): APPROVERS,
    ("crm.collection.approval", "get_facts_of"): ANYBODY,
    ("crm.collection.approval.decide", "action_decide"): READERS | STRANGER,
    ("crm.collection.approval.decision", "action_print"): READERS,
    ("crm.collection.approval.report", "action_print"): READERS | STRANGER,
    ("crm.collection.approval.rule", "action_open_requests"): ANYBODY,
    ("crm.collection.batch", "action_download"): READERS,
    ("crm.collection.batch", "action_mark_posted"): USERS,
    ("crm.collection.batch", "action_open_letters"): READERS,
    ("crm.collection.batch", "action_undo"): USERS,
    ("crm.collection.batch.post", "action_post"): USERS,
    ("crm.collection.cockpit", "get_cockpit"): READERS | STRANGER,
    ("crm.collection.cockpit", "get_collectors"): READERS | STRANGER,
    ("crm.collection.cockpit", "get_expected"): READERS | STRANGER,
    ("crm.collection.assign", "action_apply"): MANAGERS | STRANGER,
    ("crm.collection.assign", "action_undo"): MANAGERS | STRANGER,
    ("crm.collection.contact", "action_take_back"): USERS,
    ("crm.collection.contact", "action_undo"): USERS,
    ("crm.collection.customer", "action_open_customer"): READERS,
    ("crm.collection.assignment", "action_assign_now"): MANAGERS | STRANGER,
    ("crm.collection.contact", "action_answer"): USERS,
    ("crm.collection.contact", "action_dispute"): USERS,
    ("crm.collection.contact", "action_not_about_this"): USERS,
    ("crm.collection.contact", "action_note_answer"): USERS,
    ("crm.collection.contact", "action_promise"): USERS,
    ("crm.collection.contact.log", "action_log"): USERS | STRANGER,
    ("crm.collection.contact.report", "action_open_contact"): READERS,
    ("crm.collection.customer", "action_log_contact"): READERS,
    ("crm.collection.customer", "action_open_items"): READERS,
    ("crm.collection.task", "action_log_contact"): READERS,
    ("crm.collection.desk", "get_customer"): READERS | STRANGER,
    ("crm.collection.desk", "get_timeline"): READERS | STRANGER,
    ("crm.collection.desk", "get_work"): READERS | STRANGER,
    ("crm.collection.desk", "action_look"): READERS | STRANGER,
    ("crm.collection.desk", "action_put_aside"): USERS | STRANGER,
    ("crm.collection.desk", "action_take_up"): USERS | STRANGER,
    ("crm.collection.expected", "action_open_item"): READERS,
    ("crm.collection.forewarning", "action_customer"): READERS,
    ("crm.collection.forewarning", "action_hold"): USERS,
    ("crm.collection.forewarning", "action_open"): USERS | STRANGER,
    ("crm.collection.forewarning", "action_take_back"): USERS,
    ("crm.collection.forewarning.item", "action_hold"): USERS,
    ("crm.collection.fuse", "action_try_now"): USERS | STRANGER,
    ("crm.collection.golive", "action_allocate"): MANAGERS | STRANGER,
    ("crm.collection.golive", "action_apply"): MANAGERS | STRANGER,
    ("crm.collection.golive", "action_go_on"): MANAGERS | STRANGER,
    ("crm.collection.hand.over", "action_apply"): USERS | STRANGER,
    ("crm.collection.hand.over", "action_undo"): USERS | STRANGER,
    ("crm.collection.hold", "action_change"): USERS,
    ("crm.collection.hold", "action_lift"): USERS,
    ("crm.collection.hold", "action_resolve"): USERS,
    ("crm.collection.hold", "action_send_confirmation"): USERS,
    ("crm.collection.hold", "action_take_back"): USERS,
    ("crm.collection.hold.change", "action_confirm"): USERS | STRANGER,
    ("crm.collection.item", "action_hold"): READERS,
    ("crm.collection.item", "action_leave_out"): USERS,
    ("crm.collection.item", "action_log_contact"): READERS,
    ("crm.collection.item", "action_maintain"): ANYBODY,
    ("crm.collection.item", "action_open_customer"): READERS,
    ("crm.collection.item", "action_open_invoice"): READERS,
    ("crm.collection.item", "action_release_pin"): USERS,
    ("crm.collection.item", "action_send_letter"): ANYBODY,
    ("crm.collection.item", "action_take_in"): USERS,
    ("crm.collection.item", "action_undo_move"): USERS,
    ("crm.collection.item.hold", "action_apply"): USERS | STRANGER,
    ("crm.collection.item.maintain", "action_apply"): USERS | STRANGER,
    ("crm.collection.item.send", "action_send"): USERS | STRANGER,
    ("crm.collection.letter", "action_arrived"): USERS,
    ("crm.collection.letter", "action_book_charges"): {"invoicing"},
    ("crm.collection.letter", "action_cancel"): USERS,
    ("crm.collection.letter", "action_nobody_knows"): USERS,
    ("crm.collection.letter", "action_not_arrived"): USERS,
    ("crm.collection.letter", "action_open_charges"): READERS,
    ("crm.collection.letter", "action_open_mail"): ANYBODY,
    ("crm.collection.letter", "action_print_batch"): USERS,
    ("crm.collection.letter", "action_returned_to_sender"): USERS,
    ("crm.collection.letter", "action_print"): INSIDE | STRANGER,
    ("crm.collection.letter", "action_retry"): USERS,
    ("crm.collection.letter", "get_text_values"): READERS | STRANGER,
    ("crm.collection.text.preview", "action_open_pdf"): USERS | STRANGER,
    ("crm.collection.letter", "action_reverse"): USERS,
    ("crm.collection.letter", "action_undo"): USERS,
    ("crm.collection.letter", "action_undo_reversal"): USERS,
    ("crm.collection.letter.returned", "action_return"): USERS,
    ("crm.collection.letter.reverse", "action_reverse"): USERS,
    ("crm.collection.live", "action_go_on"): MANAGERS | STRANGER,
    ("crm.collection.holidays", "action_add"): frozenset(),  # working hours are administrators'
    ("crm.collection.phase", "action_approve"): APPROVERS | STRANGER,
    ("crm.collection.phase", "action_ask_approve"): APPROVERS | STRANGER,
    ("crm.collection.phase", "action_ask_refuse"): READERS | STRANGER,
    ("crm.collection.phase", "action_compare_anew"): MANAGERS | STRANGER,
    ("crm.collection.phase", "action_open_comparisons"): ANYBODY,
    ("crm.collection.phase", "action_open_items"): READERS | STRANGER,
    ("crm.collection.phase", "action_open_requests"): ANYBODY,
    ("crm.collection.phase", "action_refuse"): APPROVERS | STRANGER,
    ("crm.collection.phase", "action_request_approval"): MANAGERS | STRANGER,
    ("crm.collection.phase", "action_withdraw_approval"): MANAGERS | STRANGER,
    ("crm.collection.promise.send", "action_send"): USERS,
    ("crm.collection.report.wizard", "action_open_list"): READERS | STRANGER,
    ("crm.collection.report.wizard", "action_print"): READERS | STRANGER,
    ("crm.collection.retention.customer", "action_anonymise"): MANAGERS | STRANGER,
    ("crm.collection.retention.customer", "action_download"): MANAGERS | STRANGER,
    ("crm.collection.roll.rate", "action_open_allocation"): ANYBODY,
    ("crm.collection.rule", "action_simulate"): ANYBODY,
    ("crm.collection.rule", "action_view_customers"): READERS | STRANGER,
    ("crm.collection.run", "action_refresh"): ANYBODY,
    ("crm.collection.run", "action_run_now"): USERS | STRANGER,
    ("crm.collection.settings", "action_golive"): MANAGERS | STRANGER,
    ("crm.collection.settings", "action_open"): MANAGERS | STRANGER,
    ("crm.collection.simulate", "action_simulate"): USERS | STRANGER,
    ("crm.collection.statement.send", "action_send"): USERS | STRANGER,
    ("crm.collection.status", "get_status"): READERS | STRANGER,
    ("crm.collection.status.view", "action_open"): USERS | STRANGER,
    ("crm.collection.status.view", "action_open_start"): USERS | STRANGER,
    ("crm.collection.status.view", "action_refresh"): USERS | STRANGER,
    ("crm.collection.status.view.line", "action_open"): USERS | STRANGER,
    ("ir.actions.report", "get_crm_collection_pdf_engine"): ANYBODY,
    ("mail.activity", "action_collection_decide"): ANYBODY,
    ("res.partner", "action_open_collection_customer"): INSIDE | STRANGER,
    ("res.partner", "action_log_contact"): INSIDE | STRANGER,
    ("res.partner", "action_open_collection_items"): INSIDE | STRANGER,
    ("res.partner", "action_own_collection_rule"): MANAGERS | STRANGER,
    ("res.partner", "action_print_collection_statement"): INSIDE | STRANGER,
    ("res.partner", "action_send_collection_statement"): INSIDE | STRANGER,
}

ARGUMENTS = dict.fromkeys(("action_refuse", "action_approve", "action_lift"), ["Because"])
RECORDS = {"crm.collection.approval": [("state", "=", "pending"), ("kind", "=", "allocation")]}


@tagged("post_install", "-at_install")
class TestActionMatrix(CrmCollectionAccessCommon):
    """Every public method as every role and as a stranger, called as the web client does. One that
    is new fails here until somebody has decided who may call it.

    Seen to fail: with the group's check left out of `action_try_now` of the fuse, and with a public
    method added.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        second = cls.env(su=True)["res.company"].create({"name": "Second"})
        cls.users["stranger"] = new_test_user(
            cls.env(su=True),
            "stranger",
            groups="crm_collection.group_crm_collection_manager,"
            "crm_collection.group_crm_collection_approver",
            company_id=second.id,
            company_ids=[Command.set(second.ids)],
        )

    def test_every_method_is_in_the_table(self):
        methods = {
            (model_name, name)
            for model_name, name in own_public_methods()
            if name.startswith(("action_", "get_"))
        }
        self.assertEqual(methods, set(ACTIONS))

    def test_who_may_call_what(self):
        self._prepare()
        self._put_under_approval(self.phase_second)
        self.phase_second.with_user(self.manager).action_request_approval()
        for (model_name, name), expected in ACTIONS.items():
            answered = {
                role for role, user in self.users.items() if self._answers(model_name, name, user)
            }
            with self.subTest(model=model_name, method=name):
                self.assertEqual(answered, expected)

    def _answers(self, model_name, name, user):
        """Whether a method does anything but refuse; what it did is undone."""
        Model = self.env[model_name].with_user(user)
        is_bare = getattr(getattr(type(Model), name), "_api_model", False) or Model._abstract
        with (
            mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"),
            suppress(UserError),  # he may, and it makes no sense
        ):
            try:
                with self.env.cr.savepoint() as savepoint:
                    args = [] if is_bare else [self._get_record(Model, name).ids]
                    self.env.invalidate_all()  # what is in the cache is read without asking
                    call_kw(Model, name, [*args, *ARGUMENTS.get(name, ())], {})
                    savepoint.rollback()
            except (AccessError, MissingError):
                return False
            finally:
                self.env.invalidate_all()
        return True

    def _get_record(self, Model, name):
        """:return: what the method is called on: a record of the company; a wizard is the caller's
        own"""
        if Model._name == "crm.collection.status.view.line":
            return (
                self.env["crm.collection.status.view"].with_env(Model.env).create({}).line_ids[:1]
            )
        if Model._transient:
            return Model.create(self._prepare_wizard(Model._name))
        waits = name in ("action_request_approval", "action_withdraw_approval")
        special = {
            "account.move": self._letters().line_ids.item_id.move_id[:1],
            "res.partner": self.customer,
            "crm.collection.phase": self.phase_third if waits else self.phase_second,
        }
        return special.get(Model._name) or Model.sudo().search(
            RECORDS.get(Model._name, []), limit=1
        )
