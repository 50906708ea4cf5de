from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools.arguments import check_one, get_text

MANAGER_GROUP = "crm_collection.group_crm_collection_manager"
# What may be otherwise while a hold is in force. Whom and what it is about, and since when, may
# not: another hold is another record.
CHANGEABLE = (
    *("reason", "date_until", "amount"),
    *("dispute_reason_id", "owner_id", "date_due"),
)


class CrmCollectionHold(models.Model):
    """A hold is evidence: what was agreed with a customer, by whom, and what became of it.

    While it is in force it is changed and ended by buttons that ask why; the answer is in the
    chatter beside what changed. Once it is over nobody changes it. Whoever collects holds back
    for as long as the company allows, managers for longer and without an end.
    """

    _inherit = "crm.collection.hold"

    # === How long, if nothing is said === #

    @api.model
    def default_get(self, fields):
        """Whoever may not hold back without an end is offered the last day he may."""
        defaults = super().default_get(fields)
        if "date_until" in fields and "date_until" not in defaults:
            kind = defaults.get("kind") or self.default_get(["kind"]).get("kind")
            defaults |= self._get_offered(kind, self.env.company)
        return defaults

    @api.onchange("kind", "company_id")
    def _onchange_kind(self):
        """The day of a promise is the customer's to say."""
        if self._origin or self.env.user.has_group(MANAGER_GROUP):
            return
        offered = {self._get_offered("block", one)["date_until"] for one in self.env.companies}
        if self.date_until in offered | {False}:
            self.date_until = self._get_offered(self.kind, self.company_id).get("date_until")

    @api.model
    def _get_offered(self, kind, company):
        if kind == "promise" or self.env.su or self.env.user.has_group(MANAGER_GROUP):
            return {}
        today = company._get_collection_today()
        return {"date_until": today + timedelta(days=company.sudo().collection_hold_longest)}

    def _complete_until(self, vals):
        """As the form does it, by what the hold is."""
        if "date_until" not in vals and "default_date_until" not in self.env.context:
            kind = vals.get("kind") or self.default_get(["kind"]).get("kind")
            company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
            vals["date_until"] = self._get_offered(kind, company).get("date_until", False)

    # === Actions === #

    def action_change(self):
        """Ask what is to be otherwise, and why."""
        return check_one(self)._ask_why("change", self.env._("Change the Hold"))

    def action_lift(self, reason=None):
        """End the hold now; collection resumes with the next run.

        :param str reason: why; without one it is asked for
        """
        self.check_access("write")
        why = get_text(self.env, reason).strip()
        if not why:
            return self._ask_why("lift", self.env._("Lift the Hold"))
        held = self.filtered(lambda record: record.state == "active")
        held._tell_why(why)
        held._close("ended")
        return None

    def _ask_why(self, what, title):
        self.check_access("write")
        self._check_in_force()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "crm.collection.hold.change",
            "view_mode": "form",
            "target": "new",
            "context": {"active_model": self._name, "active_ids": self.ids, "default_what": what},
        }

    # === Business methods === #

    def _change(self, vals, why):
        """Change a hold that is in force.

        :param dict vals: values of ``CHANGEABLE`` fields
        :param str why: for the record
        :raise UserError: it is over, nothing would change, or it takes a manager
        """
        check_one(self).check_access("write")
        self._check_in_force()
        vals = {fname: vals[fname] for fname in CHANGEABLE if fname in vals}
        changed = {
            fname: value
            for fname, value in vals.items()
            if self._fields[fname].convert_to_record(
                self._fields[fname].convert_to_cache(value, self), self
            )
            != self[fname]
        }
        if not changed:
            raise UserError(self.env._("Nothing would change."))
        self._tell_why(why)
        self.sudo().write(changed)  # the right was checked
        if "date_until" in changed:
            self._check_length()

    def _tell_why(self, why):
        """The reason is in the chatter with what changed, or by itself."""
        self._track_set_log_message(why)

    def _check_in_force(self):
        """:raise UserError: one of these is over"""
        if over := self.filtered(lambda record: record.state != "active"):
            raise UserError(
                self.env._(
                    "%s is over and stays on record as it is. Set a new hold instead.",
                    over[0].display_name,
                )
            )

    def _check_begins(self):
        """:raise UserError: one of these is said to have begun before it was set: payments of
        that time would keep a promise nobody had made"""
        for hold in self:
            if hold.date_from < hold.company_id._get_collection_today():
                raise UserError(self.env._("A hold begins on the day it is set, or later."))

    def _check_length(self):
        """:raise UserError: one of these holds back for longer than its user may"""
        if self.env.su or self.env.user.has_group(MANAGER_GROUP):
            return
        for hold in self:
            first = min(hold.date_from, hold.company_id._get_collection_today())
            last = first + timedelta(days=hold._get_longest())
            if not hold.date_until or hold.date_until > last:
                hold._refuse_length(last)

    def _get_longest(self):
        """:return: the days for which collectors may hold back"""
        company_sudo = self.company_id.sudo()
        if self.kind == "promise":
            return company_sudo.collection_promise_longest
        return company_sudo.collection_hold_longest

    def _refuse_length(self, last):
        manager = self.company_id.sudo().collection_manager_id.name
        raise UserError(
            self.env._(
                "You may hold back until %(day)s at the latest. Choose a day up to then, or ask "
                "%(manager)s to set it: holds that last longer, or have no end, are set by "
                "collection managers.",
                day=format_date(self.env, last),
                manager=manager or self.env._("a collection manager"),
            )
        )
