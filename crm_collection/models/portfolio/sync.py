from collections import Counter, defaultdict

from odoo import api, models

from . import allocation_queries, reposted_queries, sync_queries

# What the items' truth is made of: flushed before SQL reads it.
LINE_FIELDS = (
    "account_id",
    "amount_residual",
    "amount_residual_currency",
    "balance",
    "currency_id",
    "date",
    "date_maturity",
    "journal_id",
    "move_id",
    "no_followup",
    "parent_state",
    "partner_id",
    "reconciled",
)


class CrmCollectionItem(models.Model):
    """Settlement and change: items follow their journal items at once, and in the sweep."""

    _inherit = "crm.collection.item"

    @api.model
    def _sync_lines(self, lines):
        """Bring the items of journal items up to date (hook of reconciliation and entries)."""
        self._get_of_lines(lines)._sync_items()

    @api.model
    def _sync_moves(self, moves):
        """Bring the items of entries up to date (hook of post, draft, cancel, customer)."""
        if moves:
            self.sudo().search([("move_id", "in", moves.ids)])._sync_items()

    @api.model
    def _get_of_lines(self, lines):
        """:return: the items of journal items, in sudo. What accounting does with entries that
        never were in collection costs this one statement."""
        if not lines:
            return self.browse()
        return self.sudo().search([("line_id", "in", lines.ids)])

    @api.model
    def _sync(self, scope, evaluate=True):
        """Set items equal to accounting and end the allocations of those that leave their phase.

        The items are the active company's: whether a new due date takes them out of their phase
        is a question of its day.

        :param SQL scope: a condition on ``item`` (see :mod:`.sync_queries`)
        :param bool evaluate: whether the job has to look at the items again
        :return: {what happened: number of items}
        """
        self.env["account.move.line"].flush_model(LINE_FIELDS)
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.env["crm.collection.letter"].flush_model(["delivery_started", "state"])
        self.flush_model()
        company = self.env.company
        today, working_days = (
            company._get_collection_today(),
            company._get_collection_phase_days(),
        )
        rows = self.env.execute_query(
            sync_queries.update_items(scope, today, self.env.uid, evaluate, working_days)
        )
        if not rows:
            return {}
        left = defaultdict(list)
        for item_id, company_id, event in rows:
            if event in ("settled", "cancelled", "released"):
                left[company_id, event].append(item_id)
        self._close_left(left)
        self._put_back([item_id for item_id, _company_id, event in rows if event == "reposted"])
        self.env["crm.collection.approval"]._refresh_items([row[0] for row in rows])
        self.invalidate_model(flush=False)
        handed = [row[0] for row in rows if row[2] in ("released", "reopened")]
        self.env["crm.collection.hold"]._refresh_customers(self.browse(handed))
        counts = Counter(event for _item_id, _company_id, event in rows)
        counts["reopened"] += counts.pop("reposted", 0)
        return dict(+counts)

    def _close_left(self, left):
        for (company_id, event), item_ids in left.items():
            self.env["crm.collection.approval"]._withdraw(item_ids, "left")
            today = self.env["res.company"].browse(company_id)._get_collection_today()
            self.env.cr.execute(
                allocation_queries.close_allocations(item_ids, event, today, self.env.uid)
            )
            self.env["crm.collection.task"]._drop_idle_of_items(item_ids)
        if left:
            self.env["crm.collection.allocation"].invalidate_model(flush=False)

    @api.model
    def _put_back(self, item_ids):
        """Items whose entry was posted again as it was go on where a person had put them, by a
        new allocation of the same person and reason: his decision was about this debt."""
        if not item_ids:
            return
        self.env["crm.collection.phase"].flush_model(["active", "approval_state", "is_guarded"])
        groups = defaultdict(list)
        for item_id, *placement in self.env.execute_query(reposted_queries.placed_before(item_ids)):
            groups[tuple(placement)].append(item_id)
        gone = set(item_ids).difference(*groups.values())
        self.env.cr.execute(reposted_queries.forget_placement(list(gone)))
        for placement, ids in groups.items():
            if placement[0]:  # else out of every phase, and pinned there
                self._enter_again(ids, *placement)

    @api.model
    def _enter_again(self, item_ids, phase_id, origin, user_id, reason, pinned, has_letter):
        today, uid = self.env.company._get_collection_today(), self.env.uid
        cr = self.env.cr
        cr.execute(
            allocation_queries.maintain_items(
                item_ids, phase_id, today, pinned, has_letter, uid, by_itself=True
            )
        )
        cr.execute(
            allocation_queries.open_allocations_of_items(
                item_ids, origin, today, user_id or uid, reason
            )
        )
        self.env["crm.collection.allocation"].invalidate_model(flush=False)
        self.browse(item_ids)._follow_tasks(self.env.company)

    def _sync_deleted(self):
        """The journal items of these items were just deleted."""
        self.invalidate_recordset(["line_id", "move_id"], flush=False)
        self._sync_items()

    def _sync_items(self):
        for company, of_company in self.grouped("company_id").items():
            self.with_company(company)._sync(sync_queries.items_by_id(of_company.ids))
