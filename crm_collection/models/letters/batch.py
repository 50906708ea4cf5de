from datetime import datetime, time

from pytz import timezone, utc

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_datetime
from odoo.tools.pdf import merge_pdf

from ...tools.arguments import check_one
from ...tools.done import get_done, get_undone

REPORT = "crm_collection.action_report_batch"


class CrmCollectionBatch(models.Model):
    """Letters by post that were printed together, in the order of their addresses, with a list of
    them.

    ========= ===================================================================================
    State     Means
    ========= ===================================================================================
    printed   on paper, and with nobody: none of its letters has left
    posted    somebody says that he posted it: its letters are sent, less those taken out
    cancelled undone before it was posted: its letters wait to be printed again
    ========= ===================================================================================

    Written by collection users through its actions alone; nothing of it is deleted.
    """

    _name = "crm.collection.batch"
    _inherit = ["crm.collection.guarded"]
    _description = "Batch of Printed Letters"
    _order = "id desc"

    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    state = fields.Selection(
        selection=[("printed", "Printed"), ("posted", "Posted"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="printed",
    )
    date_printed = fields.Datetime(string="Printed on", required=True, readonly=True)
    printed_by_id = fields.Many2one(
        comodel_name="res.users", string="Printed by", required=True, readonly=True
    )
    date_posted = fields.Date(string="Posted on", readonly=True)
    posted_by_id = fields.Many2one(comodel_name="res.users", string="Posted by", readonly=True)
    line_ids = fields.One2many(
        comodel_name="crm.collection.batch.line", inverse_name="batch_id", string="Letters"
    )
    letter_count = fields.Integer(compute="_compute_counts", string="In the Batch", aggregator=None)
    out_count = fields.Integer(compute="_compute_counts", string="Taken Out", aggregator=None)
    page_count = fields.Integer(compute="_compute_counts", string="Pages", aggregator=None)
    attachment_id = fields.Many2one(
        comodel_name="ir.attachment", string="PDF", readonly=True, ondelete="restrict"
    )
    can_undo = fields.Boolean(compute="_compute_can_undo")

    # === Compute methods === #

    @api.depends("date_printed")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        """By the clock of whoever reads it, as *Printed on* beside it is."""
        for batch in self:
            moment = format_datetime(
                self.env, batch.date_printed, tz=str(self.env.tz), dt_format="short"
            )
            batch.display_name = self.env._("Batch of %s", moment)

    @api.depends("line_ids.state", "line_ids.page_count")
    def _compute_counts(self):
        for batch in self:
            out = batch.line_ids.filtered(lambda line: line.state == "out")
            batch.out_count = len(out)
            batch.letter_count = len(batch.line_ids - out)
            batch.page_count = sum((batch.line_ids - out).mapped("page_count"))

    @api.depends("state", "date_posted")
    def _compute_can_undo(self):
        """What was posted by mistake is taken back on the day it was said."""
        for batch in self:
            today = batch.company_id._get_collection_today() if batch.company_id else False
            batch.can_undo = batch.state == "printed" or (
                batch.state == "posted" and batch._get_said_day() == today
            )

    def _get_said_day(self):
        """:return: the company's day on which it was said that it was posted"""
        zone = timezone(self.company_id._get_collection_tz())
        moments = self.line_ids.filtered("date_said").mapped("date_said")
        return moments and utc.localize(max(moments)).astimezone(zone).date()

    # === Actions === #

    def action_download(self):
        """The PDF: the list, then the letters in the same order.

        :raise UserError: it is not there any more
        """
        batch = check_one(self)
        if not batch.attachment_id:
            raise UserError(
                self.env._(
                    "The PDF is not there any more: letters of the batch were anonymised. The "
                    "others have their own."
                )
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{batch.attachment_id.id}?download=true",
            "target": "new",
        }

    def action_open_letters(self):
        """Its letters, those that were taken out included."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_letter_action"
        )
        return {**action, "domain": [("id", "in", self.line_ids.letter_id.ids)], "context": {}}

    def action_mark_posted(self):
        """Open the dialog that marks the batch as posted: it shows what has to be taken out."""
        batch = check_one(self)
        batch._check_user()
        batch._check_printed()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Mark as Posted"),
            "res_model": "crm.collection.batch.post",
            "view_mode": "form",
            "target": "new",
            "context": {"default_batch_id": batch.id, "dialog_size": "large"},
        }

    def action_undo(self):
        """It was not posted after all, or is not going to be: its letters are printed and no more,
        or wait to be printed again.

        :raise UserError: it was said on another day
        """
        batch = check_one(self)
        batch._check_user()
        if not batch.can_undo:
            raise UserError(
                self.env._(
                    "What was posted is taken back on the same day only. Of a letter that came "
                    "back, say so on the letter."
                )
            )
        batch_sudo = batch.sudo()  # the engine's states; the user's right was checked
        if not batch_sudo.try_lock_for_update():
            raise UserError(self.env._("Somebody else is at this batch: try again in a moment."))
        return batch_sudo._unpost() if batch.state == "posted" else batch_sudo._cancel()

    # === Printing === #

    @api.model
    def _print(self, company, letters):
        """Write letters on paper, in the order of their addresses.

        :return: the batch; none where no letter could be written
        """
        written = letters.with_company(company)._put_on_paper()
        if not written:
            return self.browse()
        batch = self.create(
            {
                "company_id": company.id,
                "state": "printed",
                "date_printed": fields.Datetime.now(),
                "printed_by_id": self.env.uid,
            }
        )
        sheets = batch._add(written.sorted(lambda letter: letter._get_postal_key()))
        report = self.env.ref(REPORT).sudo()
        cover = report.with_company(company)._crm_collection_render_pdf(report, batch)
        batch.attachment_id = self.env["ir.attachment"].create(
            {
                "name": f"{batch.display_name}.pdf".replace("/", "-"),
                "raw": merge_pdf([cover, *sheets]),
                "mimetype": "application/pdf",
                "res_model": self._name,
                "res_id": batch.id,
            }
        )
        return batch

    def _add(self, letters):
        """:return: the PDFs of the letters, in their order"""
        sheets = []
        for number, letter in enumerate(letters, start=1):
            own = merge_pdf(letter._get_sheets())
            sheets.append(own)
            self.line_ids.create(
                {
                    "batch_id": self.id,
                    "letter_id": letter.id,
                    "sequence": number,
                    "addressee": ", ".join(letter._get_addressee()),
                    "page_count": self.line_ids._count_pages(own),
                    "state": "printed",
                }
            )
        letters.write({"state": "printed", "batch_id": self.id})
        return sheets

    def _show_printed(self, left):
        """:param left: letters that are not printed
        :return: action that shows the batches, and says what became of the others"""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_batch_action"
        )
        if len(self) == 1:
            action.update(res_id=self.id, views=[(False, "form")])
        elif self:
            action["domain"] = [("id", "in", self.ids)]
        else:
            action = {"type": "ir.actions.client", "tag": "soft_reload"}
        if not left:
            return action
        title = self.env._("Taken out: %s", len(left))
        note = get_done(left._get_reasons(), type="warning", sticky=True, title=title)
        note["params"]["next"] = action
        return note

    def _get_cover_lines(self):
        """:return: its letters as the list has them"""
        return self.line_ids.sorted("sequence")

    # === Posting === #

    def _post(self, date, is_gone=False):
        """Mark the batch as posted: its letters are sent, as of that day. What is not true any more
        is taken out, and written anew or cancelled.

        :param bool is_gone: it has been posted already: what is not true any more, too
        :return: the lines that are taken out
        """
        self._check_user()
        batch_sudo = self.sudo()  # the engine's states; the user's right was checked
        if not batch_sudo.try_lock_for_update():
            raise UserError(self.env._("Somebody else is at this batch: try again in a moment."))
        batch_sudo._check_printed()
        batch_sudo._check_day(date)
        reasons = batch_sudo._get_untrue()
        out = batch_sudo.line_ids.browse(line.id for line in reasons)
        if is_gone:
            out._note_gone(reasons)
            out = out.filtered(lambda line: line.letter_id.state != "printed")
        gone = batch_sudo.line_ids.filtered(lambda line: line.state == "printed") - out
        gone._post(date, batch_sudo._get_moment(date))
        out._take_out(reasons)
        batch_sudo.write({"state": "posted", "date_posted": date, "posted_by_id": self.env.uid})
        return out

    def _check_printed(self):
        self.ensure_one()
        if self.state != "printed":
            raise UserError(self.env._("The batch was posted already, or is cancelled."))

    def _check_day(self, date):
        """:raise UserError: nobody posts before it is printed, or tomorrow"""
        today = self.company_id._get_collection_today()
        zone = timezone(self.company_id._get_collection_tz())
        printed = utc.localize(self.date_printed).astimezone(zone).date()
        if not date or not printed <= date <= today:
            raise UserError(
                self.env._(
                    "The day it was posted is from %(first)s to %(last)s.",
                    first=format_date(self.env, printed),
                    last=format_date(self.env, today),
                )
            )

    def _get_moment(self, date):
        """:return: when the letters left: now, or at noon of a day before, by its clock"""
        if date == self.company_id._get_collection_today():
            return fields.Datetime.now()
        zone = timezone(self.company_id._get_collection_tz())
        noon = zone.localize(datetime.combine(date, time(12)))
        return max(noon.astimezone(utc).replace(tzinfo=None), self.date_printed)

    def _get_untrue(self):
        """:return: {line: why its letter must not be posted} of those that must not"""
        printed = self.line_ids.filtered(lambda line: line.state == "printed")
        reasons = {line: line.letter_id._explain_untrue_paper(self) for line in printed}
        return {line: reason for line, reason in reasons.items() if reason}

    # === Taking back === #

    def _cancel(self):
        lines = self.line_ids.filtered(lambda line: line.state == "printed")
        letters = lines.letter_id.filtered(lambda letter: letter.state == "printed")
        letters._set_to_print()
        lines.write({"state": "out", "reason": self.env._("Undone by %s", self.env.user.name)})
        self.state = "cancelled"
        return get_undone(self.env._("Letters that wait to be printed again: %s", len(letters)))

    def _unpost(self):
        lines = self.line_ids.filtered(lambda line: line.state == "posted")
        lines._unpost()
        self.write({"state": "printed", "date_posted": False, "posted_by_id": False})
        return get_undone(self.env._("Letters that have not left after all: %s", len(lines)))

    def _check_user(self):
        self.check_access("read")
        self.env["crm.collection.letter"]._check_user()
