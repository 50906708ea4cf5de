from odoo import models

from odoo.addons.mail.tools.discuss import Store

CONCERNED = ("account.move", "res.partner", "crm.collection.item", "crm.collection.phase")


class MailThread(models.AbstractModel):
    """A request shows in the chatter of everything it concerns, with its buttons.

    Invoices, customers, items and phases have no activity of their own for it: the chatter is
    sent that of the request.
    """

    _inherit = "mail.thread"

    def message_notify(self, *, model=False, res_id=False, **kwargs):
        """About a record of this module it is told from its own chatter, with what holds there."""
        if not self and res_id and model in self.env["crm.collection.thread"]._get_chatters():
            return self.env[model].browse(res_id).message_notify(**kwargs)
        return super().message_notify(model=model, res_id=res_id, **kwargs)

    def _thread_to_store(self, store, fields, *, request_list=None):
        super()._thread_to_store(store, fields, request_list=request_list)
        if self._name not in CONCERNED or "activities" not in (request_list or []):
            return
        # portal and public users read threads as superuser: what shows is the user's own right
        Approval = self.env["crm.collection.approval"].sudo(False)
        for thread in self:
            if approvals := Approval._get_pending_of(thread):
                activities, bare = approvals._get_shown_activities()
                own = thread.with_context(active_test=True).activity_ids
                values = {
                    "activities": Store.Many(own | activities),
                    "collection_approvals": [approval._get_facts() for approval in bare],
                }
            else:
                values = {"collection_approvals": []}
            store.add(thread, values, as_thread=True)
