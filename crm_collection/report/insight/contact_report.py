from odoo import fields, models

from ...models.desk.contact import CHANNELS
from ...tools.arguments import check_one
from ...tools.figures import OptionalFloat
from . import contact_queries


class CrmCollectionContactReport(models.Model):
    """What comes of contacts: how many, how often somebody was reached who can decide, and what
    was paid after them.

    Beside the contacts and not on them: what was paid is told by the ledger and changes with every
    payment, and a contact is evidence that never does. Those taken back are none. Read only; the
    company rule applies. A row is one contact with a rate of 0, 100 or none: the mean of any group
    is its rate.
    """

    _name = "crm.collection.contact.report"
    _description = "Results of Collection Contacts"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "contact_id"
    _depends = {
        "crm.collection.contact": [
            *("company_id", "partner_id", "user_id", "date", "channel", "direction"),
            *("outcome_id", "phase_id", "is_reached", "state", "item_ids"),
        ],
        "crm.collection.item": ["company_id", "partner_id"],
        "crm.collection.settlement": ["item_id", "date", "amount", "kind", "reversal_of_id"],
        "res.company": ["collection_attribution_days", "collection_tz"],
        "res.partner": ["commercial_partner_id"],
    }

    contact_id = fields.Many2one(comodel_name="crm.collection.contact", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    partner_id = fields.Many2one(comodel_name="res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one(comodel_name="res.users", string="Collector", readonly=True)
    date = fields.Datetime(readonly=True)
    channel = fields.Selection(selection=CHANNELS, readonly=True)
    direction = fields.Selection(
        selection=[("out", "We called or wrote"), ("in", "The customer did")], readonly=True
    )
    state = fields.Selection(
        selection=[("waiting", "To be answered"), ("done", "Done")], readonly=True
    )
    outcome_id = fields.Many2one(comodel_name="crm.collection.outcome", readonly=True)
    phase_id = fields.Many2one(comodel_name="crm.collection.phase", readonly=True)
    is_reached = fields.Boolean(string="Customer Reached", readonly=True)
    contact_count = fields.Integer(string="Contacts", readonly=True)
    attempt_count = fields.Integer(string="Attempts", readonly=True, help="Contacts that we began.")
    reached_count = fields.Integer(
        string="Reached", readonly=True, help="Attempts that reached somebody who can decide."
    )
    reached_rate = OptionalFloat(
        string="Reached (%)",
        digits=(16, 1),
        aggregator="avg",
        readonly=True,
        help="Right-party contacts: of all attempts, those that reached somebody who can decide "
        "about the payment.",
    )
    amount_paid = fields.Monetary(
        string="Paid After",
        currency_field="company_currency_id",
        readonly=True,
        help="Payments of what it was about within the company's days of attribution (Settings), "
        "less those returned. A payment belongs to the last contact that reached somebody.",
    )

    # === SQL === #

    @property
    def _table_query(self):
        return contact_queries.contacts()

    # === Actions === #

    def action_open_contact(self):
        """The contact itself, with what was agreed on."""
        check_one(self)
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.collection.contact",
            "res_id": self.contact_id.id,
            "view_mode": "form",
        }
