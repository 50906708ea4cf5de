from odoo import api, fields, models

from ...tools.arguments import check_one
from ...tools.done import get_done


class CrmCollectionBatchPost(models.TransientModel):
    """A batch is taken to the post: on which day, and which letters have to be taken out before,
    as what they ask for is not true any more."""

    _name = "crm.collection.batch.post"
    _description = "Mark a Batch as Posted"

    batch_id = fields.Many2one(
        comodel_name="crm.collection.batch", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Date(
        string="Posted on",
        required=True,
        compute="_compute_date",
        store=True,
        precompute=True,
        readonly=False,
    )
    out_count = fields.Integer(compute="_compute_out", compute_sudo=False)
    out_note = fields.Text(string="To Be Taken Out", compute="_compute_out", compute_sudo=False)
    is_gone = fields.Boolean(
        string="They Are in the Post Already",
        help="Also those to be taken out. They are sent, then, and the customers got what was not "
        "true any more: such letters are marked as sent in error.",
    )

    @api.depends("batch_id")
    def _compute_date(self):
        """The day it is where the batch's company is."""
        for wizard in self:
            company = wizard.batch_id.company_id or self.env.company
            wizard.date = company._get_collection_today()

    @api.depends("batch_id")
    def _compute_out(self):
        for wizard in self:
            batch = wizard.batch_id
            batch.check_access("read")
            reasons = batch.sudo()._get_untrue()  # the letters' check is the engine's
            wizard.out_count = len(reasons)
            wizard.out_note = self._describe(reasons)

    @api.model
    def _describe(self, reasons):
        return "\n".join(
            f"{line.sequence}. {line.partner_id.display_name}: {reason}"
            for line, reason in reasons.items()
        )

    def action_post(self):
        """The letters are sent, as of that day; what is not true any more is taken out."""
        wizard = check_one(self)
        out = wizard.batch_id._post(wizard.date, wizard.is_gone)
        posted = len(wizard.batch_id.line_ids) - len(out)
        return get_done(
            self._describe({line: line.reason for line in out}),
            wizard.batch_id,
            type="warning" if out else "success",
            sticky=bool(out),
            title=self.env._(
                "Posted: %(posted)s. Taken out: %(out)s.", posted=posted, out=len(out)
            ),
        )
