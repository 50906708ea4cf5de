from datetime import timedelta

from odoo import api, models

from . import plan_queries

# Further ahead nothing is foreseen: a hold may last, and a step wait, for a hundred years.
FURTHEST = timedelta(days=3660)


class CrmCollectionEngine(models.AbstractModel):
    """The coming days: the plan asked ahead about some items, nothing kept and nothing written."""

    _inherit = "crm.collection.engine"

    @api.model
    def _foresee(self, company, items, without_holds=False):
        """What happens to items first, if nothing else does: they move, an approval is asked for,
        or a phase that only a person decides about is proposed.

        :param items: ``crm.collection.item`` of ``company``
        :param bool without_holds: as if nothing were on hold
        :return: {item id: (day, step id)} of the items something will happen to
        """
        self.env.flush_all()
        plan = self._get_plan(company, self._get_coming_days(company, items), items, without_holds)
        rows = self.env.execute_query(plan_queries.first_event(plan))
        return {item_id: (day, step_id) for item_id, day, step_id in rows}

    @api.model
    def _get_coming_days(self, company, items):
        """:return: the days from today to the last one on which something may change: a step is
        reached, an item has been long enough in its phase, a hold is over, a payment is
        not waited for any more"""
        today = company._get_collection_today()
        furthest = today + FURTHEST
        rules = self._get_rules(company)
        steps = max([0, *rules.step_ids.mapped("days")])
        steps += max([0, *rules.mapped("grace_days")])
        in_phase = max([1, *rules.mapped("step_min_days")])
        working_days = company._get_collection_phase_days()
        if working_days:
            steps += working_days.get_longest()
        ends = [hold.date_last for hold in items.hold_id]
        payments = items._get_processing_dates()
        ends += [payments[line_id] for line_id in items.line_id.ids if line_id in payments]
        days = [
            min(day, furthest) + timedelta(days=wait)  # the calendar ends, dates may be its last
            for wait, dates in (
                (steps, items.mapped("date_maturity")),
                (in_phase, items.mapped("date_phase")),
                (1, ends),
            )
            for day in dates
            if day
        ]
        last = min(max([today, *days]), furthest)
        return [today + timedelta(days=number) for number in range((last - today).days + 1)]
