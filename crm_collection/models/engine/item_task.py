from odoo import models


class CrmCollectionItem(models.Model):
    """Items that a person moved are somebody's task at once."""

    _inherit = "crm.collection.item"

    def _follow_tasks(self, company):
        # EXTENDS: what their new step asks for
        super()._follow_tasks(company)
        Engine_sudo = self.env["crm.collection.engine"].sudo()  # whoever may move them
        Engine_sudo._make_tasks_of(company, self.ids)
