from odoo import models

from odoo.addons.mail.tools.discuss import Store

CONCERNED = ("account.move", "res.partner", "crm.collection.item", "crm.collection.phase")


class MailThread(models.AbstractModel):
    """A request shows in the chatter of everything it concerns, with its buttons.

    Invoices, customers, titles and phases have no activity of their own for it: the chatter is
    sent that of the request.
    """

    _inherit = "mail.thread"

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
