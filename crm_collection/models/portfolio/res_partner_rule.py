from odoo import api, fields, models
from odoo.fields import Domain

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

    @api.depends("commercial_partner_id")
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
