from collections import namedtuple

from odoo import api, fields, models
from odoo.fields import Domain

from . import queries
from .scope import DATE_KEY

# In a context: the list of the aging shows what was settled since, and what is owed now.
SINCE_KEY = "crm_collection_show_since"
DEBTORS = 8
OUTCOMES = ("moved", "settled", "stayed", "left")
# The row of ``queries.moved_since``
Moved = namedtuple("Moved", "more amount_more settled amount_settled new amount_new owing_ids")
NOTHING_MOVED = Moved(0, 0, 0, 0, 0, 0, None)


class CrmCollectionCockpit(models.AbstractModel):
    """The cards about money: how much, how late, where it stands, who owes it, what moved."""

    _inherit = "crm.collection.cockpit"

    def _get_cards(self, scope, open_items):
        """:param open_items: the rows of the scope"""
        overdue = [open_item for open_item in open_items if scope.get_days(open_item) > 0]
        allocations = self._read_allocations(scope)
        return {
            "overdue": self._get_overdue(scope, overdue),
            "aging": self._get_aging(scope, open_items),
            "phases": self._get_phases(scope, open_items),
            "debtors": self._get_debtors(scope, overdue),
            "settled": self._get_settled(scope),
            "rolls": self._get_rolls(scope, allocations),
            "letters": self._get_letters(scope),
            "approvals": self._get_approvals(scope),
            "proposals": self._get_proposals(scope, open_items),
            "exceptions": self._get_exceptions(scope, open_items),
            "disputed": self._get_disputed(scope),
            "broken": self._get_broken(scope),
        }

    # === Overdue === #

    def _get_overdue(self, scope, overdue):
        """Now, on the same day last month, and what lies between: ``before - settled + new`` is
        what is overdue ``now``."""
        domain = scope.get_open_item_domain() & scope.get_due_domain(first=1)
        old = [open_item for open_item in overdue if open_item.date_maturity < scope.month_ago]
        new = [open_item for open_item in overdue if open_item.date_maturity >= scope.month_ago]
        is_known = self._is_known(scope, scope.month_ago)
        moved = self._read_moved(scope) if is_known else NOTHING_MOVED
        result = {
            "day": fields.Date.to_string(scope.month_ago),
            "now": self._get_open_item_figure(self.env._("Overdue"), domain, overdue),
            "new": self._get_new(scope, domain, new, moved),
            "before": False,
            "settled": False,
        }
        return result | self._get_before(scope, old, moved) if is_known else result

    def _read_moved(self, scope):
        """:return: what became in the last month of what was due before it"""
        self.env["account.move.line"].flush_model()
        self.env["account.partial.reconcile"].flush_model()
        query = self.env["crm.collection.item"]._search(
            self._get_items_of_then(scope) & Domain("date_maturity", "<", scope.month_ago)
        )
        account_ids = self.env["account.account"]._get_collection_receivable_ids()
        [row] = self.env.execute_query(queries.moved_since(query, scope.month_ago, account_ids))
        return Moved(*row)

    def _get_new(self, scope, domain, new, moved):
        """What was not overdue a month ago: due since, or due before and owed since, because it
        was entered later.

        :param domain: of what is overdue now
        :param new: the rows due since
        """
        day = fields.Date.to_string(scope.month_ago)
        is_new = Domain("date_maturity", ">=", day)
        if moved.new:
            is_new |= Domain("line_id.date", ">", day) | Domain("id", "in", moved.owing_ids or [])
        return self._get_figure(
            "crm.collection.item",
            self.env._("Newly Overdue"),
            domain & is_new,
            sum(open_item.count for open_item in new) + moved.new,
            self._add_up(new) + float(moved.amount_new),
            "amount_residual",
        )

    def _get_before(self, scope, old, moved):
        """:param old: the rows that are overdue now and were due a month ago"""
        return {
            "before": self._get_figure_of_then(
                scope,
                self.env._("Overdue a Month Ago"),
                Domain.TRUE,
                sum(open_item.count for open_item in old) + moved.more,
                self._add_up(old) + float(moved.amount_more),
                "amount",
            ),
            "settled": self._get_figure_of_then(
                scope,
                self.env._("Settled since a Month Ago"),
                Domain("amount_settled", "!=", 0),
                moved.settled,
                float(moved.amount_settled),
                "amount_settled",
            ),
        }

    def _get_figure_of_then(self, scope, name, domain, count, amount, measure):
        """A figure whose list is the aging of a month ago, of items in collection."""
        domain &= Domain("company_id", "in", scope.companies.ids)
        domain &= Domain("days_overdue", ">", 0)
        domain &= Domain("item_id", "any", list(self._get_items_of_then(scope)))
        context = {DATE_KEY: fields.Date.to_string(scope.month_ago), SINCE_KEY: True}
        return self._get_figure(
            "crm.collection.aging", name, domain, count, amount, measure, **context
        )

    @api.model
    def _get_items_of_then(self, scope):
        """Items that may have been open on a past day: cancelled ones are none on any day."""
        return scope.get_domain() & Domain("state", "in", ("open", "settled"))

    def _is_known(self, scope, day):
        """Whether every company of the scope collected on ``day`` already: items that were
        settled before the first run are no items."""
        first_days = dict(
            self.env["crm.collection.run"]._read_group(
                [("company_id", "in", scope.companies.ids), ("kind", "=", "allocation")],
                ["company_id"],
                ["date:min"],
            )
        )
        return all(
            company in first_days and first_days[company] <= day for company in scope.companies
        )

    def _get_aging(self, scope, open_items):
        """Open items by days overdue; what is not due yet comes first."""
        last_days = scope.companies[:1]._get_collection_aging_limits()
        first_days = (None, 1, *(last + 1 for last in last_days))
        figures = []
        for first, last in zip(first_days, (0, *last_days, None), strict=True):
            figure = self._get_open_item_figure(
                self._get_range_name(first, last),
                scope.get_open_item_domain() & scope.get_due_domain(first, last),
                [
                    open_item
                    for open_item in open_items
                    if (first is None or scope.get_days(open_item) >= first)
                    and (last is None or scope.get_days(open_item) <= last)
                ],
            )
            figures.append({**figure, "first": first, "last": last})
        return figures

    def _get_range_name(self, first, last):
        if first is None:
            return self.env._("Not due yet")
        if last is None:
            return self.env._("More than %s days", first - 1)
        return self.env._("%(first)s to %(last)s days", first=first, last=last)

    # === Phases === #

    def _get_phases(self, scope, open_items):
        """Open items by phase, in the order of severity; every phase in use is there."""
        Phase = self.env["crm.collection.phase"]
        used = {open_item.phase_id for open_item in open_items} - {None}
        phases = Phase.with_context(active_test=False).search(
            Domain("id", "in", list(used))
            | Domain("active", "=", True)
            & Domain("company_id", "in", [False, *scope.companies.sudo().parent_ids.ids])
        )
        figures = [self._get_phase(scope, open_items, phase) for phase in phases]
        without = self._get_phase(scope, open_items, Phase)
        return ([without] if without["count"] else []) + figures

    def _get_phase(self, scope, open_items, phase):
        figure = self._get_open_item_figure(
            phase.name or self.env._("No phase"),
            scope.get_open_item_domain() & Domain("phase_id", "=", phase.id),
            [open_item for open_item in open_items if (open_item.phase_id or False) == phase.id],
        )
        return {**figure, "id": phase.id, "color": phase.color}

    def _read_allocations(self, scope):
        """:return: rows of (phase id, outcome, count, amount on entry)"""
        Allocation = self.env["crm.collection.allocation"]
        Allocation.flush_model()
        query = Allocation._search(self._get_allocation_domain(scope))
        return self.env.execute_query(queries.allocations(query, scope.start, scope.end))

    @api.model
    def _get_allocation_domain(self, scope, phase=None, outcome=None):
        """Allocations that lasted into the period: all, or those of a phase and what became of
        them."""
        start, end = map(fields.Date.to_string, (scope.start, scope.end))
        domain = scope.get_domain(user="item_id.user_id") & Domain("day_in", "<=", end)
        if phase:
            domain &= Domain("phase_id", "=", phase.id)
        if outcome == "stayed":
            return domain & (Domain("date_out", "=", False) | Domain("day_out", ">", end))
        if outcome:
            reasons = ("cancelled", "released") if outcome == "left" else (outcome,)
            domain &= Domain("reason_out", "in", reasons) & Domain("day_out", "<=", end)
            return domain & Domain("day_out", ">=", start)
        return domain & (Domain("date_out", "=", False) | Domain("day_out", ">=", start))

    def _get_settled(self, scope):
        """What was settled in the period, in whatever phase, parts too: as the report says."""
        domain = (
            scope.get_domain()
            & Domain("allocation_id", "!=", False)
            & Domain("date", ">=", fields.Date.to_string(scope.start))
            & Domain("date", "<=", fields.Date.to_string(scope.end))
        )
        Settlement = self.env["crm.collection.settlement"]
        [(count, amount)] = Settlement._read_group(domain, [], ["__count", "amount:sum"])
        return self._get_figure(
            Settlement._name,
            self.env._("Settled in Collection"),
            domain,
            count,
            amount or 0.0,
            "amount",
        )

    def _get_rolls(self, scope, allocations):
        """Of what was in each phase during the period: how much moved on, was settled, stayed."""
        phases = (
            self.env["crm.collection.phase"]
            .with_context(active_test=False)
            .search([("id", "in", list({row[0] for row in allocations}))])
        )
        return [
            {
                "id": phase.id,
                "name": phase.name,
                "color": phase.color,
                "outcomes": [
                    self._get_roll(scope, phase, outcome, allocations) for outcome in OUTCOMES
                ],
            }
            for phase in phases
        ]

    def _get_roll(self, scope, phase, outcome, allocations):
        names = {
            "moved": self.env._("moved on"),
            "settled": self.env._("settled"),
            "stayed": self.env._("still there"),
            "left": self.env._("released or cancelled"),
        }
        reasons = ("cancelled", "released") if outcome == "left" else (outcome,)
        rows = [row for row in allocations if row[0] == phase.id and row[1] in reasons]
        figure = self._get_figure(
            "crm.collection.allocation",
            f"{phase.name}: {names[outcome]}",
            self._get_allocation_domain(scope, phase, outcome),
            sum(row[2] for row in rows),
            float(sum(row[3] for row in rows)),
            "amount_in",
        )
        return {**figure, "key": outcome, "name": names[outcome]}

    # === Customers === #

    def _get_debtors(self, scope, overdue):
        """The customers who owe most of what is overdue, and how many there are.

        :param overdue: the rows of items that are overdue
        """
        Item = self.env["crm.collection.item"]
        domain = scope.get_open_item_domain() & scope.get_due_domain(first=1)
        rows = self.env.execute_query(queries.debtors(Item._search(domain), DEBTORS))
        groups = Item._read_group(
            domain & Domain("partner_id", "in", [partner_id or False for partner_id, _n in rows]),
            ["partner_id"],
            ["__count", "amount_residual:sum", "date_maturity:min", "company_id:array_agg"],
        )
        groups.sort(key=lambda group: (-group[2], group[0].id or 0))
        customers = [self._get_debtor(scope, domain, *group) for group in groups]
        return {
            "count": rows[0][1] if rows else 0,
            "customers": customers,
            "all": self._get_open_item_figure(
                self.env._("Overdue by Customer"), domain, overdue, group_by=["partner_id"]
            ),
        }

    def _get_debtor(self, scope, domain, partner, count, amount, oldest, company_ids):
        """A figure, and the company in which the customer has a page: where he owes to one
        creditor, and the user may see him."""
        companies = self.env["res.company"].browse(set(company_ids)).sorted()
        is_one = len(companies.sudo().root_id) == 1 and partner._filtered_access("read")
        # only the name, also of a customer another company keeps to itself
        name = partner.sudo().display_name or self.env._("No customer")
        figure = self._get_figure(
            "crm.collection.item",
            name,
            domain & Domain("partner_id", "=", partner.id),
            count,
            amount,
            "amount_residual",
        )
        return {
            **figure,
            "id": partner.id,
            "name": name,
            "days": (scope.day - oldest).days,
            "page_company_id": is_one and companies[0].id,
        }
