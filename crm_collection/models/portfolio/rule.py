import ast

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...tools.arguments import check_one
from . import rule_queries

# What conditions on customers may speak of. Further away there are records of other companies:
# the jobs search with all rights, and whom a rule catches would tell what those say.
CONDITION_MODELS = {
    *("res.partner", "res.partner.category", "res.partner.industry", "res.country"),
    *("res.country.group", "res.country.state", "res.company", "res.lang", "res.users"),
    *("account.fiscal.position", "account.payment.term", "crm.team", "product.pricelist"),
}


class CrmCollectionRule(models.Model):
    """A sending rule: which customers, and after how many days which phase and letter.

    A customer's own rule comes first, then the rules for everyone they fit, by sequence: the
    first whose criteria the customer meets is his, the first without criteria is the default.
    Managers write, users read.
    """

    _name = "crm.collection.rule"
    _inherit = ["crm.collection.guarded"]
    _description = "Collection Sending Rule"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(
        string="Place",
        default=10,
        help="The rules are tried in this order: the lowest comes first.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company", index=True, help="Empty: the rule serves every company."
    )
    assignment = fields.Selection(
        selection=[
            ("criteria", "For everyone it fits"),
            ("assigned", "Only where assigned"),
        ],
        string="Serves",
        default="criteria",
        required=True,
        help="For everyone it fits: the customers who meet its criteria and no rule's before it. "
        "Only where assigned: those who have it as their own rule, and nobody else.",
    )
    company_type = fields.Selection(
        selection=[("person", "Individuals"), ("company", "Companies")],
        string="Customer Type",
        help="Empty: both.",
    )
    industry_ids = fields.Many2many(
        comodel_name="res.partner.industry",
        string="Segments",
        help="Customers of any of these industries. Empty: all.",
    )
    category_ids = fields.Many2many(
        comodel_name="res.partner.category",
        string="Customer Tags",
        help="Customers with any of these tags. Empty: all.",
    )
    country_ids = fields.Many2many(
        comodel_name="res.country", string="Countries", help="Empty: all."
    )
    partner_domain = fields.Char(
        string="Further Conditions",
        default="[]",
        help="Conditions on the customer beside the criteria above.",
    )
    escalation = fields.Selection(
        selection=[
            ("days", "Go where the days say"),
            ("step", "One step at a time"),
        ],
        default="days",
        required=True,
        help="Go where the days say: an item 40 days late enters the phase of day 30 at once. "
        "One step at a time: it goes through every phase, none is skipped.",
    )
    step_min_days = fields.Integer(
        aggregator=None,
        string="Days between Steps",
        help="One step at a time: the least number of days an item stays in a phase.",
    )
    grace_days = fields.Integer(
        aggregator=None,
        help="Days added to every step after the due date, for payments on their way "
        "through the bank.",
    )
    amount_min = fields.Float(
        aggregator=None,
        string="Minimum Amount",
        digits="Account",
        help="Items that owe less, in the company's currency, are left alone.",
    )
    step_ids = fields.One2many(
        comodel_name="crm.collection.rule.step",
        inverse_name="rule_id",
        string="Steps",
        copy=True,
    )
    customer_count = fields.Integer(
        aggregator=None, compute="_compute_customer_count", string="Customers Caught"
    )
    timeline_html = fields.Html(compute="_compute_timeline_html", sanitize=False)
    warning = fields.Char(compute="_compute_warning")

    _grace_days_positive = models.Constraint(
        "CHECK(grace_days >= 0)", "Days of grace cannot be negative."
    )
    _step_min_days_positive = models.Constraint(
        "CHECK(step_min_days >= 0)", "The days between steps cannot be negative."
    )
    _days_in_calendar = models.Constraint(
        "CHECK(grace_days <= 36500 AND step_min_days <= 36500)",
        "Days are at most 36500: a hundred years.",
    )
    _amount_min_positive = models.Constraint(
        "CHECK(amount_min >= 0)", "The minimum amount cannot be negative."
    )

    # === Compute methods === #

    @api.depends_context("company")
    def _compute_customer_count(self):
        """Customers with open items that are under the rule at this moment."""
        Partner = self.env["res.partner"].with_context(active_test=False)
        for rule in self:
            rule.customer_count = rule.id and Partner.search_count(rule._get_customer_domain())

    @api.depends("step_ids.days", "step_ids.phase_id", "step_ids.resend_interval", "grace_days")
    def _compute_timeline_html(self):
        for rule in self:
            steps = rule.step_ids.sorted("days")
            rule.timeline_html = (
                self.env["ir.qweb"]._render(
                    "crm_collection.rule_timeline", {"rule": rule, "steps": steps}
                )
                if steps
                else Markup()
            )

    @api.depends(
        *("step_ids", "step_ids.phase_id.approval_state", "step_ids.phase_id.active"),
        "partner_domain",
    )
    def _compute_warning(self):
        for rule in self:
            phases = rule.step_ids.phase_id.filtered(lambda phase: not phase.can_act)
            if problem := rule._get_problem():
                rule.warning = problem
            elif not rule.step_ids:
                rule.warning = self.env._(
                    "The rule has no step: its customers are never written to."
                )
            elif phases:
                rule.warning = self.env._(
                    "Not approved or archived, so skipped: %s.",
                    ", ".join(phases.mapped("display_name")),
                )
            else:
                rule.warning = False

    # === Constraints === #

    @api.constrains("partner_domain")
    def _check_partner_domain(self):
        """The conditions are read, and tried with the rights of who writes them: the jobs search
        with all rights, and whom a rule catches would tell what a manager may not read."""
        for rule in self:
            try:
                with self.env.cr.savepoint():
                    Partner = self.env["res.partner"].sudo(False)
                    Partner.search(rule._get_partner_domain(), limit=1)
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "The further conditions of %(rule)s cannot be read: %(error)s",
                        rule=rule.display_name,
                        error=error,
                    )
                ) from error

    @api.constrains("step_ids")
    def _check_step_order(self):
        """Each phase once, and later steps in more severe phases: else items would have to
        go backwards."""
        for rule in self:
            keys = [
                (step.phase_id.sequence, step.phase_id.id) for step in rule.step_ids.sorted("days")
            ]
            if keys != sorted(set(keys)):
                raise ValidationError(
                    self.env._(
                        "In %s a later step must lead to a later phase, and to each phase once.",
                        rule.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = (
            self.env["crm.collection.allocation"]
            .sudo()
            ._read_group([("rule_id", "in", self.ids)], ["rule_id"])
        )
        if used:
            raise UserError(
                self.env._(
                    "Items were collected under %(rules)s: archive the rule, its history stays.",
                    rules=", ".join(rule.display_name for (rule,) in used),
                )
            )

    # === Actions === #

    def action_view_customers(self):
        """The customers with open items that are under the rule."""
        check_one(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Customers of %s", self.name),
            "res_model": "res.partner",
            "view_mode": "list,form",
            "domain": list(self._get_customer_domain()),
            "context": {"active_test": False},
        }

    def action_simulate(self):
        """Open the simulation."""
        return self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_simulate_action"
        )

    # === Business methods === #

    def _get_customer_domain(self):
        """:return: the domain of the customers with open items that are under the rule: no two
        rules have the same customer."""
        open_items = [("state", "=", "open"), ("company_id", "=", self.env.company.id)]
        return Domain("collection_applied_rule_id", "=", self.id) & Domain(
            "collection_item_ids", "any", open_items
        )

    def _get_partner_domain(self):
        """:return: the rule's criteria as a :class:`Domain` on commercial partners."""
        self.ensure_one()
        further = Domain(ast.literal_eval(self.partner_domain or "[]"))
        self._check_condition_models(further, self.env["res.partner"])
        return further & self._get_criteria_domain()

    def _check_condition_models(self, domain, model):
        """:raise ValidationError: a condition leads to records a customer is not made of"""
        for condition in domain.iter_conditions():
            target = model
            for fname in condition.field_expr.split("."):
                field = target._fields.get(fname)
                if field is None or not field.relational:
                    break  # what does not exist the search tells
                target = self.env[field.comodel_name]
                if target._name not in CONDITION_MODELS:
                    raise ValidationError(
                        self.env._(
                            "Conditions are about the customer itself; %s is about other records.",
                            condition.field_expr,
                        )
                    )
            if condition.operator.removesuffix("!") in ("any", "not any"):
                self._check_condition_models(Domain(condition.value), target)

    def _get_criteria_domain(self):
        """:return: as :meth:`_get_partner_domain`, without the further conditions"""
        self.ensure_one()
        domain = Domain.TRUE
        if self.company_type:
            domain &= Domain("is_company", "=", self.company_type == "company")
        for fname in ("industry_ids", "category_ids", "country_ids"):
            if self[fname]:
                partner_field = "category_id" if fname == "category_ids" else fname[:-1]
                domain &= Domain(partner_field, "in", self[fname].ids)
        return domain

    def _has_conditions(self):
        return (self.partner_domain or "[]").strip() != "[]"

    def _get_problem(self):
        """:return: why the jobs cannot search by the rule's conditions, or an empty string: a
        field they name may be gone with its module since they were written.

        What can be searched by is asked once for each cursor, which is once a run: each plan asks
        for it, and a company may have hundreds of rules."""
        self.ensure_one()
        readable = self.env.cr.cache.setdefault("crm_collection_readable", set())
        if not self._has_conditions() or self.partner_domain in readable:
            return ""
        try:
            with self.env.cr.savepoint(flush=False):
                query = self.env["res.partner"].sudo()._search(self._get_partner_domain())
                # there are conditions only the database refuses, and it need not run them for that
                self.env.cr.execute(rule_queries.explain(query.select()), log_exceptions=False)
        except Exception as error:
            return self.env._(
                "The further conditions of %(rule)s cannot be read: %(error)s",
                rule=self.display_name,
                error=error,
            )
        readable.add(self.partner_domain)
        return ""

    def _get_criteria_labels(self):
        """:return: the criteria in words, none for a rule that catches everybody."""
        self.ensure_one()
        labels = []
        if self.company_type:
            selection = self._fields["company_type"]._description_selection(self.env)
            labels.append(dict(selection)[self.company_type])
        for records in (self.industry_ids, self.category_ids, self.country_ids):
            labels.extend(records.mapped("display_name"))
        if self._has_conditions():
            labels.append(self.env._("further conditions"))
        return labels

    def _get_why(self, customer):
        """:return: which rule it is and why the customer is under it, in a sentence; in the active
        company"""
        self.ensure_one()
        if customer.collection_rule_id == self:
            return self.env._("%s, the customer's own rule.", self.name)
        if criteria := self._get_criteria_labels():
            return self.env._(
                "%(rule)s, the first that fits the customer: %(criteria)s.",
                rule=self.name,
                criteria=", ".join(criteria),
            )
        return self.env._("%s, which serves every customer no rule before it catches.", self.name)
