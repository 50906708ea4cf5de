from odoo import fields, models


class CrmCollectionDeskMark(models.Model):
    """A customer who is put aside on the desk of his company, and until when.

    One record a customer and company: it says how things stand, and is no history. What happens
    meanwhile (a reply, a broken promise) brings him back before that day.
    """

    _name = "crm.collection.desk.mark"
    _description = "Customer Put Aside"
    _order = "date desc, id desc"

    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", required=True, readonly=True, ondelete="cascade", index=True
    )
    user_id = fields.Many2one(comodel_name="res.users", string="By", readonly=True)
    date = fields.Datetime(string="Put Aside on", required=True, readonly=True)
    date_until = fields.Date(
        string="Comes Back on",
        required=True,
        readonly=True,
        help="On the list again from this day.",
    )

    # A merge of two customers would fail on a key of them: the later mark counts.
    _company_partner_idx = models.Index("(company_id, partner_id)")
