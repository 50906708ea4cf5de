from odoo import fields, models

from ...tools.arguments import check_one


class CrmCollectionForewarningItem(models.Model):
    """An item of a letter that leaves tomorrow. It may come into collection with that letter:
    until then it is the entry that is held."""

    _name = "crm.collection.forewarning.item"
    _description = "Item of a Letter That Leaves Next"
    _order = "date_maturity, id"

    forewarning_id = fields.Many2one(
        comodel_name="crm.collection.forewarning",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="forewarning_id.company_id", store=True)
    line_id = fields.Many2one(
        comodel_name="account.move.line",
        string="Journal Item",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    item_id = fields.Many2one(
        comodel_name="crm.collection.item",
        string="Open Item in Collection",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    name = fields.Char(string="Open Item", readonly=True)
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days = fields.Integer(string="Days Overdue", readonly=True, aggregator=None)
    amount = fields.Monetary(string="Owed", readonly=True, aggregator=None)
    amount_asked = fields.Monetary(string="Asked for", readonly=True, aggregator=None)

    def action_hold(self):
        """A hold of this item alone; of one that is not in collection yet, of its entry."""
        one = check_one(self)
        one.forewarning_id._check_user()
        if one.item_id:
            return one.forewarning_id._open_hold(default_item_id=one.item_id.id)
        # whoever collects need not read the journal item
        return one.forewarning_id._open_hold(default_move_id=one.line_id.sudo().move_id.id)
