from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

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
        query = self._query_applied_rules(
            SQL("partner.id = ANY(%s)", self.commercial_partner_id.ids)
        )
        rules = dict(self.env.execute_query(query))
        for partner in self:
            partner.collection_applied_rule_id = rules.get(partner.commercial_partner_id.id)

    def _search_collection_applied_rule_id(self, operator, value):
        if operator != "in":
            return NotImplemented
        query = SQL(
            "(SELECT applied.partner_id FROM (%s) AS applied WHERE applied.rule_id = ANY(%s))",
            self._query_applied_rules(SQL("TRUE")),
            list(value),
        )
        return Domain("commercial_partner_id", "in", query)

    @api.model
    def _query_applied_rules(self, condition):
        """:return: SQL of (customer, rule) in the active company"""
        company = self.env.company
        self.env.flush_all()
        rules = self.env["crm.collection.engine"]._get_rules(company)
        partners = self.sudo().with_context(active_test=False)
        return SQL(
            """SELECT partner.id AS partner_id, %s AS rule_id FROM res_partner partner
                WHERE partner.commercial_partner_id = partner.id AND %s""",
            rule_queries.customer_rule(partners.with_company(company), rules),
            condition,
        )
