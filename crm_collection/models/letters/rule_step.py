from odoo import fields, models

from . import date_queries

RESEND_FIELDS = {"resend_interval", "resend_unit", "resend_max"}


class CrmCollectionRuleStep(models.Model):
    """By which channel its letters go, and what another interval does to those that are to come."""

    _inherit = "crm.collection.rule.step"

    channel = fields.Selection(
        selection=lambda self: self.env["crm.collection.letter"]._selection_channel(),
        help="By which the letter goes. Empty: as the phase says.",
    )

    def write(self, vals):
        """Items that had their letter are asked again as the step says from now on."""
        result = super().write(vals)
        if not RESEND_FIELDS.isdisjoint(vals):
            self._reschedule_letters()
        return result

    def _reschedule_letters(self):
        self.env.flush_all()
        open_items = date_queries.open_items_of_steps(self.ids)
        working_days = self.env["res.company"]._get_collection_due_days_by_company()
        self.env.cr.execute(date_queries.reschedule(open_items, self.env.uid, working_days))
        self.env["crm.collection.item"].invalidate_model(["date_next_letter"], flush=False)
