import io

from odoo import api, fields, models
from odoo.tools.pdf import PdfFileReader

RETURN_REASONS = [
    ("moved", "Moved Away"),
    ("unknown", "Unknown at the Address"),
    ("address", "Address Incomplete"),
    ("refused", "Refused"),
    ("unclaimed", "Not Collected"),
    ("other", "Another Reason"),
]


class CrmCollectionBatchLine(models.Model):
    """A letter in a batch, and what became of it there. A letter that is printed again is in
    another batch, too."""

    _name = "crm.collection.batch.line"
    _description = "Printed Letter"
    _order = "batch_id desc, sequence, id"
    _rec_name = "letter_id"

    batch_id = fields.Many2one(
        comodel_name="crm.collection.batch",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one(related="batch_id.company_id", store=True)
    letter_id = fields.Many2one(
        comodel_name="crm.collection.letter",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    partner_id = fields.Many2one(related="letter_id.partner_id")
    phase_id = fields.Many2one(related="letter_id.phase_id")
    asked_label = fields.Char(related="letter_id.asked_label")
    sequence = fields.Integer(string="Number", readonly=True, aggregator=None)
    addressee = fields.Char(readonly=True, help="As it is in the window of the envelope.")
    page_count = fields.Integer(string="Pages", readonly=True, aggregator=None)
    state = fields.Selection(
        selection=[("printed", "Printed"), ("posted", "Posted"), ("out", "Taken out")],
        required=True,
        readonly=True,
        default="printed",
    )
    reason = fields.Char(string="Why Taken Out", readonly=True)
    date_said = fields.Datetime(
        string="Marked as Posted on", readonly=True, help="When somebody said that it was posted."
    )
    date_sent_before = fields.Datetime(
        readonly=True, help="When the letter had left before, by another channel."
    )

    returned_reason = fields.Selection(
        selection=RETURN_REASONS,
        string="Returned",
        readonly=True,
        help="Why the letter came back by post.",
    )
    returned_note = fields.Char(string="Note on the Return", readonly=True)

    @api.model
    def _count_pages(self, content):
        return PdfFileReader(io.BytesIO(content), strict=False).getNumPages()

    # === What became of it === #

    def _post(self, date, moment):
        """The letters have left, on a day."""
        for line in self:
            line.write(
                {
                    "state": "posted",
                    "date_said": fields.Datetime.now(),
                    "date_sent_before": line.letter_id.date_sent,
                }
            )
            line.letter_id._in_office_language()._note_posted(date)
        self.letter_id._set_sent(moment)

    def _describe_returned(self):
        """:return: why it came back, in words"""
        reasons = dict(self._fields["returned_reason"]._description_selection(self.env))
        return ", ".join(filter(None, [reasons.get(self.returned_reason), self.returned_note]))

    def _unpost(self):
        """They have not left after all."""
        for line in self:
            letter, before = line.letter_id, line.date_sent_before
            if letter.state != "sent" or letter.batch_id != line.batch_id or letter.is_reversed:
                continue
            letter.write({"state": "printed", "date_sent": before})
            said = letter._in_office_language().env._("It was not posted after all.")
            letter._note_reversal(said)
            line.write({"state": "printed", "date_said": False, "date_sent_before": False})

    def _take_out(self, reasons):
        """They are not posted: written anew with what is true now, or cancelled.

        :param dict reasons: {line: why}
        """
        for line in self:
            line._leave_out(reasons[line])
        printed = self.letter_id.filtered(lambda letter: letter.state == "printed")
        printed._set_to_print()
        printed._read_again()

    def _leave_out(self, reason):
        self.write({"state": "out", "reason": reason[:500]})

    def _note_gone(self, reasons):
        """They were posted although they were not true any more: that is on record."""
        for line in self:
            letter = line.letter_id._in_office_language()
            letter._message_log(
                body=letter.env._("It had been posted already. %s", reasons[line]),
                author_id=self.env.user.partner_id.id,
            )
