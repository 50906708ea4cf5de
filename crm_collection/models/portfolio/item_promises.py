from odoo import fields, models


class CrmCollectionItem(models.Model):
    """What became of the last promise about an item, for whoever works it."""

    _inherit = "crm.collection.item"

    broken_note = fields.Char(string="Broken Promise", compute="_compute_broken_note")

    def _compute_broken_note(self):
        """Of what is still owed, until there is another promise."""
        open_items = self.filtered(lambda item: item.state == "open")
        broken = self.env["crm.collection.hold"]._get_broken_by_item(open_items)
        for item in self:
            item.broken_note = item.id in broken and broken[item.id].broken_note
