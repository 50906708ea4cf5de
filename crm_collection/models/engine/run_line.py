from odoo import fields, models

from ..portfolio.item import BLOCKERS


class CrmCollectionRunLine(models.Model):
    """What a run did or could not do: moves by phase, items held back by reason, exceptions."""

    _name = "crm.collection.run.line"
    _description = "Collection Run Line"
    _order = "run_id desc, kind, id"

    run_id = fields.Many2one(
        comodel_name="crm.collection.run",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    kind = fields.Selection(
        selection=[
            ("moved", "Moved"),
            ("letter", "Letters"),
            ("held", "Held back"),
            ("exception", "Exception"),
        ],
        required=True,
        readonly=True,
    )
    phase_from_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="From", readonly=True, ondelete="set null"
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="To", readonly=True, ondelete="set null"
    )
    blocker = fields.Selection(
        selection=[
            *BLOCKERS,
            ("credit", "Covered by open credits"),
            ("quiet", "Quiet period"),
            ("contacts", "Contacts of the week"),
            ("waiting", "A letter waits for an address or a mail server"),
        ],
        string="Reason",
        readonly=True,
    )
    message = fields.Char(readonly=True)
    is_task = fields.Boolean(readonly=True, help="Somebody has it on his list.")
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True, ondelete="set null"
    )
    item_id = fields.Many2one(
        comodel_name="crm.collection.item", string="Open Item", readonly=True, ondelete="set null"
    )
    count = fields.Integer(readonly=True)
    amount = fields.Monetary(currency_field="company_currency_id", readonly=True)
