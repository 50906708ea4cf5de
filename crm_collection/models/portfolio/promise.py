from collections import defaultdict, deque
from datetime import date, timedelta
from functools import partial

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.pace import Pace
from ...tools.retry import in_transaction
from . import promise_queries

FIRST = 50  # holds closed in the first transaction: each says so in its chatter
HOLDS_PER_BATCH = 500  # and in one that takes no time


class CrmCollectionHold(models.Model):
    """What becomes of a promise: kept when the promised amount was paid in time, broken when its
    last day passes without, which may be in part. What is paid in parts breaks with the first of
    them that is missed: see :mod:`.promise_plan`.

    It is judged by the days of the payments, and not by the day on which the job looks; the
    company says how many days later a payment may be dated. What is entered later is looked at
    again: a broken promise becomes kept where a payment was in time, and a kept one broken where
    its payment was returned. Nothing else is undone: what was collected meanwhile stays as it is.
    """

    _inherit = "crm.collection.hold"

    is_partly = fields.Boolean(
        string="Kept in Part",
        readonly=True,
        copy=False,
        help="Broken, and something was paid in time all the same.",
    )
    amount_paid = fields.Monetary(
        aggregator=None,
        compute="_compute_amount_paid",
        string="Paid since",
        help="Payments and credits matched since the hold was set, in time or not.",
    )
    date_last = fields.Date(
        string="Held Until",
        compute="_compute_date_last",
        help="The last day of the hold, with the days that promises are waited for.",
    )

    # === Compute methods === #

    def _compute_amount_paid(self):
        """In company currency, as promises are judged by."""
        self._flush_money()
        paid = dict(self.env.execute_query(promise_queries.paid_since(self.ids)))
        for record in self:
            record.amount_paid = paid.get(record.id, 0.0)

    @api.depends("date_until", "kind", "company_id.collection_promise_days")
    def _compute_date_last(self):
        """As :func:`.hold_queries.last_day` says it."""
        for record in self:
            last, company_sudo = record.date_until, record.company_id.sudo()
            if last and record.kind == "promise":
                wait = timedelta(days=company_sudo.collection_promise_days)
                last = last + min(wait, date.max - last)  # the calendar ends
            record.date_last = last

    # === Business methods === #

    @api.model
    def _update_states(self, company, today, run=None):
        """Close what is over on ``today`` (the company's day), promises by what was paid.

        :param run: the run that keeps the log of a hold that cannot be closed, and says how long
            there is time; without one all is written in the caller's transaction
        :return: whether all were (false: time is up)
        """
        in_force = Domain("company_id", "=", company.id) & Domain("state", "=", "active")
        if not self.sudo().search_count(in_force, limit=1):
            return True  # working out what to ask takes the database longer than the answer
        self._flush_money()
        return self._set_states(promise_queries.closings(company.id, today), run)

    @api.model
    def _judge_again(self, company, today, run=None):
        """Judge promises again by what was entered, or undone, since they were.

        :param run: as for :meth:`_update_states`
        :return: likewise
        """
        judged = Domain("company_id", "=", company.id) & Domain("state", "in", ("kept", "broken"))
        if not self.sudo().search_count(judged, limit=1):
            return True
        self._flush_money()
        self.env["crm.collection.settlement"].flush_model()
        return self._set_states(promise_queries.verdicts_to_change(company.id, today), run)

    def _set_states(self, query, run):
        ids_by_verdict = defaultdict(list)
        for hold_id, *verdict in self.env.execute_query(query):
            ids_by_verdict[tuple(verdict)].append(hold_id)
        pace = Pace(FIRST, HOLDS_PER_BATCH)
        for (state, is_partly), ids in ids_by_verdict.items():
            batches = deque([ids])
            while batches:
                holds = self.browse(pace.take(batches))
                close = partial(holds._close_safely, state, run, is_partly=bool(is_partly))
                in_transaction(self.env, close, commit=bool(run))
                pace.measure(len(holds))
                if run and not run._commit(0):
                    return False
        return True

    def _flush_money(self):
        self.env["account.move.line"].flush_model()
        self.env["account.partial.reconcile"].flush_model()
        self.env["crm.collection.item"].flush_model()
        self.env["crm.collection.hold.part"].flush_model()
        self.env["res.company"].flush_model(
            ["collection_promise_days", "collection_promise_percent"]
        )
        self.flush_model()

    def _is_forged(self):
        # EXTENDS: what comes of a promise is no beginning
        return super()._is_forged() or self.is_partly
