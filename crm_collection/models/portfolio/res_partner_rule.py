from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.arguments import check_one
from ...tools.search import find_ids
from . import rule_queries
from .res_partner import ACCOUNT_GROUPS


class ResPartner(models.Model):
    """Which sending rule a customer is under: read by the engine's own expression, so that
    what the forms show is what the job does."""

    _inherit = "res.partner"

    collection_applied_rule_id = fields.Many2one(
        comodel_name="crm.collection.rule",
        string="Sending Rule",
        compute="_compute_collection_applied_rule_id",
        search="_search_collection_applied_rule_id",
        groups=ACCOUNT_GROUPS,
        help="In the active company: the customer's own rule, else the first it fits.",
    )

    collection_rule_why = fields.Char(
        string="Why This Rule",
        compute="_compute_collection_rule_why",
        groups=ACCOUNT_GROUPS,
    )

    # Depending on what a contact is would cost whoever makes or changes one: asked when shown.

    @api.depends_context("company", "lang")
    def _compute_collection_rule_why(self):
        for partner in self:
            rule, customer = partner.collection_applied_rule_id, partner.commercial_partner_id
            if not rule:
                partner.collection_rule_why = self.env._(
                    "No sending rule fits the customer: nothing is collected by itself."
                )
                continue
            why = rule._get_why(customer)
            if not rule.step_ids:
                why += " " + self.env._("It has no step: the customer is never written to.")
            partner.collection_rule_why = why

    @api.depends_context("company")
    def _compute_collection_applied_rule_id(self):
        query = self._query_applied_rules(self.commercial_partner_id.ids)
        rules = dict(self.env.execute_query(query))
        for partner in self:
            partner.collection_applied_rule_id = rules.get(partner.commercial_partner_id.id)

    def _search_collection_applied_rule_id(self, operator, value):
        ids = find_ids(self.env["crm.collection.rule"], operator, value)
        if ids is NotImplemented:
            return NotImplemented
        query = rule_queries.customers_under(self._query_applied_rules(), ids)
        return Domain("commercial_partner_id", "in", query)

    @api.model
    def _query_applied_rules(self, partner_ids=None):
        """:return: SQL of (customer, rule) in the active company"""
        company = self.env.company
        self.env.flush_all()
        rules = self.env["crm.collection.engine"]._get_rules(company)
        partners = self.sudo().with_context(active_test=False)
        return rule_queries.applied_rules(partners.with_company(company), rules, partner_ids)

    # === Actions === #

    def action_own_collection_rule(self):
        """The customer's own rule of the active company: made from the one in force where there is
        none, and changed for nobody else."""
        check_one(self)
        customer = self.commercial_partner_id
        if not customer.collection_rule_id:
            customer.collection_rule_id = customer._create_own_collection_rule()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Own Rule of %s", customer.name),
            "res_model": "crm.collection.rule",
            "res_id": customer.collection_rule_id.id,
            "views": [(False, "form")],
        }

    def _create_own_collection_rule(self):
        """:return: a copy of the rule in force that serves where it is assigned, or an empty one"""
        applied = self.collection_applied_rule_id
        vals = {
            "name": self.env._("Own rule of %s", self.name),
            "assignment": "assigned",
            "company_id": self.env.company.id,
            "company_type": False,
            "industry_ids": False,
            "category_ids": False,
            "country_ids": False,
            "partner_domain": "[]",
        }
        return applied.copy(vals) if applied else applied.create(vals)
