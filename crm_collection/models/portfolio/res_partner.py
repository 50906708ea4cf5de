from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.text import format_brazilian_id

ACCOUNT_GROUPS = "account.group_account_invoice,account.group_account_readonly"


class ResPartner(models.Model):
    """The debtor: items, holds, rule and collector are those of the commercial partner.

    A contact shows what its commercial partner has, as with the other accounting fields.
    """

    _inherit = "res.partner"

    _complete_name_displayed_types = ("invoice", "delivery", "collection", "other")

    type = fields.Selection(
        selection_add=[("collection", "Collection Address"), ("other",)],
        ondelete={"collection": "set default"},
    )
    collection_rule_id = fields.Many2one(
        comodel_name="crm.collection.rule",
        string="Own Sending Rule",
        company_dependent=True,
        check_company=True,
        copy=False,
        groups=ACCOUNT_GROUPS,
        help="Comes before the rules that would catch the customer by their criteria.",
    )
    collection_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Collector",
        company_dependent=True,
        copy=False,
        domain="[('share', '=', False)]",
        groups=ACCOUNT_GROUPS,
    )
    collection_item_ids = fields.One2many(
        comodel_name="crm.collection.item",
        inverse_name="partner_id",
        string="Items in Collection",
        groups=ACCOUNT_GROUPS,
    )
    collection_hold_ids = fields.One2many(
        comodel_name="crm.collection.hold",
        inverse_name="customer_id",
        string="Collection Holds",
        groups=ACCOUNT_GROUPS,
    )
    collection_item_count = fields.Integer(
        aggregator=None, compute="_compute_collection_amount", groups=ACCOUNT_GROUPS
    )
    collection_amount = fields.Monetary(
        aggregator=None,
        string="Overdue",
        compute="_compute_collection_amount",
        currency_field="currency_id",
        groups=ACCOUNT_GROUPS,
        help="What the customer owes past the due date to the active company.",
    )

    # === Compute methods === #

    @api.depends_context("company")
    def _compute_collection_amount(self):
        """Depends on no field of contacts: whoever makes or changes one would pay for it."""
        Item = self.env["crm.collection.item"]
        domain = self._get_collection_item_domain()
        counts = dict(Item._read_group(domain, ["partner_id"], ["__count"]))
        overdue = domain & Domain("date_maturity", "<", self.env.company._get_collection_today())
        amounts = dict(Item._read_group(overdue, ["partner_id"], ["amount_residual:sum"]))
        for partner in self:
            customer = partner.commercial_partner_id
            partner.collection_item_count = counts.get(customer, 0)
            partner.collection_amount = amounts.get(customer, 0.0)

    # === ORM overrides === #

    @api.model
    def _commercial_fields(self):
        return super()._commercial_fields() + ["collection_rule_id", "collection_user_id"]

    # === Actions === #

    def action_open_collection_items(self):
        """The open items of the customers, whichever of their contacts was asked for."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_item_action"
        )
        action["domain"] = list(self._get_collection_item_domain())
        action["context"] = {}
        return action

    # === Business methods === #

    def _get_collection_vat(self):
        """How the tax number is written: a Brazilian's with its dots and its name.

        :return: ("CPF", "CNPJ" or nothing, number or nothing)
        """
        self.ensure_one()
        vat = self.vat if self.vat != "/" else ""
        country = self.country_id or (self.company_id or self.env.company).account_fiscal_country_id
        return format_brazilian_id(vat) if country.code == "BR" else ("", vat or "")

    def _get_collection_item_domain(self):
        """:return: the domain of the open items of these customers in the active company."""
        return (
            Domain("partner_id", "in", self.commercial_partner_id.ids)
            & Domain("state", "=", "open")
            & Domain("company_id", "=", self.env.company.id)
        )
