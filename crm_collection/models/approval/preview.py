from odoo import api, fields, models


class CrmCollectionApproval(models.Model):
    """The letter that would leave with the approval, shown before anybody decides.

    It is put together in memory by the code that makes the real one; nothing is written.
    """

    _inherit = "crm.collection.approval"

    letter_body = fields.Html(
        string="Letter", compute="_compute_letter", sanitize=False, compute_sudo=False
    )
    letter_subject = fields.Char(string="Subject", compute="_compute_letter", compute_sudo=False)
    letter_email_to = fields.Char(string="To", compute="_compute_letter", compute_sudo=False)
    letter_note = fields.Char(
        string="About the Letter", compute="_compute_letter", compute_sudo=False
    )
    letter_template_id = fields.Many2one(
        comodel_name="mail.template", compute="_compute_letter", compute_sudo=False
    )

    @api.depends("line_ids.state", "amount", "state", "phase_id.template_id")
    @api.depends_context("lang")
    def _compute_letter(self):
        for approval in self:
            approval.update(
                {
                    "letter_body": False,
                    "letter_subject": False,
                    "letter_email_to": False,
                    "letter_note": False,
                    "letter_template_id": False,
                }
            )
            if approval.kind == "allocation" and approval.state == "pending":
                approval.update(approval._prepare_letter_preview())

    def _prepare_letter_preview(self):
        """:return: values of the fields that show the letter"""
        lines = self._get_waiting_lines().filtered(lambda line: line._get_letter_template())
        if not lines:
            return {"letter_note": self._get_no_letter_note()}
        letter = self.env["crm.collection.letter"].sudo().new(self._prepare_letter(lines))
        if not letter.line_ids:
            covered = self.env._("Open credits of the customer cover what is owed.")
            return {"letter_note": covered}
        note = self.company_id.sudo()._explain_collection_copy() or False
        if not self.company_id.sudo().collection_auto_send:
            note = self.env._(
                "Automatic sending is off: the letter waits until somebody sends it, or it is "
                "turned on."
            )
        return {
            "letter_template_id": letter.template_id.id,
            "letter_note": note,
            **letter._show(),
        }

    def _get_no_letter_note(self):
        if any(self._get_waiting_lines().mapped("send_letter")):
            return self.env._("The phase has no letter: nothing is sent.")
        return self.env._("It was asked for without a letter: nothing is sent.")

    def _prepare_letter(self, lines):
        today = self.company_id._get_collection_today()
        tone = lines.sorted(lambda line: (-line.item_id.days_overdue, line.id))[:1]
        steps, items = lines.step_id, lines.item_id
        self.env.flush_all()  # SQL reads the settings
        letters = self.env["crm.collection.letter"]
        rows = letters._get_rows_of_items(items, self.phase_id)
        return {
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "lang": self.partner_id.lang or self.company_id.partner_id.lang,
            "template_id": tone._get_letter_template().id,
            "phase_id": self.phase_id.id,
            "step_id": tone.step_id.id,
            "date": today,
            "round": 1,
            "user_id": items.user_id[:1].id,
            "state": "to_send",
            "attach_pdf": any(steps.mapped("attach_pdf")),
            "line_ids": letters._prepare_lines_of_rows(self.company_id, today, rows),
        }
