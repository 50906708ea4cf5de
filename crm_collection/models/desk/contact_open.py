from odoo import api, models
from odoo.exceptions import UserError

MAX_NAMES = 3


class CrmCollectionContact(models.Model):
    """The dialog that logs a contact, wherever it is opened from."""

    _inherit = "crm.collection.contact"

    @api.model
    def _open_log(self, records, customers):
        """:param records: what it is opened on: see ``crm.collection.item.selection``
        :param customers: whose they are
        :return: the action that opens the dialog
        :raise UserError: they are of nobody, or of several customers
        """
        self._check_one_customer(customers)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_contact_log_action"
        )
        context = {"active_model": records._name, "active_ids": records.ids}
        return {**action, "context": {**context, "dialog_size": "extra-large"}}

    @api.model
    def _check_one_customer(self, customers):
        """:raise UserError: they are none, or several"""
        if len(customers) > 1:
            names = ", ".join(customers[:MAX_NAMES].mapped("display_name"))
            if len(customers) > MAX_NAMES:
                names += "\N{HORIZONTAL ELLIPSIS}"
            raise UserError(
                self.env._(
                    "A call is with one customer, and these are several: %s. Choose what belongs "
                    "to one of them.",
                    names,
                )
            )
        if not customers:
            raise UserError(self.env._("There is no customer to log a call with."))
