from odoo import api, fields, models


class CrmCollectionItemSend(models.TransientModel):
    """Before letters are sent: who of the customers had contact today."""

    _inherit = "crm.collection.item.send"

    contacts_today = fields.Text(
        string="Contact Today", compute="_compute_contacts_today", compute_sudo=False
    )

    @api.depends("item_ids")
    @api.depends_context("uid", "lang")
    def _compute_contacts_today(self):
        Contact = self.env["crm.collection.contact"]
        for wizard in self:
            texts = [
                Contact._describe_today(items.partner_id.commercial_partner_id, company)
                for company, items in wizard._get_items_by_creditor()
            ]
            wizard.contacts_today = "\n".join(filter(None, texts))
