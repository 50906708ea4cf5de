from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from . import allocation_queries

# Kept by the engine's SQL alone.
OWN_FIELDS = {
    "amount_residual",
    "amount_residual_currency",
    "approval_state",
    "blocker",
    "company_id",
    "currency_id",
    "date_maturity",
    "date_letter_kept",
    "date_next_letter",
    "date_phase",
    "exception",
    "letter_count",
    "line_id",
    "move_id",
    "name",
    "no_followup",
    "partner_id",
    "proposed_step_id",
    "refused_amount",
    "refused_phase_id",
    "refused_version",
    "rule_id",
    "state",
    "step_id",
}


class CrmCollectionItem(models.Model):
    """Phase maintenance: a person puts items into a phase."""

    _inherit = "crm.collection.item"

    def write(self, vals):
        """What the engine keeps is not written by hand, not even through RPC."""
        if forbidden := OWN_FIELDS & vals.keys():
            raise AccessError(
                self.env._(
                    "These fields of an item follow accounting and the jobs: %s.",
                    ", ".join(sorted(forbidden)),
                )
            )
        return super().write(vals)

    def _maintain(self, phase, reason, send_letter=True, pin=False, origin="manual", approval=None):
        """Move items into ``phase`` (empty: out of every phase) by hand.

        Into a phase that needs an approval they do not move without one: it is asked for.

        :param str reason: why, for the history
        :param bool send_letter: whether the phase's letter is due at once
        :param bool pin: whether the job leaves them there from now on
        :param approval: the request that was approved
        :return: dict of ``done`` (items moved), ``waiting`` (items that wait for an approval
            now), ``refused`` ({item id: why not}) and ``locked`` (those of the refused that
            somebody else is writing to)
        """
        self._check_maintain_access()
        self.env.flush_all()
        # hands off items somebody else is writing to, and no open item moves twice
        refused = self._get_maintain_refusals(phase)
        if not approval:
            refused = self._get_waiting_refusals(phase) | refused
        todo = self.filtered(lambda item: item.id not in refused)
        locked = todo.sudo().try_lock_for_update()
        refused |= {
            item.id: self.env._("Somebody else is working on it.") for item in todo - locked
        }
        waits = bool(phase and phase.is_guarded and not approval)
        for company, items in locked.grouped("company_id").items():
            if waits:
                items._ask_approval(phase, reason, send_letter, pin, origin)
            else:
                items._do_maintain(company, phase, reason, send_letter, pin, origin, approval)
        self.invalidate_model(flush=False)
        self.env["crm.collection.allocation"].invalidate_model(flush=False)
        locked = locked.sudo(self.env.su)
        return {
            "done": locked.browse() if waits else locked,
            "waiting": locked if waits else locked.browse(),
            "refused": refused,
            "locked": todo - locked,
        }

    def _check_maintain_access(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(
            "crm_collection.group_crm_collection_user"
        ):
            raise AccessError(self.env._("Phase maintenance is for collection users."))

    def _do_maintain(self, company, phase, reason, send_letter, pin, origin, approval=None):
        today, uid = company._get_collection_today(), self.env.uid
        cr = self.env.cr
        if not approval:
            self._withdraw_approval("moved")
        cr.execute(
            allocation_queries.close_allocations(
                self.ids, "moved" if phase else "released", today, uid
            )
        )
        cr.execute(
            allocation_queries.maintain_items(
                *(self.ids, phase.id, today, pin, send_letter, uid),
                is_approved=bool(approval),
                by_itself=bool(approval) and approval.origin == "automatic",
            )
        )
        approval_id = approval.id if approval else None
        # old debt that goes live in silence is nobody's task either
        with_task = send_letter or origin != "opening"
        cr.execute(
            allocation_queries.open_allocations_of_items(
                self.ids, origin, today, uid, reason, approval_id, with_task
            )
        )
        self._follow_tasks(company)

    def _follow_tasks(self, company):
        """What a person did to these items is followed by their tasks at once: one that nothing
        is left of goes. New ones are made by the engine, which adds them here."""
        self.env["crm.collection.task"]._drop_idle_of_items(self.ids)

    def _get_maintain_refusals(self, phase):
        """Searched and not read: there may be tens of thousands.

        :return: {item id: why it cannot enter ``phase`` now} for those that cannot
        """
        refusals = {}
        self.fetch(["company_id"])  # and nothing else
        for company, items in self.grouped("company_id").items():
            # what is refused does not depend on what the user may see: access is checked apart
            items_sudo = items.sudo().with_company(company)
            domains = items_sudo._get_refusal_domains(phase, company)
            rest_sudo = items_sudo._filter_by_search(Domain.OR(domains.values()))
            for reason, domain in domains.items():  # among the few
                refused_sudo = rest_sudo._filter_by_search(domain)
                refusals.update(dict.fromkeys(refused_sudo.ids, reason))
                rest_sudo -= refused_sudo
        return refusals

    def _filter_by_search(self, domain):
        if not self or domain.is_false():
            return self.browse()
        return self.search(Domain("id", "in", self.ids) & domain, order="id")

    @api.model
    def _get_refusal_domains(self, phase, company, taken_in=False):
        """:param bool taken_in: whether what accounting leaves out is taken in before
        :return: {reason: domain of the items of ``company`` that cannot enter ``phase``}, the
            first that applies counts
        """
        _ = self.env._
        left_out = Domain("no_followup", "=", True) & Domain("include_no_followup", "=", False)
        return {
            _("It is not open any more."): Domain("state", "!=", "open"),
            _("It is in this phase already."): Domain("phase_id", "=", phase.id),
            _("The phase is not approved, or archived."): Domain(bool(phase) and not phase.can_act),
            _("The phase belongs to another company."): Domain(
                bool(phase) and not phase._serves(company)
            ),
            _("There is no customer on the entry."): Domain("partner_id", "=", False),
            _("Accounting leaves it out of follow-up: take it in first."): (
                Domain.FALSE if taken_in else left_out
            ),
            _("It is on hold: lift the hold first."): Domain("is_held", "=", True),
        }
