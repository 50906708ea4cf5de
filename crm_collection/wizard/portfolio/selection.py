from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.arguments import get_ids


class CrmCollectionItemSelection(models.AbstractModel):
    """The open items a wizard is about, wherever it was opened from.

    Items, entries, customers and customers' contacts stand for the open items they have.
    Previews are computed as the user (``compute_sudo=False``): what he may not see is not there.
    """

    _name = "crm.collection.item.selection"
    _description = "Choice of Items in Collection"

    item_ids = fields.Many2many(
        comodel_name="crm.collection.item",
        string="Open Items",
        default=lambda self: self._default_item_ids(),
        readonly=True,
    )

    @api.model
    def _default_item_ids(self):
        model_name = self.env.context.get("active_model")
        domain = self._get_active_domain(model_name, self._get_active_ids())
        return self.env["crm.collection.item"].search(domain & Domain("state", "=", "open"))

    @api.model
    def _get_active_ids(self):
        context = self.env.context
        return get_ids(context.get("active_ids") or context.get("active_id") or 0)

    @api.model
    def _get_active_domain(self, model_name, active_ids):
        """:return: the domain of the items of the records a wizard was opened on."""
        if model_name == "crm.collection.item":
            return Domain("id", "in", active_ids)
        if model_name == "account.move":
            return Domain("move_id", "in", active_ids)
        if model_name == "res.partner":
            customers = self.env["res.partner"].browse(active_ids).commercial_partner_id
            return Domain("partner_id", "in", customers.ids)
        if model_name == "crm.collection.customer":
            return Domain.OR(
                Domain("partner_id", "=", customer.partner_id.id)
                & Domain("company_id", "=", customer.company_id.id)
                for customer in self.env[model_name].browse(active_ids)
            )
        return Domain.FALSE

    def _get_items(self):
        """:return: the items, also while the wizard is not saved.

        Thousands of items do not travel to the form and back: until it is saved they come
        from where it was opened.
        """
        self.ensure_one()
        return self._origin.item_ids or self.item_ids._origin or self._default_item_ids()
