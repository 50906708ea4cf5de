from odoo import api, models


class MailTrackingValue(models.Model):
    """Who changed which rule and from what to what is part of the record, as its message is.

    Messages bring their tracking along as superuser, and by commands of their own: what is there
    already could be reached by them.
    """

    _inherit = "mail.tracking.value"

    @api.model_create_multi
    def create(self, vals_list):
        """:raise AccessError: a change is added to a message on record"""
        ids = [vals["mail_message_id"] for vals in vals_list if vals.get("mail_message_id")]
        self.env["mail.message"].browse(ids)._check_no_evidence()
        return super().create(vals_list)

    def write(self, vals):
        """:raise AccessError: a change on record is altered"""
        # the label of a field that is being removed says nothing while the field is there
        changed = self.filtered(lambda value: vals.keys() != {"field_info"} or not value.field_id)
        changed.mail_message_id._check_no_evidence()
        if vals.get("mail_message_id"):
            self.env["mail.message"].browse(vals["mail_message_id"])._check_no_evidence()
        return super().write(vals)

    def unlink(self):
        """:raise AccessError: a change on record is deleted"""
        self.mail_message_id._check_no_evidence()
        return super().unlink()
