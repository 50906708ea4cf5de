from odoo import api, fields, models
from odoo.fields import Domain

from ..letters import contact_queries, unsent_queries
from ..letters.condition_queries import LEAVING_STATES
from ..portfolio.clock import get_moment
from . import foresee_queries

NOON = 12.0
MOST_DAYS = 50  # looked at one after the other, until one is within hours and a working day


class CrmCollectionEngine(models.AbstractModel):
    """What the coming days make of letters that wait in the mail queue, and of contacts that are
    to come: the limit of contacts a week counts them.

    A letter in the queue has left by tomorrow, but one that waits for sending hours of another
    day: on that day it is decided anew, and where that is no working day on the next one. Until
    then it has not left, and no other letter does. So it is with those that are to be written.
    """

    _inherit = "crm.collection.engine"

    def _get_future(self, company, items):
        future = super()._get_future(company, items)
        days = self._get_queued_days(future)
        if days:
            query = foresee_queries.in_queue([letter.id for letter in days])
            future.queue(days, self.env.execute_query_dict(query))
        future.reminders = self._get_contacts_to_come(
            future.companies, future.today, partner_ids=future.partner_ids
        )
        return future

    # === The queue === #

    def _get_queued_days(self, future):
        """:return: {letter that leaves on another day: the first one on which it may}"""
        letters = self._find_on_their_way(
            Domain("company_id", "in", (future.senders | future.company).ids)
            & Domain("partner_id", "in", future.partner_ids)
            & Domain("state", "=", "outgoing")
        )
        days = {letter: self._get_queued_day(letter) for letter in letters}
        return {
            letter: day
            for letter, day in days.items()
            if day > letter.company_id._get_collection_today()
        }

    def _find_on_their_way(self, domain):
        """:return: letters of a domain that leave by themselves, and have not"""
        return self.env["crm.collection.letter"].search(
            domain
            & Domain("state", "in", LEAVING_STATES)
            & Domain("origin", "=", "automatic")
            & Domain("date_sent", "=", False)
            & Domain("delivery_started", "=", False)
        )

    def _get_queued_day(self, letter):
        """:return: the company's day on which a letter in the mail queue comes to its hours"""
        company = letter.company_id
        moment = company._get_collection_leaving_moment(letter.recipient_ids[:1])
        return company._get_collection_day(moment) if moment else company._get_collection_today()

    def _wait_in_queue(self, future, company, rows, day):
        """Letters of a day that are written when the sending hours of their customers are over
        wait in the queue for another day, which decides anew: of their rows it is said.

        :param rows: of :func:`.foresee_queries.due_on`, with where their letters go
        """
        for row in rows:
            key = company.id, row["partner_id"]
            if row["problem"] or row["verdict"] or future.hours.get(key) == day:
                continue  # on that day the hours have begun when it is decided
            leaves = self._get_leaving_day(company, row["recipient"], day)
            if leaves > day:
                future.hours[key] = leaves
                row.update(verdict="hours", date_free=leaves)

    def _get_leaving_day(self, company, recipient, day):
        """:return: the company's day on which a letter is handed over that is written on a day"""
        written = get_moment(company._get_collection_tz(), day, company.collection_letters_hour)
        if day == company._get_collection_today():
            written = max(written, fields.Datetime.now())
        moment = company._get_collection_leaving_moment(recipient, written)
        return company._get_collection_day(moment) if moment else day

    def _get_days_they_leave(self, company, written, recipients):
        """
        :param written: the day on which letters to these contacts are written
        :return: {contact: the day on which its letter leaves}: it waits for sending hours, and for
            working days; on each day that it reaches it is decided anew
        """
        working_days = company._get_collection_letter_days()
        days = {one: self._get_leaving_day(company, one, written) for one in set(recipients)}
        return {
            one: self._wait_for_both(company, one, day, working_days) for one, day in days.items()
        }

    def _wait_for_both(self, company, recipient, day, working_days):
        for _number in range(MOST_DAYS):
            if not working_days or working_days.is_working(day):
                break
            day = self._get_leaving_day(company, recipient, working_days.get_next(day))
        return day

    def _get_decided_anew(self, company, date, partner_ids=None):
        """:return: letters of a company that were written before a day, and are decided anew on it:
        those whose hours begin, and others that waited for a working day, each as a recordset

        :param list partner_ids: to these customers alone
        """
        domain = Domain("company_id", "=", company.id) & Domain("date", "<", date)
        if partner_ids is not None:
            domain &= Domain("partner_id", "in", partner_ids)
        working_days, today = company._get_collection_letter_days(), company._get_collection_today()
        in_hours = others = self.env["crm.collection.letter"]
        for letter in self._find_on_their_way(domain):
            is_queued = letter.state == "outgoing"
            day = self._get_queued_day(letter) if is_queued else today
            works = working_days.get_next(day) if working_days else day
            if works == date and is_queued and works == day:
                in_hours |= letter
            elif works == date:
                others |= letter
        return in_hours, others

    def _get_letters_to_issue_again(self, future):
        queued = self.env["crm.collection.letter"].browse(future.queued)
        return super()._get_letters_to_issue_again(future) | queued._filter_leaving(on_any_day=True)

    def _get_overtaken(self, future, company, letters, day):
        """:return: those of letters that wait which do not leave on a day: their customer was
        written to, or had as many contacts as are allowed, as where they are issued"""
        queries = [unsent_queries.overtaken(company, day, letters.ids)]
        if company.collection_contacts_week:
            queries.append(contact_queries.over_limit(company, day, letters.ids))
        asked = (foresee_queries.pretend(future, query) for query in queries)
        ids = [id_ for query in asked for (id_,) in self.env.execute_query(query)]
        return letters.browse(ids)

    # === Contacts === #

    def _issue_again(self, future, letters, day):
        future.remind(day)
        return super()._issue_again(future, letters, day)

    @api.model
    def _get_contacts_to_come(self, companies, first, last=None, partner_ids=None):
        """:return: (day, contact in the columns of its table) of what customers get beside letters
        on the days from ``first`` on, where a limit counts it"""
        if not any(company.collection_contacts_week for company in companies):
            return []
        return [
            (
                day,
                {
                    "company_id": company.id,
                    "partner_id": partner_id,
                    "date": str(get_moment(company._get_collection_tz(), day, NOON)),
                    "direction": "out",
                    "state": "done",
                },
            )
            for company, day, partner_id in self._get_reminders_to_come(
                companies, first, last, partner_ids
            )
        ]

    @api.model
    def _get_reminders_to_come(self, companies, first, last=None, partner_ids=None):
        """Override to say what else customers are mailed by themselves, and counts as a contact.

        :param last: up to this day; by default all
        :param partner_ids: of these customers alone
        :return: list of (company, day, customer's id)
        """
        return []

    def _count_contacts_to_come(self, companies, date, query, partner_ids=None):
        """:return: the query, asked as if the contacts up to a day had been"""
        today = min(company._get_collection_today() for company in companies)
        to_come = self._get_contacts_to_come(companies, today, date, partner_ids)
        return foresee_queries.with_contacts([contact for _day, contact in to_come], query)
