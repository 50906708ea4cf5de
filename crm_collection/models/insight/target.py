from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import date_utils, format_date


class CrmCollectionTarget(models.Model):
    """What a collector is to collect in a month, in a company, from a month on until another
    target says otherwise; 0 ends it. Managers set them, who reads collections reads them."""

    _name = "crm.collection.target"
    _description = "Collection Target"
    _order = "date desc, user_id, company_id, id"
    _check_company_auto = True

    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Collector",
        required=True,
        ondelete="cascade",
        index=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        string="From Month",
        required=True,
        default=lambda self: self._default_date(),
        help="The first month it is for; any day of it may be chosen. It is for the months after "
        "it, too, until the next target of the collector.",
    )
    amount = fields.Monetary(
        string="Target per Month",
        required=True,
        aggregator=None,
        help="Payments to be collected in a month, in the company's currency. 0: no target any "
        "more.",
    )

    _month_uniq = models.Constraint(
        "UNIQUE(company_id, user_id, date)",
        "The collector has a target from this month on already: change that one.",
    )
    _amount_positive = models.Constraint("CHECK(amount >= 0)", "A target cannot be negative.")

    def _default_date(self):
        return date_utils.start_of(self.env.company._get_collection_today(), "month")

    @api.depends("user_id", "date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for target in self:
            month = target.date and format_date(self.env, target.date, date_format="MMMM y")
            target.display_name = " · ".join(filter(None, (target.user_id.name, month)))

    # === Constraints and ORM overrides === #

    @api.constrains("user_id", "company_id")
    def _check_user(self):
        for target in self:
            user_sudo = target.user_id.sudo()
            if target.company_id not in user_sudo.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(user)s does not work in %(company)s: choose somebody who does.",
                        user=user_sudo.name,
                        company=target.company_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Targets are for whole months, whichever of its days is named."""
        return super().create([self._complete_month(vals) for vals in vals_list])

    def write(self, vals):
        """As they are made."""
        return super().write(self._complete_month(vals))

    @api.model
    def _complete_month(self, vals):
        day = fields.Date.to_date(vals.get("date"))
        return {**vals, "date": date_utils.start_of(day, "month")} if day else vals

    # === Business methods === #

    @api.model
    def _get_in_force(self, companies, month):
        """:param month: its first day
        :return: {collector: (what he is to collect in it in these companies, how many targets led
            to it, those that were replaced included)}
        """
        targets = self.search(
            [("company_id", "in", companies.ids), ("date", "<=", month)], order="date, id"
        )
        last = {(target.company_id, target.user_id): target.amount for target in targets}
        found = {}
        for user, of_user in targets.grouped("user_id").items():
            amount = sum(last.get((company, user), 0.0) for company in of_user.company_id)
            if amount:
                found[user] = (amount, len(of_user))
        return found
