from odoo import api, fields, models
from odoo.tools import format_amount, format_date

from . import promise_queries

USER_GROUP = "crm_collection.group_crm_collection_user"
BROKEN_TASK = "crm_collection.mail_activity_type_promise"
DISPUTE_TASK = "crm_collection.mail_activity_type_dispute"


class CrmCollectionHold(models.Model):
    """What follows when a promise is broken: a task for the collector, once. It goes when the
    promise turns out to be kept, or in force, after all; and comes back with the verdict."""

    _inherit = "crm.collection.hold"

    broken_note = fields.Char(string="Broken Promise", compute="_compute_broken_note")
    kept_rate = fields.Float(
        string="Promises Kept (%)",
        digits=(16, 1),
        aggregator="avg",
        compute="_compute_kept_rate",
        help="Of the promises of a group that were kept or broken, how many were kept.",
    )

    # === Compute methods === #

    @api.depends("kind", "state", "amount", "date_until", "currency_id")
    @api.depends_context("lang")
    def _compute_broken_note(self):
        for hold in self:
            is_broken = hold.kind == "promise" and hold.state == "broken"
            hold.broken_note = is_broken and hold._describe_broken()

    @api.depends("state")
    def _compute_kept_rate(self):
        for hold in self:
            hold.kept_rate = 100.0 if hold.state == "kept" else 0.0

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr == "kept_rate":
            return promise_queries.kept_rate(self._field_to_sql(alias, "state", query))
        return super()._field_to_sql(alias, field_expr, query)

    def _describe_broken(self):
        day = format_date(self.env, self.date_until)
        if not self.amount:
            return self.env._("A promise to pay by %s all that is owed was broken.", day)
        amount = format_amount(self.env, self.amount, self.currency_id)
        return self.env._("A promise of %(amount)s for %(day)s was broken.", amount=amount, day=day)

    # === Tasks === #

    def _close(self, state, **vals):
        """EXTENDS: what is over needs nobody any more, but a promise that was broken does."""
        changed = self.filtered(lambda hold: hold.state != state)
        result = super()._close(state, **vals)
        changed._drop_tasks(BROKEN_TASK, DISPUTE_TASK)
        if state == "broken":
            changed._schedule_tasks(BROKEN_TASK, lambda hold: hold.broken_note)
        return result

    def _schedule_tasks(self, xmlid, describe):
        """Put these on the lists of those who work them, in one go.

        :param describe: function that says of a hold what there is to do, in its user's language
        """
        kind = self.env.ref(xmlid, raise_if_not_found=False)  # deleted: nobody wants to be told
        users = {hold: hold._get_task_user() for hold in self} if kind else {}
        vals_list = [
            {
                "activity_type_id": kind.id,
                "res_model_id": self.env["ir.model"]._get_id(self._name),
                "res_id": hold.id,
                "user_id": user.id,
                "automated": True,
                "date_deadline": hold.company_id._get_collection_today(),
                "summary": describe(hold.with_context(lang=user.lang)),
            }
            for hold, user in users.items()
            if user
        ]
        # other people's lists, and no mail for each
        Activity_sudo = self.env["mail.activity"].sudo()
        Activity_sudo.with_context(mail_activity_quick_update=True).create(vals_list)

    def _drop_tasks(self, *xmlids):
        """Take off everybody's list what the jobs put there, and nobody has done yet."""
        types = (self.env.ref(xmlid, raise_if_not_found=False) for xmlid in xmlids)
        domain = [
            ("res_model", "=", self._name),
            ("res_id", "in", self.ids),
            ("activity_type_id", "in", [kind.id for kind in types if kind]),
            ("automated", "=", True),
        ]
        self.env["mail.activity"].sudo().search(domain).unlink()

    def _get_task_user(self):
        """:return: who works what a hold is about: the collector of the item, else of the
        customer, else who set the hold, else the company's collection manager"""
        self.ensure_one()
        company_sudo, customer_sudo = self.company_id.sudo(), self.customer_id.sudo()
        users = (self.item_id | self.item_ids).sudo().user_id[:1]
        if customer_sudo:
            users += customer_sudo.with_company(company_sudo)._get_collection_collector()
        for user in (*users, self.user_id.sudo(), company_sudo.collection_manager_id):
            if user.active and company_sudo in user.company_ids and user.has_group(USER_GROUP):
                return user
        return self.env["res.users"]

    # === What is shown elsewhere === #

    @api.model
    def _get_broken_by_item(self, items):
        """:return: {item id: the last promise about it, where it was broken}"""
        self.env["crm.collection.item"].flush_model()
        self.flush_model()
        rows = self.env.execute_query(promise_queries.last_promises(items.ids))
        return {
            item_id: self.browse(hold_id) for item_id, hold_id, state in rows if state == "broken"
        }
