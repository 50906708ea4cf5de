from odoo import api, fields, models
from odoo.fields import Domain

LINE_STATES = [
    ("pending", "Waiting"),
    ("approved", "Approved"),
    ("refused", "Refused"),
    ("withdrawn", "Withdrawn"),
]
# In which lines an item waits; in SQL: ``queries.line_waits``.
WAITING = Domain("state", "=", "pending")
REASONS_WITHDRAWN = [
    ("left", "Settled, cancelled or changed in accounting"),
    ("moved", "Moved to another phase"),
    ("not_reached", "The rule does not ask for the phase any more"),
    ("not_allowed", "Could not enter the phase when it was approved"),
    ("superseded", "Another request took its place"),
]


class CrmCollectionApprovalLine(models.Model):
    """An item that waits in a request to enter a phase; an item waits in one request at most."""

    _name = "crm.collection.approval.line"
    _description = "Item Awaiting Approval"
    _order = "date_maturity, id"

    approval_id = fields.Many2one(
        comodel_name="crm.collection.approval",
        string="Request",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    item_id = fields.Many2one(
        comodel_name="crm.collection.item",
        string="Open Item in Collection",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True, required=True)
    name = fields.Char(string="Open Item", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max", help="When it was asked for.")
    phase_from_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="From", readonly=True, ondelete="restrict"
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="To", readonly=True, ondelete="restrict"
    )
    rule_id = fields.Many2one(
        comodel_name="crm.collection.rule", readonly=True, ondelete="set null"
    )
    step_id = fields.Many2one(
        comodel_name="crm.collection.rule.step", readonly=True, ondelete="set null"
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    amount = fields.Monetary(
        string="Owed when Asked", currency_field="company_currency_id", readonly=True
    )
    amount_currency = fields.Monetary(string="Owed when Asked in Currency", readonly=True)
    amount_residual = fields.Monetary(
        related="item_id.amount_residual",
        string="Owed Now at Booked Rates",
        currency_field="company_currency_id",
    )
    send_letter = fields.Boolean(readonly=True)
    pinned = fields.Boolean(readonly=True)
    state = fields.Selection(selection=LINE_STATES, required=True, readonly=True)
    reason_out = fields.Selection(
        selection=REASONS_WITHDRAWN, string="Why Withdrawn", readonly=True
    )
    note = fields.Char(readonly=True)
    date_phase = fields.Date(related="item_id.date_phase", string="In Phase Since")
    letter_total = fields.Integer(
        aggregator=None, compute="_compute_letters", string="Letters So Far"
    )
    date_last_letter = fields.Date(compute="_compute_letters")

    _pending_uniq = models.UniqueIndex(
        "(item_id) WHERE state = 'pending'", "An item waits in one request at a time."
    )

    @api.depends("item_id.letter_line_ids")
    def _compute_letters(self):
        for line in self:
            letters = line.item_id.letter_line_ids.letter_id.filtered(
                lambda letter: letter.state != "cancelled"
            )
            line.letter_total = len(letters)
            line.date_last_letter = max(letters.mapped("date"), default=False)

    def _get_letter_template(self):
        """:return: the letter the item gets for entering the phase, empty for none"""
        self.ensure_one()
        if not self.send_letter:
            return self.env["mail.template"]
        today = self.approval_id.company_id._get_collection_today()
        return self.phase_id._get_letter(self.step_id, self.item_id.partner_id, today)
