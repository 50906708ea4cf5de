from odoo import api, fields, models


class CrmCollectionStatementSend(models.TransientModel):
    """Before something is mailed to a customer, a statement or the confirmation of a promise: who
    had contact with him today."""

    _inherit = "crm.collection.statement.send"

    contacts_today = fields.Text(
        string="Contact Today", compute="_compute_contacts_today", compute_sudo=False
    )

    @api.depends("partner_id")
    @api.depends_context("uid", "lang", "company")
    def _compute_contacts_today(self):
        Contact = self.env["crm.collection.contact"]
        for wizard in self:
            customer = wizard.partner_id.commercial_partner_id
            wizard.contacts_today = Contact._describe_today(customer, wizard._get_company())
