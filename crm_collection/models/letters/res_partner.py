from odoo import models

from ..portfolio import collector_queries

# Written already, and not on their way: who signs them is read when they leave.
WAITING_STATES = ("to_send", "to_print", "no_address", "blacklisted", "failed")


class ResPartner(models.Model):
    """Letters that have not left follow their customer's collector, as his items do."""

    _inherit = "res.partner"

    def _get_collection_worked(self):
        scope = (WAITING_STATES, self.env.company.id, self.ids)
        worked = super()._get_collection_worked()
        rows = self.env.execute_query(collector_queries.worked("crm_collection_letter", *scope))
        return {**worked, "crm.collection.letter": dict(rows)}

    def _hand_over_collection(self, old, new, everyone=False):
        super()._hand_over_collection(old, new, everyone)
        self.env.cr.execute(
            collector_queries.hand_over(
                *("crm_collection_letter", WAITING_STATES, self.env.company.id, self.ids),
                *(old.id or None, new.id or None, self.env.uid, everyone),
            )
        )
        self.env["crm.collection.letter"].invalidate_model(["user_id"], flush=False)
