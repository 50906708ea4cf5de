from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

from . import promise_queries

_lt = LazyTranslate(__name__)


class CrmCollectionHoldPart(models.Model):
    """One part of a promise that is to be paid in parts: so much by that day.

    What is paid fills the parts first to last. A part that is not paid by its last day breaks the
    promise (:mod:`.promise_queries`). Nothing of it is in accounting: the open items stay as they
    are. Parts are made with their promise, and stay on record with it.
    """

    _name = "crm.collection.hold.part"
    _inherit = ["crm.collection.evidence"]
    _description = "Part of a Payment Plan"
    _order = "date, id"
    _rec_name = "date"
    _evidence_refusals = {
        "create": _lt("The parts of a promise are said when it is made."),
        "write": _lt("A payment plan is on record. Lift it, and agree on another one."),
        "unlink": _lt("A payment plan is on record. Lift it, and agree on another one."),
    }
    _evidence_system = True
    _evidence_error = UserError

    hold_id = fields.Many2one(
        comodel_name="crm.collection.hold",
        string="Promise",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="hold_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="hold_id.currency_id")
    date = fields.Date(required=True)
    amount = fields.Monetary(aggregator=None, required=True)
    amount_paid = fields.Monetary(
        string="Paid",
        aggregator=None,
        compute="_compute_state",
        help="What was paid since the promise fills the parts first to last.",
    )
    state = fields.Selection(
        selection=[("open", "Open"), ("paid", "Paid"), ("missed", "Missed")],
        compute="_compute_state",
    )

    _date_uniq = models.Constraint("UNIQUE(hold_id, date)", "Each part has a day of its own.")
    _amount_positive = models.Constraint("CHECK(amount > 0)", "A part has an amount.")

    def _compute_state(self):
        """As the promise is judged."""
        self.env["crm.collection.hold"]._flush_money()
        told = {}
        for company, parts in self.grouped("company_id").items():
            query = promise_queries.parts(parts.ids, company._get_collection_today())
            told |= {row[0]: row[1:] for row in self.env.execute_query(query)}
        for part in self:
            part.amount_paid, part.state = told.get(part.id, (0.0, "open"))

    @api.model
    def _is_default_own(self, _fname):
        # EXTENDS 'crm.collection.evidence': nobody makes one by himself
        return True
