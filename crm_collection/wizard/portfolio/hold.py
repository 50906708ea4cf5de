from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...models.portfolio.promise_plan import EVERY, MOST_PARTS
from ...tools.arguments import check_one
from ...tools.done import get_done
from ...tools.text import get_names


class CrmCollectionItemHold(models.TransientModel):
    """A hold of several open items, and nothing else of their customers is held: one for each that
    was chosen; of promises one for each customer, about all of his, in parts if he pays so."""

    _name = "crm.collection.item.hold"
    _inherit = "crm.collection.item.selection"
    _description = "Hold Open Items"

    kind = fields.Selection(
        selection=lambda self: self._selection_kind(), required=True, default="block"
    )
    reason = fields.Char(required=True)
    date_until = fields.Date(
        string="Until",
        default=lambda self: self._default_date_until(),
        help="Last day of the hold, or the day the payment is promised for. Empty: until lifted.",
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="What is promised, or disputed, of all the items together. 0: all that is owed.",
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency", compute="_compute_scope", compute_sudo=False
    )
    company_id = fields.Many2one(
        comodel_name="res.company", compute="_compute_scope", compute_sudo=False
    )
    is_one_customer = fields.Boolean(compute="_compute_scope", compute_sudo=False)
    part_count = fields.Integer(
        string="Parts", default=1, help="In how many parts it is paid; each has a day of its own."
    )
    date_first = fields.Date(string="First Part by")
    every = fields.Selection(selection=EVERY, default="month", required=True)
    part_ids = fields.One2many(
        comodel_name="crm.collection.item.hold.part",
        inverse_name="wizard_id",
        string="Payment Plan",
        compute="_compute_part_ids",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    dispute_reason_id = fields.Many2one(
        comodel_name="crm.collection.dispute.reason",
        string="Reason of the Dispute",
        domain="[('company_id', 'in', (False, company_id))]",
    )
    owner_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Who is to resolve the dispute. Empty: the collector.",
    )
    date_due = fields.Date(string="To Be Resolved by")
    item_count = fields.Integer(compute="_compute_totals", compute_sudo=False)
    customer_names = fields.Char(string="Customers", compute="_compute_totals", compute_sudo=False)
    other_count = fields.Integer(
        string="Other Open Items",
        compute="_compute_totals",
        compute_sudo=False,
        help="What their customers owe besides: it is not held.",
    )

    @api.model
    def _default_date_until(self, kind=None):
        """:return: the last day that who may not hold without an end may choose; of a promise none:
        the day is the customer's to say"""
        kind = kind or self.env.context.get("default_kind") or "block"
        offered = self.env["crm.collection.hold"]._get_offered(kind, self.env.company)
        return offered.get("date_until")

    @api.onchange("kind")
    def _onchange_kind(self):
        """What is offered goes with the kind; a day that was chosen stays."""
        held_until = self._default_date_until("block")
        if self.kind == "promise" and self.date_until == held_until:
            self.date_until = False
        elif self.kind != "promise":
            self.date_until = self.date_until or held_until

    @api.model
    def _selection_kind(self):
        return self.env["crm.collection.hold"]._fields["kind"]._description_selection(self.env)

    @api.depends("item_ids")
    def _compute_totals(self):
        for wizard in self:
            items = wizard._get_items()
            wizard.item_count = len(items)
            wizard.customer_names = get_names(items.partner_id)
            wizard.other_count = items.search_count(
                [
                    ("partner_id", "in", items.partner_id.ids),
                    ("company_id", "in", items.company_id.ids),
                    ("state", "=", "open"),
                    ("id", "not in", items.ids),
                ]
            )

    @api.depends("item_ids")
    def _compute_scope(self):
        for wizard in self:
            items = wizard._get_items()
            wizard.company_id = items.company_id if len(items.company_id) == 1 else False
            wizard.currency_id = items.company_id[:1].currency_id
            wizard.is_one_customer = len(items.company_id) == len(items.partner_id) == 1

    @api.depends("item_ids", "kind", "part_count")
    def _compute_amount(self):
        """What is paid in parts is an amount: all that is owed, unless another one was said."""
        for wizard in self:
            amount = wizard.amount if wizard.kind != "block" else 0.0
            if wizard.kind == "promise" and wizard.part_count > 1 and not amount:
                amount = self.env["crm.collection.hold"]._get_amount_owed(wizard._get_items())
            wizard.amount = amount

    @api.depends("kind", "amount", "part_count", "date_first", "every", "is_one_customer")
    def _compute_part_ids(self):
        """Equal parts, as long as nobody says otherwise."""
        for wizard in self:
            parts = wizard._offer_parts() if wizard._is_plan() else []
            wizard.part_ids = [
                Command.clear(),
                *(Command.create({"date": day, "amount": amount}) for day, amount in parts),
            ]

    def _is_plan(self):
        return self.kind == "promise" and self.is_one_customer and self.part_count > 1

    def _offer_parts(self):
        count = min(self.part_count, MOST_PARTS)
        if not (self.date_first and self.amount > 0):
            return []
        return self.env["crm.collection.hold"]._offer_parts(
            self.amount, count, self.date_first, self.every, self.currency_id
        )

    def action_apply(self):
        """Hold the items."""
        check_one(self)
        items = self._get_items()
        if not items:
            raise UserError(self.env._("There is no open item to hold."))
        holds = self._hold_items(items)
        said = self.env._("On hold: %s", holds._get_short_name())
        return get_done(said, holds, "action_take_back")

    def _hold_items(self, items):
        """:return: the holds: one promise for each customer of the items, else one for each item"""
        vals_list = (
            self._prepare_promises(items)
            if self.kind == "promise"
            else [
                {"item_id": item.id, **self._prepare_hold(), **self._prepare_dispute(items)}
                for item in items
            ]
        )
        return self.env["crm.collection.hold"].create(vals_list)

    def _prepare_hold(self):
        return {"kind": self.kind, "reason": self.reason, "date_until": self.date_until}

    def _prepare_dispute(self, items):
        """The amount is that of a single item; each of several is disputed as a whole."""
        if self.kind != "dispute":
            return {}
        return {
            "amount": self.amount if len(items) == 1 else 0.0,
            "dispute_reason_id": self.dispute_reason_id.id,
            "owner_id": self.owner_id.id,
            "date_due": self.date_due,
        }

    def _prepare_promises(self, items):
        """:return: values of a promise for each customer of the items"""
        groups = items.grouped(lambda item: (item.company_id, item.partner_id)).values()
        vals = self._prepare_hold()
        if len(groups) == 1:
            vals["amount"] = self.amount
        if self._is_plan():
            if len(self.part_ids) < 2:
                raise UserError(self.env._("Say when the parts are paid."))
            vals["part_ids"] = [
                Command.create({"date": part.date, "amount": part.amount}) for part in self.part_ids
            ]
        return [{**vals, "item_ids": [Command.set(group.ids)]} for group in groups]
