from markupsafe import Markup

from odoo import models
from odoo.tools import format_date

from ..portfolio.item import MAX_NAMES
from . import task_queries


class CrmCollectionTask(models.Model):
    """How a task is told to who does it."""

    _inherit = "crm.collection.task"

    def _put_on_lists(self, items):
        """Put these on the lists of those who do them, in one go.

        :param dict items: {task: the items it is about}
        """
        self.mapped("display_name")  # asked for one by one otherwise
        vals_list = [task._prepare_list_entry(task.user_id, items[task]) for task in self]
        # other people's lists, and no mail for each
        Activity_sudo = self.env["mail.activity"].sudo()
        Activity_sudo.with_context(mail_activity_quick_update=True).create(vals_list)

    def _prepare_list_entry(self, user, items, note=None):
        told = self.with_context(lang=user.lang)
        kind = self.activity_kind_id or self.step_id.activity_type_id
        return {
            "activity_type_id": kind.id,
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
            "user_id": user.id,
            "automated": True,
            "date_deadline": self.date,
            "summary": told.phase_id.name,
            "note": (note or Markup()) + told._describe_items(items),
        }

    def _describe_items(self, items):
        # a slice of records would be read by itself
        names = [item.name or "" for item in items][:MAX_NAMES]
        more = len(items) - len(names)
        text = ", ".join(names)
        if more:
            text = self.env._("%(items)s and %(number)s more", items=text, number=more)
        return Markup("<p>%s</p>") % text

    def _tell_joined(self, items, today):
        """Further items joined these: their notes say so.

        :param dict items: {task: the items that joined}
        """
        notes = {}
        for entry in self._get_list_entries():
            task = self.browse(entry.res_id).with_context(lang=entry.user_id.lang)
            day = format_date(task.env, today)
            told = Markup("<p>%s</p>") % task.env._("Since %s also:", day)
            notes[entry.id] = told + task._describe_items(items[task])
        if notes:
            self.env["mail.activity"].flush_model(["note"])
            self.env.cr.execute(task_queries.add_notes(notes))
            self.env["mail.activity"].invalidate_model(["note"], flush=False)
