from datetime import timedelta
from operator import itemgetter

from odoo import api, models

from ..portfolio import payment_queries
from . import foresee_queries
from .future import Future
from .reached_queries import waits_anywhere

MAX_ROUNDS = 100
MANY_LINES = 200


class CrmCollectionEngine(models.AbstractModel):
    """The coming days: plan and letters asked ahead about some customers, nothing kept and
    nothing written.

    First where the items go, day by day, as if no letter were written. Then the letters
    (:mod:`.foresee_letters`), from where the items will be.
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
            if row["blocker"] == "after_letter" != row["blocker_from"]:
                told.setdefault("waits", row["today"])
            if step_id := self._get_step_of(row):
                told["step"] = (row["today"], step_id)

    def _get_step_of(self, row):
        """:return: the step an item moves into, is asked about or is proposed for, if it is"""
        if row["moves"]:
            return row["step_id"]
        if row["asks"]:
            return row["target_step_id"]
        if row["proposed_step_id"] != row["proposed_from_id"]:
            return row["proposed_step_id"]
        return False

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
