from odoo import api, models

# What else writes to customers about what they owe: of Odoo Enterprise, the OCA and Odoo Mates.
OTHERS = (
    *("account_followup", "account_credit_control", "account_invoice_overdue_reminder"),
    *("om_account_followup", "account_customer_statements_followup", "account_dunning"),
)


class CrmCollectionStatus(models.AbstractModel):
    """Whether another module of the database writes to the same customers."""

    _inherit = "crm.collection.status"

    @api.model
    def _get_other_dunning(self):
        """:return: the names of the modules that ask customers for money, too, as one text"""
        modules_sudo = self.env["ir.module.module"].sudo()  # not everybody's to read
        others = modules_sudo.search([("name", "in", OTHERS), ("state", "=", "installed")])
        return ", ".join(f"{other.shortdesc} ({other.name})" for other in others)

    def _check_other_dunning(self):
        if others := self._get_other_dunning():
            level, message = "warning", self._get_other_dunning_warning(others)
        else:
            level, message = "ok", self.env._("No other module reminds customers.")
        title = self.env._("Other reminders")
        return self._get_check("other_dunning", title, level, message)

    @api.model
    def _get_other_dunning_warning(self, others):
        return self.env._(
            "%s is installed, too, and may write to the same customers: switch its reminders off "
            "before letters leave here.",
            others,
        )
