from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import float_compare

from ...tools.arguments import get_day

PART = "crm.collection.hold.part"
MOST_PARTS = 120
STEPS = {
    "week": relativedelta(weeks=1),
    "fortnight": relativedelta(weeks=2),
    "month": relativedelta(months=1),
}
EVERY = [("week", "Week"), ("fortnight", "2 Weeks"), ("month", "Month")]


class CrmCollectionHold(models.Model):
    """A promise to pay in parts, each by a day of its own: it is for all of them, until the last
    one's day, and made with them. It ends with the first part that is missed."""

    _inherit = "crm.collection.hold"

    part_ids = fields.One2many(
        comodel_name=PART,
        inverse_name="hold_id",
        string="Parts",
        readonly=True,
        copy=False,
        help="What is to be paid by which day. Empty: all of it by the promised day.",
    )

    # === ORM overrides === #

    @api.model_create_multi
    def create(self, vals_list):
        """Parts come with the promise and with nothing else; they say its day and its amount.

        :raise UserError: they are none that a promise can have
        """
        vals_list = [dict(vals) for vals in vals_list]
        plans = [self._take_parts(vals) for vals in vals_list]
        holds = super().create(vals_list)
        parts = [
            {"hold_id": hold.id, "date": day, "amount": amount}
            for hold, plan in zip(holds, plans, strict=True)
            for day, amount in plan
        ]
        if parts:
            self.env[PART].sudo().create(parts)  # by whoever may make the promise
            holds.invalidate_recordset(["part_ids"])
            holds._check_parts()
        return holds

    @api.model
    def _is_default_own(self, fname):
        return fname == "part_ids" or super()._is_default_own(fname)

    def _take_parts(self, vals):
        """Take the parts out of the values of a new hold.

        :return: list of (day, amount), by day
        """
        commands = vals.pop("part_ids", None)
        parts = self._get_parts(commands if isinstance(commands, (list, tuple)) else ())
        if not parts:
            return []
        kind = vals.get("kind") or self.default_get(["kind"]).get("kind")
        if kind != "promise":
            raise UserError(self.env._("Only a promise is paid in parts."))
        vals["date_until"] = parts[-1][0]
        vals["amount"] = sum(amount for _day, amount in parts)
        return parts

    @api.model
    def _get_parts(self, commands):
        parts = []
        for command in commands:
            vals = command[2] if isinstance(command, (list, tuple)) and len(command) > 2 else None
            if not isinstance(vals, dict) or command[0] != Command.CREATE:
                raise UserError(self.env._("The parts of a promise are said when it is made."))
            amount = vals.get("amount")
            if not isinstance(amount, (int, float)) or not amount > 0:
                raise UserError(self.env._("A part has an amount."))
            parts.append((get_day(self.env, vals.get("date")), amount))
        days = {day for day, _amount in parts}
        if None in days or len(days) != len(parts):
            raise UserError(self.env._("Each part has a day of its own."))
        if len(parts) > MOST_PARTS:
            raise UserError(self.env._("A promise has %s parts at most.", MOST_PARTS))
        return sorted(parts)

    def _check_parts(self):
        """:raise UserError: one would be missed before the promise was made"""
        for hold in self:
            if hold.part_ids and hold.part_ids[0].date < hold.date_from:
                raise UserError(self.env._("The first part is for a day before the promise."))

    # === Business methods === #

    @api.model
    def _offer_parts(self, amount, count, first, every, currency):
        """:return: so many equal parts from a day on, as list of (day, amount): the last one takes
        what rounding leaves over"""
        each = currency.round(amount / count)
        days = [first + STEPS[every] * number for number in range(count)]
        last = currency.round(amount - each * (count - 1))
        return list(zip(days, [each] * (count - 1) + [last], strict=True))

    @api.model
    def _get_amount_owed(self, items):
        """:return: what items owe now, in company currency"""
        return sum(items.mapped("amount_residual"))

    def _change(self, vals, why):
        """EXTENDS: what was agreed on part by part is not changed as a whole.

        :raise UserError: another day or amount of a payment plan
        """
        if self.part_ids:
            is_same = not float_compare(
                vals.get("amount", self.amount),
                self.amount,
                precision_rounding=self.currency_id.rounding,
            )
            if not is_same or vals.get("date_until", self.date_until) != self.date_until:
                raise UserError(
                    self.env._("A payment plan is on record. Lift it, and agree on another one.")
                )
        return super()._change(vals, why)
