from odoo import api, models

# Who wrote a row and when is mostly a job's doing, and nothing that a person groups by.
BOOKKEEPING = {"create_uid", "create_date", "write_uid", "write_date"}


class CrmCollectionGrouping(models.AbstractModel):
    """Of the fields of a model, those that a person may want to group by are offered for it."""

    _name = "crm.collection.grouping"
    _description = "Fields to Group by"

    _ungrouped = set()  # what the jobs and the mail system keep for themselves

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """EXTENDS 'base': what is technical is not offered among the group-bys"""
        fields = super().fields_get(allfields, attributes)
        for name in (BOOKKEEPING | self._ungrouped) & fields.keys():
            if "groupable" in fields[name]:
                fields[name]["groupable"] = False
        return fields
