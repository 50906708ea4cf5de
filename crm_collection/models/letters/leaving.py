from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_datetime


class CrmCollectionLetter(models.Model):
    """Which letters may leave: asked before they are issued and before each is handed over."""

    _inherit = "crm.collection.letter"

    released_in = fields.Char(
        string="May Leave from the Copy",
        readonly=True,
        copy=False,
        help="The copy of the database in which a person had it sent all the same.",
    )

    date_leave = fields.Datetime(
        string="Leaves from",
        readonly=True,
        copy=False,
        help="When the sending hours begin that it waits for in the mail queue.",
    )
    leave_note = fields.Char(
        string="Why It Waits", compute="_compute_leave_note", help="Of one that leaves by itself."
    )

    @api.depends("state", "origin", "date_leave")
    @api.depends_context("lang")
    def _compute_leave_note(self):
        for letter in self:
            letter.leave_note = letter._explain_waiting()

    def _explain_waiting(self):
        """:return: why a letter that leaves by itself has not left, in words"""
        company = self.company_id
        if self.origin != "automatic":
            return ""
        if self.state == "to_send":
            today = company._get_collection_today()
            return company._explain_collection_workday(today) or company._explain_collection_bank()
        if self.state != "outgoing" or not self._is_outside_hours():
            return ""
        zone = company._get_collection_tz_of(self.recipient_ids[:1])
        return self.env._(
            "It leaves within the sending hours: from %(moment)s on, by the clock of %(zone)s.",
            moment=format_datetime(self.env, self.date_leave, tz=zone, dt_format="short"),
            zone=zone,
        )

    def _is_outside_hours(self):
        return self.date_leave and self.date_leave > fields.Datetime.now()

    def _wait_for_hours(self):
        """Letters in the mail queue that leave by themselves stay there until the sending hours
        begin where their customers are.

        :return: those that do
        """
        moments = {
            letter: letter.company_id._get_collection_leaving_moment(letter.recipient_ids[:1])
            for letter in self
            if letter.origin == "automatic"
        }
        waiting = self.filtered(moments.get)
        for moment, letters in waiting.grouped(moments.get).items():
            letters.date_leave = moment
            letters.mail_id.scheduled_date = moment
            self.env["mail.mail"]._trigger_queue(moment)
        return waiting

    def _get_leaving_domain(self, company):
        """:return: the domain of a company's letters that may leave now: those of persons alone on
        a day that is no working day (see :meth:`_get_sending_domain`)"""
        domain = self._get_sending_domain(company)
        if not company._is_collection_letter_day(company._get_collection_today()):
            domain &= Domain("origin", "=", "manual")
        return domain

    def _get_sending_domain(self, company):
        """:return: as :meth:`_get_leaving_domain`, on any day: those of persons where the company
        does not send by itself, or waits for its bank; in a copy of the database those that were
        written there alone"""
        if not company._is_collection_live():
            return Domain("released_in", "=", company._get_collection_key())
        if not company.collection_auto_send or company._get_collection_late_banks():
            return Domain("origin", "=", "manual")
        return Domain.TRUE

    def _filter_leaving(self, on_any_day=False):
        """:return: those of these letters that may leave now, or if it were a working day"""
        get_domain = self._get_sending_domain if on_any_day else self._get_leaving_domain
        return self.browse().union(
            *(
                letters.filtered_domain(get_domain(company))
                for company, letters in self.grouped("company_id").items()
            )
        )

    def _release(self):
        """A person has these sent: from a copy these alone, all others of it stay. Where nothing
        was sent before, this is the database that sends."""
        for company, letters in self.grouped("company_id").items():
            if not company.collection_live_date:
                company._set_collection_live()
            elif not company._is_collection_live():
                letters.released_in = company._get_collection_key()

    def _check_live(self):
        """:raise UserError: where the letters are those of another database"""
        for company in self.company_id:
            if not company._is_collection_live():
                raise UserError(company._explain_collection_copy())

    def _wait_for_workday(self, run, company):
        """Whether new letters wait for the next working day of a company: the run says so, and the
        job looks again every hour, as calendars change."""
        if reason := company._explain_collection_workday(run.date):
            run._log_note(reason)
            run.state = "waiting"
        return bool(reason)

    def _wait_for_bank(self, run, company):
        """Whether new letters wait for the bank of a company: the run says so, somebody gets the
        task, and the job looks again every hour."""
        reason = company._explain_collection_bank()
        if not reason:
            company._forget_collection_bank()
            return False
        company._ask_collection_bank()
        run._log_note(reason)
        run.state = "waiting"
        return True

    def _stop_in_copy(self, run, company):
        """The letters job in a copy of the database: it says so, and asks the manager."""
        company._ask_collection_live()
        run._log_note(company._explain_collection_copy())
