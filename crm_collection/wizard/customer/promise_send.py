from odoo import api, fields, models

from ...tools.arguments import check_one

TEMPLATE = "crm_collection.mail_template_promise"
REPORT = "crm_collection.action_report_promise"


class CrmCollectionPromiseSend(models.TransientModel):
    """Confirm a promise to the customer: as a statement is sent, from the company that was
    promised, with the schedule as PDF."""

    _name = "crm.collection.promise.send"
    _inherit = "crm.collection.statement.send"
    _description = "Confirm a Promise"

    hold_id = fields.Many2one(
        comodel_name="crm.collection.hold", string="Promise", required=True, readonly=True
    )
    partner_id = fields.Many2one(related="hold_id.customer_id", store=True, required=False)
    recipient_ids = fields.Many2many(relation="crm_collection_promise_send_recipient_rel")
    item_ids = fields.Many2many(relation="crm_collection_promise_send_item_rel")

    @api.depends("partner_id", "hold_id")
    def _compute_text(self):
        return super()._compute_text()

    def action_send(self):
        """Mail the confirmation, and note on the promise that it went out.

        :raise UserError: it is no promise in force any more
        """
        hold = check_one(self).hold_id.sudo(False)
        hold.check_access("write")
        hold._check_in_force()
        hold._check_confirmed()
        result = super(CrmCollectionPromiseSend, self.with_company(hold.company_id)).action_send()
        hold.sudo().write({"date_confirmed": fields.Datetime.now()})  # the right was checked
        names = ", ".join(self.recipient_ids.mapped("display_name"))
        hold.message_post(body=self.env._("Confirmed to %s.", names))
        return result

    # === What is sent === #

    def _check_customers(self):
        # EXTENDS: who may not read a promise confirms none
        self.hold_id.sudo(False).check_access("read")
        return super()._check_customers()

    @api.model
    def _get_template(self):
        return TEMPLATE

    @api.model
    def _get_report(self):
        return REPORT

    def _get_company(self):
        return self.hold_id.company_id or super()._get_company()

    def _get_document(self):
        return self.hold_id

    def _get_file_name(self):
        return self.hold_id._get_confirmation_name()
