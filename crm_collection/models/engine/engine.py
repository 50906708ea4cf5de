from collections import Counter, defaultdict

from odoo import api, models
from odoo.fields import Domain

from ..ledger import queries as ledger_queries
from ..portfolio import allocation_queries, sync_queries
from . import apply_queries, plan_queries, simulate_queries


class CrmCollectionEngine(models.AbstractModel):
    """Allocation: decides by one statement, writes in slices, each its own transaction.

    Killed between two slices it loses nothing: what was written is no longer in the next plan.
    """

    _name = "crm.collection.engine"
    _description = "Collection Engine"

    # === Deciding === #

    @api.model
    def _get_rules(self, company):
        """:return: the rules of the company and those above it, first match first."""
        return (
            self.env["crm.collection.rule"]
            .with_context(active_test=True)
            .sudo()  # jobs and simulations see every rule that is in force for the company
            .search(Domain("company_id", "in", [False, *company.sudo().parent_ids.ids]))
        )

    @api.model
    def _get_plan(self, company, days, partner_ids=None):
        """:return: the :class:`~.plan_queries.Plan` of a company on ``days``; of some customers
        alone, where they are given"""
        rules = self._get_rules(company)
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        horizon = max([0, *(-step_days for step_days in rules.step_ids.mapped("days"))])
        if furthest := self._get_changed_items(company, "date_maturity desc").date_maturity:
            # changed items are looked at however far away their new due date is
            horizon = max(horizon, (furthest - min(days)).days)
        return plan_queries.Plan(
            company,
            days,
            rules,
            partners.with_company(company),
            self.env["account.account"]._get_collection_receivable_ids(),
            horizon,
            partner_ids=partner_ids,
        )

    @api.model
    def _keep_plan(self, company, day):
        """Keep what the plan says of a day in a temporary table, for the job to write.

        :return: number of rows
        """
        together = self.env["crm.collection.approval"]._is_used()
        query = self._get_plan(company, [day]).query(together=together)
        self.env.cr.execute(apply_queries.drop_plan())
        self.env.cr.execute(apply_queries.create_plan(query))
        self.env.cr.execute(apply_queries.index_plan())
        return self.env.execute_query(apply_queries.count_plan())[0][0]

    @api.model
    def _get_changed_items(self, company, order=None):
        """:return: one of the company's items the job has to look at again, if there is any."""
        domain = [("company_id", "=", company.id), ("to_evaluate", "=", True)]
        return self.env["crm.collection.item"].sudo().search(domain, order=order, limit=1)

    # === Allocating === #

    def _allocate(self, run):
        """Sweep, plan and write one company's items; commits between the slices.

        :param run: the run that keeps the log
        :return: whether everything was done (false: time is up, the next call goes on)
        """
        company, today = run.company_id, run.date
        if not self.env["crm.collection.hold"]._update_states(company, today, run):
            return False
        rules = self._get_rules(company)
        for problem in filter(None, (rule._get_problem() for rule in rules)):
            run._log_problem(problem)
        self.env.flush_all()
        calendars = (company._get_collection_phase_days(), company._get_collection_due_days())
        query = plan_queries.fingerprint(company.id, today, rules, calendars)
        fingerprint = self.env.execute_query(query)[0][0]
        if fingerprint == run.fingerprint and not self._get_changed_items(company):
            return True
        run.fingerprint = False
        complete = self._write_day(run)
        if complete is None:
            return False
        run._log_blockers()
        if complete:
            run.fingerprint = fingerprint
        return True

    def _write_day(self, run):
        """What accounting did, what the days say, whose customer is whose, whose task is what, and
        what was paid since: one after the other.

        :return: as :meth:`_write_slices`
        """
        # what the hooks recorded; what the sweep below records is judged in the next run
        if not self.env["crm.collection.hold"]._judge_again(run.company_id, run.date, run):
            return None
        swept = self._sweep(run)
        if swept is None:
            return None
        moved = self._move(run)
        if moved is None:
            return None
        self.env["crm.collection.assignment"]._assign_safely(run.company_id, run)
        if not self._follow_tasks(run):
            return None
        recorded = self._record_settlements(run)
        return recorded and swept and moved

    def _sweep(self, run):
        """Settle, reopen and cancel what the hooks did not see (data loaded by SQL, say).

        :return: as :meth:`_write_slices`
        """
        self.env.cr.execute(sync_queries.drop_sweep())
        self.env.cr.execute(sync_queries.create_sweep(run.company_id.id, run.date))
        total = self.env.execute_query(sync_queries.count_sweep())[0][0]
        result = self._write_slices(run, total, self._sweep_slice, sync_queries.swept_open_item)
        self.env.cr.execute(sync_queries.drop_sweep())
        return result

    def _sweep_slice(self, run, first, last):
        Item = self.env["crm.collection.item"].with_company(run.company_id)
        # the plan, made next, looks at every item
        counts = Item._sync(sync_queries.items_of_slice(first, last), evaluate=False)
        return Counter(
            item_settled=counts.get("settled", 0),
            item_reopened=counts.get("reopened", 0),
            item_cancelled=counts.get("cancelled", 0),
            done=last - first + 1,
        )

    def _move(self, run):
        """Decide about every item, and write what was decided.

        :return: as :meth:`_write_slices`
        """
        total = self._keep_plan(run.company_id, run.date)
        result = self._write_slices(run, total, self._move_slice, apply_queries.planned_open_item)
        self.env.cr.execute(apply_queries.drop_plan())
        return result

    def _move_slice(self, run, first, last):
        """Five statements, whatever the number of items."""
        company, today, uid = run.company_id, run.date, self.env.uid
        entered = self.env.execute_query(
            apply_queries.insert_items(company.id, today, uid, first, last)
        )
        locked = self.env.execute_query(apply_queries.lock_items(company.id, today, first, last))
        known = self._move_known([row[0] for row in locked], today)
        moves = defaultdict(lambda: (0, 0.0))
        for phase_id, count, amount, _proposed in entered:
            if phase_id:
                moves[None, phase_id] = (count, amount)
        for _id, is_moved, _proposed, phase_from_id, phase_id, amount in known:
            if is_moved:
                count, total = moves[phase_from_id, phase_id]
                moves[phase_from_id, phase_id] = (count + 1, total + amount)
        run._log_moves(moves)
        waiting = self._ask_approvals(first, last)
        self.env["crm.collection.item"].invalidate_model(flush=False)
        self.env["crm.collection.allocation"].invalidate_model(flush=False)
        new = sum(row[1] for row in entered)
        return Counter(
            item_new=new,
            item_moved=sum(count for count, _amount in moves.values()),
            item_proposed=sum(row[3] for row in entered) + sum(1 for row in known if row[2]),
            item_waiting=waiting,
            done=new + len(known),
        )

    def _move_known(self, item_ids, today):
        """:return: rows of :func:`apply_queries.update_items`"""
        if not item_ids:
            return []
        uid = self.env.uid
        rows = self.env.execute_query(apply_queries.update_items(item_ids, today, uid))
        moved = [row[0] for row in rows if row[1]]
        if moved:
            self.env.cr.execute(allocation_queries.close_allocations(moved, "moved", today, uid))
            self.env.cr.execute(
                allocation_queries.open_allocations_of_items(moved, "automatic", today, uid)
            )
        return rows

    def _ask_approvals(self, first, last):
        """Items of a slice that are to enter a phase under approval wait for it, and no longer
        where the days or the rule do not ask for it any more.

        :return: how many items wait from now on
        """
        Approval = self.env["crm.collection.approval"]
        if not Approval._is_used():
            return 0
        withdrawn = self.env.execute_query(apply_queries.withdraw_of_plan(first, last))
        Approval._close_empty({row[0] for row in withdrawn})
        return Approval._ask(apply_queries.open_items_of_plan(first, last), "automatic")[1]

    # === Settlements === #

    def _record_settlements(self, run):
        """Bring the ledger of settlements up to date with what the hooks did not see, and with
        what was settled of new items before.

        :return: as :meth:`_write_slices`
        """
        self.env.cr.execute(ledger_queries.drop_sweep())
        self.env.cr.execute(ledger_queries.create_sweep(run.company_id.id))
        self.env.cr.execute(ledger_queries.analyze_sweep())
        total = self.env.execute_query(ledger_queries.count_sweep())[0][0]
        done = not total or self._write_slices(
            run, total, self._settlement_slice, ledger_queries.swept_open_item
        )
        self.env.cr.execute(ledger_queries.drop_sweep())
        return done

    def _settlement_slice(self, run, first, last):
        scope = ledger_queries.partials_of_slice(first, last)
        self.env["crm.collection.settlement"]._record(scope, run.company_id)
        return Counter(done=last - first + 1)

    # === Simulating === #

    @api.model
    def _simulate(self, company, date, limit=5000):
        """What the jobs would do on ``date``; writes nothing that lasts. Letters are those the
        company would write, about all companies that are one creditor with it.

        :param int limit: rows of each list at most; the totals are of everything
        :return: dict of ``open_items``, ``letters`` and ``tasks`` (lists of dicts, amounts in
            company currency; an item is there for each ``kind`` it is of: move, proposed, held)
            and ``totals`` (looked_at, moves, amount, proposed, held, letters, tasks)
        """
        self.env.flush_all()
        companies = self._keep_family_plan(company, date)
        names = ("looked_at", "moves", "amount", "proposed", "held")
        rows = self.env.execute_query_dict(simulate_queries.open_items(company.id, limit))
        letters = []
        if company._is_collection_letter_day(date):
            letters = self._ask_letters(company, companies, date, limit)
        totals = self.env.execute_query(simulate_queries.totals(company.id))[0]
        result = {
            "open_items": rows,
            "letters": letters,
            "tasks": self._simulate_tasks(company, date, limit),
            "totals": dict(zip(names, totals, strict=True)),
        }
        for key in ("letters", "tasks"):
            result["totals"][key] = next((row["total"] for row in result[key]), 0)
        self.env.cr.execute(apply_queries.drop_plan())
        return result

    @api.model
    def _simulate_letters(self, company, date, partner_ids=None, limit=5000):
        """The letters of :meth:`_simulate`, and nothing else of it.

        :param list partner_ids: those of some customers alone
        :return: the rows of those who get one, and of those who would if an approval were given
        """
        self.env.flush_all()
        companies = self._keep_family_plan(company, date, partner_ids)
        rows = self._ask_letters(company, companies, date, limit, partner_ids)
        waiting = self.env.execute_query_dict(simulate_queries.waiting(company.id, limit))
        self.env.cr.execute(apply_queries.drop_plan())
        return rows, waiting

    def _ask_letters(self, company, companies, date, limit, partner_ids=None):
        """:return: the letters of a day, of the plan that is kept, with where they go and when"""
        in_hours, others = self._get_decided_anew(company, date, partner_ids)
        query = simulate_queries.letters(
            company, companies, date, limit, partner_ids, anew_ids=(in_hours | others).ids
        )
        query = self._count_contacts_to_come(companies, date, query, partner_ids)
        rows = self.env.execute_query_dict(query)
        self._tell_simulated(company, date, rows, in_hours)
        return rows

    def _keep_family_plan(self, company, day, partner_ids=None):
        """Keep what the plan says of a day, all rows, of each company the jobs work for that is
        one creditor with this one: their letters are about what is due in any of them.

        :return: these companies
        """
        companies = self._get_family_at_work(company)
        plans = {one.id: self._get_plan(one, [day], partner_ids) for one in companies}
        self.env.cr.execute(apply_queries.drop_plan())
        self.env.cr.execute(apply_queries.create_plan(simulate_queries.together(plans)))
        self.env.cr.execute(simulate_queries.analyze_plan())
        for one in companies:
            self._assign_plan(one)
        return companies

    def _assign_plan(self, company):
        """Who would be given customers that have no collector, as the job does it after items
        moved and before there are tasks and letters, works what the plan says of them."""
        Assignment = self.env["crm.collection.assignment"]
        chosen = Assignment._plan(company, simulate_queries.with_new_items)
        if chosen:
            users = {partner_id: user_id for partner_id, (user_id, _number) in chosen.items()}
            self.env.cr.execute(simulate_queries.assign_plan(company.id, users))
