import base64

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...models.retention import retention_queries
from ...tools.arguments import check_one, get_ids
from ...tools.done import get_done

MANAGER = "crm_collection.group_crm_collection_manager"


class CrmCollectionRetentionCustomer(models.TransientModel):
    """What is kept about a customer: handed to him as a file, or, where it is closed, anonymised at
    once because he asks for it. For managers, in a company they work in."""

    _name = "crm.collection.retention.customer"
    _description = "Data Kept About This Customer"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        default=lambda self: self._default_partner_id(),
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, default=lambda self: self.env.company
    )
    summary = fields.Html(string="What Is Kept", compute="_compute_summary", sanitize=False)
    closed_count = fields.Integer(compute="_compute_summary")
    file = fields.Binary(readonly=True, attachment=True)
    file_name = fields.Char(readonly=True)

    @api.model
    def _default_partner_id(self):
        partners = self.env["res.partner"]
        if self.env.context.get("active_model") != partners._name:
            return False
        return partners.browse(get_ids(self.env.context.get("active_id"))[:1]).exists().id

    @api.depends("partner_id", "company_id")
    def _compute_summary(self):
        """How much there is of each kind, and how much of it is closed. Nothing for who may not
        know."""
        for wizard in self:
            rows = wizard._count_kept() if wizard._may_handle() and wizard.partner_id else []
            wizard.closed_count = sum(row["closed"] for row in rows)
            wizard.summary = self.env["ir.qweb"]._render(
                "crm_collection.retention_summary", {"rows": rows}
            )

    # === Actions === #

    def action_download(self):
        """Make the file with everything that is kept about the customer, and download it."""
        wizard = check_one(self)
        customer = wizard._check_customer()
        made = self.env["crm.collection.retention"]._hand_over(customer, wizard.company_id)
        wizard.write({"file": base64.b64encode(made.content), "file_name": made.name})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content?model={wizard._name}&id={wizard.id}&field=file"
            "&filename_field=file_name&download=true",
            "target": "download",
        }

    def action_anonymise(self):
        """Anonymise now what is closed about the customer, however short a time ago."""
        wizard = check_one(self)
        customer, company = wizard._check_customer(), wizard.company_id
        Retention = self.env["crm.collection.retention"].with_company(company)
        row = Retention._anonymise_on_request(customer, company)
        if not row:
            raise UserError(self.env._("Nothing about %s is closed.", customer.display_name))
        return get_done(
            self.env._(
                "Records of %(customer)s that were anonymised: %(count)s.",
                customer=customer.display_name,
                count=row.record_count,
            )
        )

    # === Business methods === #

    def _may_handle(self):
        """Whether who acts may know what is kept, and decide about it."""
        return self.env.user.has_group(MANAGER) and self.company_id in self.env.user.company_ids

    def _check_customer(self):
        """:return: the customer
        :raise AccessError: it is not for this user, or not in this company
        :raise UserError: there is none
        """
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only collection managers hand over or anonymise data of customers.")
            )
        if not self._may_handle():
            raise AccessError(
                self.env._("You do not work in %s.", self.company_id.sudo().display_name)
            )
        partner = self.partner_id.exists()
        if not partner:
            raise UserError(self.env._("There is no such customer."))
        partner.check_access("read")
        return partner.commercial_partner_id

    def _count_kept(self):
        """:return: list of dicts: what of each kind is kept, anonymised already, and closed"""
        self.env.flush_all()
        Retention, company = self.env["crm.collection.retention"], self.company_id
        day = Retention._get_request_day(company)
        customers = self.partner_id.commercial_partner_id.ids
        rows = []
        for model, kind in Retention._get_kinds().items():
            query = retention_queries.count_kept(
                kind, self.env[model]._table, company.id, day, customers
            )
            [(count, anonymised, closed)] = self.env.execute_query(query)
            if count:
                label = self.env["ir.model"]._get(model).sudo().name
                rows.append(
                    {"label": label, "count": count, "anonymised": anonymised, "closed": closed}
                )
        return rows
