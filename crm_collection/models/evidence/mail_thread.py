from odoo import api, models

from odoo.addons.mail.tools.discuss import Store

CONCERNED = ("account.move", "res.partner", "crm.collection.item", "crm.collection.phase")


class MailThread(models.AbstractModel):
    """What is on record is told, and in the system's name by the system alone.

    A request shows in the chatter of everything it concerns, with its buttons.

    Invoices, customers, items and phases have no activity of their own for it: the chatter is
    sent that of the request.
    """

    _inherit = "mail.thread"

    @api.model_create_multi
    def create(self, vals_list):
        """What is on record is told from its beginning: see :meth:`_with_tracking`."""
        return super(MailThread, self._with_tracking()).create(vals_list).with_env(self.env)

    def write(self, vals):
        """What changes on record is told: see :meth:`_with_tracking`."""
        return super(MailThread, self._with_tracking()).write(vals)

    def _with_tracking(self):
        """Return these so that who changes what is on record is told, whatever a caller from
        outside says."""
        untold = {"tracking_disable", "mail_notrack", "mail_create_nolog"} & self.env.context.keys()
        if not untold or self.env.su or not self._is_evidence_chatter():
            return self
        return self.with_context(**dict.fromkeys(untold, False))

    @api.model
    def _is_evidence_chatter(self):
        return self._name in self.env["crm.collection.evidence"]._get_evidence_chatters()

    def message_notify(self, *, model=False, res_id=False, **kwargs):
        """About a record of this module it is told from its own chatter, with what holds there."""
        if not self and res_id and model in self.env["crm.collection.thread"]._get_chatters():
            return self.env[model].browse(res_id).message_notify(**kwargs)
        return super().message_notify(model=model, res_id=res_id, **kwargs)

    def _get_allowed_message_params(self):
        # EXTENDS 'mail': what the web client posts is a comment
        allowed = super()._get_allowed_message_params()
        recorded = self._is_evidence_chatter() or self._name == "account.move"
        return allowed - {"message_type"} if recorded else allowed

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
