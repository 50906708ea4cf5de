from odoo import fields, models


class CrmCollectionAllocation(models.Model):
    """What came of the task that an allocation led to."""

    _inherit = "crm.collection.allocation"

    task_outcome_id = fields.Many2one(related="task_id.outcome_id", string="Outcome of the Task")
