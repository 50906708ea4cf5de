from odoo import fields, models


class ResCompany(models.Model):
    """What fine and interest are booked to, where a person makes an invoice of them, and whether
    there are any."""

    _inherit = "res.company"

    collection_charge_product_id = fields.Many2one(
        comodel_name="product.product",
        string="Product of Late Charges",
        help="Of the lines of an invoice of fine and interest: it says account and taxes.",
    )
    collection_charge_account_id = fields.Many2one(
        comodel_name="account.account",
        string="Account of Late Charges",
        help="Of the same lines, before that of the product.",
    )
    collection_charge_journal_id = fields.Many2one(
        comodel_name="account.journal",
        string="Journal of Late Charges",
        domain="[('type', '=', 'sale')]",
        help="Of an invoice of fine and interest. Empty: the first one for sales.",
    )

    def _has_collection_charges(self):
        # EXTENDS the settings: rates from a day on are charges, too
        rated = self.env["crm.collection.charge.rate"]._get_companies(self)
        return super()._has_collection_charges() or bool(rated)
