from odoo import models

# For so many days paper says what is true: its interest and its last day to pay are of the day it
# was printed.
PAPER_DAYS = 7


class CrmCollectionLetter(models.Model):
    """Whether a letter that is on paper may be posted: everything is read again, as before a mail
    is handed over. Of what it says the days that passed since are no reason to print it anew."""

    _inherit = "crm.collection.letter"

    def write(self, vals):
        """A printed letter that somebody cancels, or writes anew, is not in its batch any more."""
        printed = self.browse()
        if vals.get("state", "sent") not in ("sent", "printed"):
            printed = self.filtered(lambda letter: letter.state == "printed")
        result = super().write(vals)
        if printed:
            printed._leave_batch(vals.get("failure_reason"))
        return result

    def _leave_batch(self, reason):
        lines = self.env["crm.collection.batch.line"].sudo()
        domain = [("letter_id", "in", self.ids), ("state", "=", "printed")]
        env = self._in_office_language().env
        for line in lines.search(domain):
            line._leave_out(reason or env._("It was taken back, or written anew."))

    def _explain_untrue_paper(self, batch):
        """:return: why a printed letter must not be posted, in words; nothing where it may"""
        self.ensure_one()
        today = self.company_id._get_collection_today()
        self.env.flush_all()
        if self.state != "printed" or self.batch_id != batch:
            return self.env._("It was taken back, or written anew.")
        if not self._filter_leaving(on_any_day=True):
            return self._explain_staying()
        if (today - self.date).days > PAPER_DAYS:
            day = self._format_day(self.date)
            return self.env._("It is of %s: it has to be written anew.", day)
        return self._explain_untrue_text(today) or self._explain_overtaken(today)

    def _explain_untrue_text(self, today):
        if not self._has_its_template():
            return self.env._("Another letter was approved for its phase meanwhile.")
        if not self._is_money_true(self.company_id, today, on_paper=True):
            return self.env._("What it asks for was paid, is held back or changed meanwhile.")
        route = self._get_route()
        if not self._is_on_route(route):
            return self.env._("It goes elsewhere now: %s", self._describe_route(route))
        return ""

    def _explain_overtaken(self, today):
        if self._get_overtaken(self.company_id, today):
            return self.env._("The customer was written to meanwhile: quiet period.")
        if self._get_over_limit(self.company_id, today):
            return self._get_reason_over_limit()
        return ""

    def _note_posted(self, date):
        """Told in the letter's history, by whoever says so."""
        day, user = self._format_day(date), self.env.user.name
        self._message_log(
            body=self.env._("Posted on %(day)s, says %(user)s.", day=day, user=user),
            author_id=self.env.user.partner_id.id,
        )
