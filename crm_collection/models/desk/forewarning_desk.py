from collections import Counter
from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain


class CrmCollectionDesk(models.AbstractModel):
    """My Work says how many letters leave next, as it was told last."""

    _inherit = "crm.collection.desk"

    @api.model
    @api.readonly
    def get_work(self, filters=None):
        """EXTENDS: ``leaving``, what is said of the letters that leave next, where any does"""
        work = super().get_work(filters)
        return {**work, "leaving": work["can_work"] and self._get_leaving(work["filters"])}

    @api.model
    def _get_leaving(self, filters):
        """:return: a sentence, or ``False`` where nothing was told or nothing leaves"""
        domain = Domain("state", "=", "leaves")
        domain &= Domain("company_id", "in", self._get_companies(filters).ids)
        if filters["scope"] != "all":
            domain &= Domain("user_id", "in", self._get_user_ids(filters["scope"]))
        Forewarning, counts = self.env["crm.collection.forewarning"], Counter()
        for company, day, count in Forewarning._read_group(
            domain, ["company_id", "date:day"], ["__count"]
        ):
            today = company._get_collection_today()
            if day >= today:
                counts[(day - today).days, day] += count
        if not counts:
            return False
        (number, day), count = min(counts.items())
        return Forewarning._tell_count(count, day, day - timedelta(days=number))
