from datetime import timedelta

from odoo import models
from odoo.fields import Domain

from ..letters.condition_queries import LEAVING_STATES, waiting_items
from . import foresee_queries
from .future import POSTPONED

MAX_DAYS = 500
WAITING = Domain("state", "in", ("no_address", "blacklisted", "failed"))


class CrmCollectionEngine(models.AbstractModel):
    """The letters of the coming days, from where the items will be; one may be about several
    items, and begins the customer's quiet days. Where phases wait until a letter is known to have
    left, a day's letters may change where the items go after it: then that is asked anew, from
    there on.
    """

    _inherit = "crm.collection.engine"

    def _live_as_it_sends(self, future, changes, items):
        """:return: as :meth:`_live`, with the letters that the companies send by themselves"""
        future.forget()
        future.senders = future.senders.filtered(lambda member: member._is_collection_sending())
        return self._live({item.id: {} for item in items}, future, changes)

    def _live(self, result, future, changes):
        """Live the days on which a letter may leave, until every item had its own or has none, and
        tell of the letters. Where phases wait for letters, until every item has gone on, too: each
        letter may be what it waits for.

        :param list changes: what the allocation job writes, if no letter is written
        :return: what it writes
        """
        lived, changes, day = [], list(changes), future.today
        waiting = self._get_waiting(future, day)
        fixed = {row["today"] for row in changes} | future.bounds
        fixed |= set(future.add_days({row["date_maturity"] for row in future.lines.values()}, [1]))
        again = self._get_letters_to_issue_again(future)
        if self._is_in_queue(future):
            fixed.add(day + timedelta(days=1))
        for _number in range(MAX_DAYS):
            while changes and changes[0]["today"] <= day:
                lived.append(changes.pop(0))
                future.follow(lived[-1])
            leaving = future.filter_leaving(again, day)
            rows = self._issue_again(future, leaving, day) + self._decide_letters(future, day)
            self._tell_letters_of_day(result, future, day, rows)
            if leaving or not all(row["verdict"] for row in rows):
                before, waiting = waiting, self._get_waiting(future, day)
                if waiting != before:
                    changes = self._foresee_changes(future.branch(), day)
                    fixed |= {row["today"] for row in changes}
            again -= leaving
            fixed |= {day + timedelta(days=1)} if leaving else set()
            fixed |= future.get_next_letter_days(day) if again else set()
            fixed = {one for one in fixed if one > day}
            self._watch(result, future, lived, changes, day, bool(fixed))
            later = {one for one in future.get_letter_days() if one > day}
            later |= {row["date_free"] for row in rows if row["verdict"] in POSTPONED}
            later |= future.get_next_letter_days(day)
            if not future.watched_ids or not (later or fixed):
                break
            day = min(later | fixed)
        return lived + changes

    def _watch(self, result, future, lived, changes, day, is_changing):
        """Look, after a day, at the customers of whose items not all is told."""
        changing = {row["line_id"] for row in changes}
        gone = {row["line_id"] for row in lived if self._get_step_of(row)}
        following = changing - gone if future.follows_letters else set()
        future.watch(
            line["partner_id"]
            for line_id, line in future.lines.items()
            if (told := result.get(line["item_id"])) is not None
            and (
                line_id in following
                or "letter" not in told
                and (
                    line_id in changing
                    or self._may_be_written_later(told, future, line_id, day, is_changing)
                )
            )
        )

    def _get_waiting(self, future, day):
        """:return: ids of the items that wait after a day until a letter is known to have left"""
        if not future.follows_letters:
            return set()
        tomorrow, ids = day + timedelta(days=1), set()
        for company in future.companies:
            query = waiting_items(company, tomorrow)
            rows = self.env.execute_query(foresee_queries.pretend(future, query))
            ids |= {item_id for (item_id,) in rows}
        return ids

    def _may_be_written_later(self, told, future, line_id, day, is_changing):
        """Whether the letter of an item may leave after ``day`` where it stays where it is.

        :param bool is_changing: whether holds or what else the customers owe may change by then
        """
        date_next = future.get("date_next_letter", line_id)
        return bool(date_next) and (
            is_changing or date_next > day or told.get("obstacle") in POSTPONED
        )

    def _decide_letters(self, future, day):
        """:return: rows of :func:`.foresee_queries.due_on` of the day's letters, written: of one
        company after the other, as the job writes them"""
        rows = []
        for company in future.senders:
            partner_ids = future.get_due_partner_ids(company, day)
            if not partner_ids or not future.is_letter_day(company, day):
                continue
            query = foresee_queries.due_on(company, day, partner_ids)
            of_company = self.env.execute_query_dict(foresee_queries.pretend(future, query))
            written = [row for row in of_company if not row["verdict"]]
            self._tell_routes(future, company, written)
            self._wait_in_queue(future, company, written, day)
            written = [row for row in written if not row["verdict"]]
            future.write_letters(company, written, day)
            rows += of_company
        return rows

    def _get_letters_to_issue_again(self, future):
        """:return: letters that wait and leave with the next run: the customer has an address now,
        or it was no fault of theirs"""
        domain = Domain("company_id", "in", (future.senders | future.company).ids) & WAITING
        letters = self.env["crm.collection.letter"].search(
            domain & Domain("partner_id", "in", future.partner_ids)
        )
        leaving = letters._filter_leaving(on_any_day=True)
        return leaving.filtered(lambda letter: letter._is_recovered())

    def _issue_again(self, future, letters, day):
        """Issue letters that waited: as they are, where a person asked for them or they went out
        before; the others are decided anew with what is due.

        :return: rows as of :meth:`_decide_letters`, of the items the first ones are about
        """
        if not letters:
            return []
        rows, as_they_are = [], letters.filtered(lambda letter: not letter._is_decided_anew())
        for company, of_company in as_they_are.grouped("company_id").items():
            query = foresee_queries.in_letters(company, day, of_company.ids)
            told = self.env.execute_query_dict(foresee_queries.pretend(future, query))
            rows += self._get_rows_that_leave(future, company, of_company, told, day)
        states = self._tell_letters_again(as_they_are, rows)
        over_ids = [id_ for id_ in letters.ids if id_ not in states]
        future.issue(states, over_ids, rows, day)
        return rows

    def _get_rows_that_leave(self, future, company, letters, rows, day):
        """:return: of the rows those that letters leave with: less what credits pay; what went out
        before goes whole or not at all"""
        covered, lines = letters._get_covered_lines(company, day)
        covered |= self._get_overtaken(future, company, letters, day)
        out = lines.filtered(lambda line: not line.letter_id.date_sent).ids
        owed = {row["letter_line_id"] for row in rows}
        over = covered + letters.filtered(
            lambda letter: letter.date_sent and not owed.issuperset(letter.line_ids.ids)
        )
        return [
            row
            for row in rows
            if row["letter_id"] not in over.ids and row["letter_line_id"] not in out
        ]

    def _is_in_queue(self, future):
        """:return: whether a letter to one of the customers is on its way: it has left by
        tomorrow, and the next one may be written"""
        domain = Domain("company_id", "in", future.company._get_collection_family().ids)
        domain &= Domain("state", "in", LEAVING_STATES)
        domain &= Domain("partner_id", "in", future.partner_ids)
        return bool(self.env["crm.collection.letter"].search_count(domain, limit=1))

    def _tell_letters_of_day(self, result, future, day, rows):
        # what one company wrote about another one decides about on the same day, once more: where
        # the letter reaches nobody it is due as it was, and waits for that letter
        by_item = {row["item_id"]: row for row in sorted(rows, key=lambda row: not row["verdict"])}
        for line_id, line in future.lines.items():
            told = result.get(line["item_id"])
            if told is None or "letter" in told:
                continue
            row = by_item.get(line["item_id"])
            if row and not row["verdict"]:
                told["letter"] = (day, row["phase_id"], row["problem"])
                told["channel"] = row["channel"]
            elif row:
                told["obstacle"] = row["verdict"]
            elif future.is_due(line_id, day):
                told["obstacle"] = self._get_obstacle(future, line_id, day)

    def _get_obstacle(self, future, line_id, day):
        """:return: why a letter is not even asked about whose day has come"""
        if not future.is_letter_day(future.company, day):
            return "workday"
        if future.payments.get(line_id, day - timedelta(days=1)) >= day:
            return "processing"
        phase = self.env["crm.collection.phase"].browse(future.get("phase_id", line_id))
        return "hold" if phase.can_act else "approval"
