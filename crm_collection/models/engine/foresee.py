from datetime import timedelta
from operator import itemgetter

from odoo import api, models
from odoo.fields import Domain

from ..letters.condition_queries import LEAVING_STATES, waiting_items
from ..portfolio import payment_queries
from . import foresee_queries
from .future import POSTPONED, Future
from .reached_queries import waits_anywhere

MAX_ROUNDS = 100
MANY_LINES = 200
MAX_DAYS = 500
WAITING = Domain("state", "in", ("no_address", "blacklisted", "failed"))


class CrmCollectionEngine(models.AbstractModel):
    """The coming days: plan and letters asked ahead about some customers, nothing kept and
    nothing written.

    First where the items go, day by day, as if no letter were written. Then the letters, from
    where the items will be; one may be about several items, and begins the customer's quiet days.
    Where phases wait until a letter is known to have left, a day's letters may change where the
    items go after it: then that is asked anew, from there on.
    """

    _inherit = "crm.collection.engine"

    @api.model
    def _foresee(self, company, items):
        """What happens to items next, if nothing else does.

        :param items: open ``crm.collection.item`` of ``company``
        :return: {item id: dict} of what there is to say: ``step`` (day, step id) it moves into, is
            asked about or proposed for; ``waits``, the day from which it waits before that for a
            letter that arrives; ``letter`` (day, phase id, state that says why it does not leave by
            itself) and its ``channel``;
            ``obstacle``, why a letter did not leave when its day had come; ``held`` (hold id, last
            day of it or ``False``), where it is on hold
        """
        self.env.flush_all()
        future = self._get_future(company, items)
        result = {item.id: {} for item in items}
        is_large = len(future.lines) > MANY_LINES
        if is_large:
            self.env.cr.execute(foresee_queries.compare_row_by_row(False))
        changes = self._foresee_changes(future)
        future.forget()
        self._tell_holds(result, future)
        lived = self._live(result, future, changes)
        if future.follows_letters and not company._is_collection_sending():
            # when its letters are due was said: now where the items go without them
            lived = self._live_as_it_sends(future, changes, items)
        self._tell_steps(result, lived)
        if is_large:
            self.env.cr.execute(foresee_queries.compare_row_by_row(True))
        return result

    @api.model
    def _foresee_freed(self, company, items):
        """:return: as :meth:`_foresee`, of the next step alone, as if nothing were on hold"""
        self.env.flush_all()
        future = self._get_future(company, items)
        future.holds = {}
        result = {item.id: {} for item in items}
        changes = self._foresee_changes(future)
        if future.follows_letters:
            changes = self._live_as_it_sends(future, changes, items)
        self._tell_steps(result, changes)
        return result

    def _get_future(self, company, items):
        """:return: the :class:`.future.Future` of the customers of items, as things stand: of all
        that they owe to the companies that are one creditor with this one"""
        companies = self._get_family_at_work(company)
        future = Future(company, companies, company._get_collection_today(), items.partner_id.ids)
        for member in companies:
            self._read_company(future, member)
        owing = {line["company_id"] for line in future.lines.values()} | {company.id}
        future.companies = companies.filtered(lambda member: member.id in owing)
        # of the one that is asked about it is said when letters are due, whether it sends or not
        future.senders = future.companies.filtered(
            lambda member: member == company or member.collection_auto_send
        )
        future.letter_days = {
            member.id: member._get_collection_letter_days() for member in future.companies
        }
        future.follows_letters = any(
            waits_anywhere(self._get_rules(member)) for member in future.companies
        )
        return future

    def _get_family_at_work(self, company):
        """:return: the companies the jobs work for that are one creditor with this one, it too,
        in the order in which the jobs come to them"""
        family = company._get_collection_family()
        if len(family) == 1:
            return family
        return self.env["crm.collection.run"]._get_companies() & family | company.sudo()

    def _read_company(self, future, company):
        """Read what customers owe to a company, and what holds it back or is on its way."""
        today, partner_ids = future.today, future.partner_ids
        account_ids = self.env["account.account"]._get_collection_receivable_ids()
        query = foresee_queries.lines_of_customers(company.id, account_ids, partner_ids)
        lines = {row["line_id"]: row for row in self.env.execute_query_dict(query)}
        query = foresee_queries.holds_of_customers(company.id, today, partner_ids)
        holds = self.env.execute_query(query)
        if any(self._get_rules(company).step_ids.mapped("after_promise")):
            query = foresee_queries.judged_of_customers(company.id, partner_ids)
            future.judged_ids += [row[0] for row in self.env.execute_query(query)]
        query = payment_queries.lines_on_their_way(company.id, today, list(lines))
        payments = {line_id: until for line_id, until, _method in self.env.execute_query(query)}
        ends = [last_day for _id, _from, last_day, _until in holds] + list(payments.values())
        future.lines |= lines
        future.holds |= {hold_id: last_day for hold_id, _date_from, last_day, _until in holds}
        future.days_until |= {hold_id: until for hold_id, _from, _last_day, until in holds}
        future.payments |= payments
        future.bounds |= set(
            future.add_days([date_from for _id, date_from, _last_day, _until in holds], [0])
            + future.add_days(ends, [1])
        )

    # === Where the items go === #

    def _foresee_changes(self, future, after=None):
        """:return: what the allocation job writes about the customers' items, day by day, from
        today on or after a day: rows of :func:`.foresee_queries.next_changes`"""
        changes, since = [], dict.fromkeys(future.lines, after) if after else {}
        for _round in range(MAX_ROUNDS):
            days = self._get_coming_days(future, min(since.values(), default=None))
            rows = self._get_next_changes(future, days, since) if days else []
            if not rows:
                break
            since = {row["line_id"]: row["today"] for row in rows}
            for row in rows:
                future.allocate(row)
            changes += rows
        return sorted(changes, key=lambda row: row["today"])

    def _get_next_changes(self, future, days, since):
        rows = []
        for company in future.companies:
            plan = self._get_plan(company, days, future.partner_ids)
            query = foresee_queries.pretend(future, foresee_queries.next_changes(plan, since))
            rows += self.env.execute_query_dict(query)
        return rows

    def _get_coming_days(self, future, after=None):
        """:return: the days from today, or those after ``after``, on which an item may change: it
        reaches a step, is due or overdue, was long enough in its phase, a hold begins or ends,
        a payment is not waited for any more"""
        reached, stays = set(), set()
        for company in future.companies:
            rules = self._get_rules(company)
            moved = self._get_range(company._get_collection_phase_days())
            due_moved = self._get_range(company._get_collection_due_days())
            reached |= {day + late for day in (0, 1) for late in due_moved}
            for step in rules.step_ids:
                grace = step.rule_id.grace_days if step.days > 0 else 0
                reached |= {step.days + grace + late for late in moved}
            stays |= {max(1, rule.step_min_days) for rule in rules}
        lines = future.lines.values()
        days = {
            future.today,
            *future.bounds,
            *future.add_days({row["date_maturity"] for row in lines}, reached),
            *future.add_days(future.get_values("date_phase"), stays),
        }
        if future.follows_letters:  # what is on its way is known to have left
            days.add((after or future.today) + timedelta(days=1))
        return sorted(day for day in days if after is None or day > after)

    def _get_range(self, working_days):
        """:return: by how many days a day may move"""
        return range(1 + (working_days.get_longest() if working_days else 0))

    def _tell_steps(self, result, changes):
        for row in changes:
            told = result.get(row["item_id"])
            if told is None or "step" in told:
                continue
            if row["moves"]:
                step_id = row["step_id"]
            elif row["asks"]:
                step_id = row["target_step_id"]
            elif row["proposed_step_id"] != row["proposed_from_id"]:
                step_id = row["proposed_step_id"]
            else:
                step_id = False
            if row["blocker"] == "after_letter" != row["blocker_from"]:
                told.setdefault("waits", row["today"])
            if step_id:
                told["step"] = (row["today"], step_id)

    def _tell_holds(self, result, future):
        """Of several holds, at once or one after the other, the last one counts."""
        days = sorted({future.today, *future.bounds})
        query = foresee_queries.held_days(future.company.id, days, list(result))
        held = dict.fromkeys(result)
        free = set()
        rows = self.env.execute_query(foresee_queries.pretend(future, query))
        for item_id, day, hold_id in sorted(rows, key=itemgetter(1)):
            if item_id in free:
                continue
            if hold_id:
                held[item_id] = (hold_id, future.holds[hold_id] or False)
                continue
            free.add(item_id)
            if held[item_id]:
                held[item_id] = (held[item_id][0], day - timedelta(days=1))
        for item_id, told in held.items():
            if told:
                result[item_id]["held"] = told

    # === The letters === #

    def _live_as_it_sends(self, future, changes, items):
        """:return: as :meth:`_live`, with the letters that the companies send by themselves"""
        future.forget()
        future.senders = future.senders.filtered(lambda member: member._is_collection_sending())
        return self._live({item.id: {} for item in items}, future, changes)

    def _live(self, result, future, changes):
        """Live the days on which a letter may leave, until every item had its own or has none, and
        tell of the letters.

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
            changing = {row["line_id"] for row in changes}
            future.watch(
                line["partner_id"]
                for line_id, line in future.lines.items()
                if (told := result.get(line["item_id"])) is not None
                and "letter" not in told
                and (
                    line_id in changing
                    or self._may_be_written_later(told, future, line_id, day, bool(fixed))
                )
            )
            later = {one for one in future.get_letter_days() if one > day}
            later |= {row["date_free"] for row in rows if row["verdict"] in POSTPONED}
            later |= future.get_next_letter_days(day)
            if not future.watched_ids or not (later or fixed):
                break
            day = min(later | fixed)
        return lived + changes

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
