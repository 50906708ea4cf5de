from odoo import models

TASK = "crm.collection.task"


class MailActivity(models.Model):
    """What becomes of the activity that has a task on somebody's list is written on the task.

    A task does not hang on it: one that the system took off a list (of who was archived, say) is
    put on one again by the allocation job.
    """

    _inherit = "mail.activity"

    def _get_collection_tasks(self):
        """:return: in sudo, the open tasks that these have on somebody's list; who may not write on
        the activity is refused by core"""
        own = self.sudo().filtered(lambda one: one.res_model == TASK and one.automated)
        if not own:
            return self.env[TASK].sudo()
        tasks_sudo = self.env[TASK].sudo().browse(own.mapped("res_id")).exists()
        return tasks_sudo.filtered(lambda task: task.state == "open")

    def _action_done(self, feedback=False, attachment_ids=None):
        # EXTENDS 'mail': done by one, it is off the list of whoever else had it
        tasks_sudo = self._get_collection_tasks()
        tasks_sudo._end("done", feedback=feedback)
        result = super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
        (tasks_sudo._get_list_entries() - self).unlink()
        return result

    def write(self, vals):
        """EXTENDS 'mail': a task is whose list it is on; taken off every list it is not done"""
        is_archived = vals.get("active") is False
        if not is_archived and not vals.get("user_id"):
            return super().write(vals)
        tasks_sudo = self._get_collection_tasks()
        before = {one.res_id: one.user_id for one in self.sudo()} if tasks_sudo else {}
        activities = self
        if tasks_sudo and not is_archived:
            self.check_access("write")
            activities = self.sudo()  # core has who gets it follow the task, which nobody writes
        result = super(MailActivity, activities).write(vals)
        if is_archived:
            tasks_sudo._cancel_unlisted()
        elif tasks_sudo:
            # whoever it escalated to gives on what is his, and the task stays the other's
            mine = tasks_sudo.filtered(lambda task: before[task.id] == task.user_id)
            mine._write_evidence({"user_id": vals["user_id"]})
        return result

    def unlink(self):
        """EXTENDS 'mail': what a person takes off every list is not done"""
        tasks_sudo = self._get_collection_tasks()
        result = super().unlink()
        if not self.env.su:
            tasks_sudo._cancel_unlisted()
        return result
