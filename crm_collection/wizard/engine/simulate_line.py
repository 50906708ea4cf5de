from odoo import fields, models

from ...models.portfolio.item import BLOCKERS


class CrmCollectionSimulateLine(models.TransientModel):
    """One thing the jobs would do, or would not and why."""

    _name = "crm.collection.simulate.line"
    _description = "Collection Simulation Line"

    wizard_id = fields.Many2one(
        comodel_name="crm.collection.simulate", required=True, ondelete="cascade", index=True
    )
    kind = fields.Selection(
        selection=[
            ("move", "Moves"),
            ("proposed", "Is proposed"),
            ("letter", "Gets a letter"),
            ("task", "Is somebody's task"),
            ("held", "Held back"),
        ],
        required=True,
    )
    item_id = fields.Many2one(comodel_name="crm.collection.item", ondelete="cascade")
    name = fields.Char(string="Open Item")
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", ondelete="cascade")
    days = fields.Integer(string="Days Overdue", aggregator="max")
    channel = fields.Selection(
        selection=lambda self: self.env["crm.collection.letter"]._selection_channel(),
        help="By which the letter would go. Empty: it would reach nobody.",
    )
    amount = fields.Monetary(currency_field="company_currency_id")
    credit = fields.Monetary(
        string="Open Credits",
        currency_field="company_currency_id",
        help="Of the customer, as far as the letter takes them off: they pay what was due first.",
    )
    charges = fields.Monetary(string="Fine and Interest", currency_field="company_currency_id")
    asked = fields.Monetary(
        string="Asked for",
        currency_field="company_currency_id",
        help="What the letter would ask for, in company currency, at the rate each item is booked "
        "at.",
    )
    company_currency_id = fields.Many2one(related="wizard_id.company_currency_id")
    count = fields.Integer(string="Open Items")
    phase_from_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="From Phase", ondelete="cascade"
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", string="To Phase", ondelete="cascade"
    )
    rule_id = fields.Many2one(
        comodel_name="crm.collection.rule", string="Sending Rule", ondelete="cascade"
    )
    blocker = fields.Selection(selection=BLOCKERS, string="Held Back by")
    activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type", string="What to Do", ondelete="cascade"
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        ondelete="cascade",
        help="Rules of assignment have given collectors to customers without one.",
    )
    date = fields.Date(string="To Be Done by")
    date_leave = fields.Date(
        string="Leaves on",
        help="Where that is a later day: when the letter is written, the sending hours of whoever "
        "gets it are over. It is decided anew on that day.",
    )
