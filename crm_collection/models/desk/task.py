from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date

from ...tools.arguments import check_one
from . import task_queries

# Which kinds of activity a contact is: by the category of their type.
CATEGORIES = {"call": "phonecall", "meeting": "meeting"}
EMAIL_TYPE = "mail.mail_activity_data_email"


class CrmCollectionTask(models.Model):
    """A task to call is done by logging the call: what came of it is the contact's outcome."""

    _inherit = "crm.collection.task"

    contact_id = fields.Many2one(
        comodel_name="crm.collection.contact",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The contact it was done by.",
    )
    outcome_id = fields.Many2one(related="contact_id.outcome_id")

    # === Actions === #

    def action_log_contact(self):
        """Open the dialog that logs a call about what is left of the task."""
        partner = check_one(self).partner_id
        return self.env["crm.collection.contact"]._open_log(self.item_ids or partner, partner)

    # === Doing === #

    @api.model
    def _end_by_contact(self, contact):
        """The open tasks that a contact was about are done by it: those of its kind, about one of
        its items, or about any of the customer's where it names none."""
        kinds = self._get_kinds_of(contact.channel)
        if not kinds:
            return
        self.flush_model()
        query = task_queries.about(
            contact.company_id.id, contact.partner_id.id, contact.item_ids.ids, kinds.ids
        )
        tasks = self.browse(row[0] for row in self.env.execute_query(query))
        tasks._end("done", contact_id=contact.id, feedback=contact.note)
        tasks._get_list_entries().unlink()

    @api.model
    def _get_kinds_of(self, channel):
        """:return: the types of activity that a contact of a channel does"""
        Type_sudo = self.env["mail.activity.type"].sudo().with_context(active_test=False)
        if channel == "email":
            return self.env.ref(EMAIL_TYPE, raise_if_not_found=False) or Type_sudo
        if channel not in CATEGORIES:
            return Type_sudo
        return Type_sudo.search([("category", "=", CATEGORIES[channel])])

    def _open_again(self):
        """What was done by a contact that was logged by mistake is to be done; what nothing is
        left of is not needed any more."""
        tasks_sudo = self.sudo()
        left = tasks_sudo.filtered("item_ids")
        undone = {"done_by_id": False, "contact_id": False, "feedback": False}
        (tasks_sudo - left)._write_evidence({**undone, "state": "dropped"})
        for task in left:
            # beside one for what entered since, which has the key of the customer
            key = {"customer_key": -task.id}
            task._write_evidence({**undone, **key, "state": "open", "date_done": False})
        left._put_on_lists({task: task.item_ids for task in left})

    # === Escalating === #

    def _put_on_other_lists(self):
        """Give these to those to whom they escalated, too, with a note who had them."""
        vals_list = []
        self.mapped("display_name")  # asked for one by one otherwise
        for task in self:
            user = task.escalated_to_id
            told = task.with_context(lang=user.lang)
            note = Markup("<p>%s</p>") % told.env._(
                "%(user)s had this to do by %(day)s.",
                user=task.user_id.name,
                day=format_date(told.env, task.date),
            )
            vals_list.append(task._prepare_list_entry(user, task.item_ids, note))
        Activity_sudo = self.env["mail.activity"].sudo()
        Activity_sudo.with_context(mail_activity_quick_update=True).create(vals_list)
