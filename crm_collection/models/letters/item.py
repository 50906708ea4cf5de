from datetime import timedelta

from odoo import models

from .condition_queries import waiting_items


class CrmCollectionItem(models.Model):
    """What is known of the letters about an item."""

    _inherit = "crm.collection.item"

    def _get_unheard(self):
        """:return: those of the items whose last letter is not known to have left, nor on its way:
        from tomorrow on, too, the job moves them into no phase that waits for letters"""
        self.env.flush_all()
        ids = []
        for company, items in self.grouped("company_id").items():
            tomorrow = company._get_collection_today() + timedelta(days=1)
            ids += [
                id_
                for (id_,) in self.env.execute_query(waiting_items(company, tomorrow, items.ids))
            ]
        return self.browse(ids)
