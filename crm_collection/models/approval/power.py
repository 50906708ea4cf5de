from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime

from ...tools.search import is_any_of


class CrmCollectionApproval(models.Model):
    """Who may decide about a request, and why somebody may not: answered here and nowhere else.

    Power is looked up when it is used, never stored: an approver who left, lost the group or
    asked himself has none, whatever buttons he still sees. For one request it is
    :meth:`_get_power`; :meth:`_search_can_decide` is the same question put to the database, for
    lists of thousands.
    """

    _inherit = "crm.collection.approval"

    can_decide = fields.Boolean(compute="_compute_can_decide", search="_search_can_decide")
    cannot_decide_reason = fields.Char(compute="_compute_can_decide")

    @api.depends("state", "level_id", "user_id", "author_ids", "decision_ids", "date_escalated")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        # once for all of them
        delegations = self.env["crm.collection.approval.delegation"]._get_of(self.env.user)
        for approval in self:
            reason = approval._get_cannot_decide_reason(delegations)
            approval.can_decide = not reason
            approval.cannot_decide_reason = reason

    # === Power === #

    def _get_authors(self):
        """:return: who had a hand in what is asked for: who asked, who said who decides, and who
        configured the phase where its definition has not been through four eyes itself"""
        self_sudo = self.sudo()  # whoever may see them
        authors = self_sudo.user_id | self_sudo.author_ids
        authors |= self_sudo.approval_rule_id.configured_by_ids
        if self.kind == "allocation" and not self_sudo.phase_id.is_governed:
            authors |= self_sudo.phase_id.configured_by_ids
        return authors

    def _get_barred(self):
        """:return: who cannot decide (any more), whatever power he has: those who had a hand in it
        and those who, or in whose name somebody, decided already"""
        decisions = self.sudo().decision_ids
        return self._get_authors() | decisions.user_id | decisions.principal_id

    def _get_power(self, user, delegations=None):
        """:return: dict of ``principal`` (in whose name), ``delegation`` and ``escalated``, or
        ``None`` where ``user`` cannot decide. One person decides once about a request.

        :param delegations: under which the user stands in for others, where they were looked up
        """
        self.ensure_one()
        self_sudo = self.sudo()  # rules and delegations are not everybody's to read
        barred, level, company = self._get_barred(), self_sudo.level_id, self_sudo.company_id
        if user in barred or not level or not user._is_collection_approver(company):
            return None
        power = {"principal": user.browse(), "delegation": False, "escalated": False}
        if level._is_approver(user, company):
            return power
        if delegations is None:
            delegations = self.env["crm.collection.approval.delegation"]._get_of(user)
        for delegation in delegations:
            principal = delegation.user_id
            if not delegation._is_on(company) or principal in barred:
                continue
            if level._is_approver(principal, company):
                return power | {"principal": principal, "delegation": delegation}
        escalates = user == self_sudo.approval_rule_id.escalation_user_id
        if self.date_escalated and escalates:
            return power | {"escalated": True}
        return None

    # === Why not === #

    def _get_cannot_decide_reason(self, delegations=None):
        """:return: why the current user cannot decide, or ``False``; ``delegations`` as above."""
        self.ensure_one()
        _, user, self_sudo = self.env._, self.env.user, self.sudo()
        if self.state != "pending":
            return self._get_over_message()
        if user in self._get_authors():
            return self._get_author_reason(user)
        if user in self_sudo.decision_ids.user_id:
            return _("You have decided already: it takes somebody else now.")
        if not self._get_power(user, delegations):
            return _(
                "You are not an approver under %(rule)s (%(level)s).",
                rule=self_sudo.approval_rule_id.display_name,
                level=self_sudo.level_id.display_name,
            )
        return False

    def _get_author_reason(self, user):
        """:return: what keeps somebody who had a hand in it from deciding about it"""
        if user == self.sudo().user_id:
            return self.env._("Who asked for the approval cannot give it.")
        if user in self.sudo().approval_rule_id.configured_by_ids:
            return self.env._("Who wrote the approval rule cannot approve under it.")
        return self.env._("Who configured the phase cannot approve it.")

    def _get_over_message(self):
        """Tell who comes late what happened."""
        last = self.sudo().decision_ids.sorted("id")[-1:]
        if self.state == "cancelled" or not last:
            return self.env._("%s: there is nothing left to decide.", self.display_name)
        return self.env._(
            "%(request)s: %(user)s has decided already (%(decision)s, %(date)s).",
            request=self.display_name,
            user=last.user_id.name,
            decision=dict(last._fields["decision"]._description_selection(self.env))[last.decision],
            date=format_datetime(self.env, last.date),
        )

    # === The same for lists === #

    def _search_can_decide(self, operator, value):
        """Requests the current user may decide, as of
        :meth:`.CrmCollectionApproval._get_power`."""
        if operator != "in":
            return NotImplemented
        user = self.env.user
        if not user._is_collection_approver():
            return is_any_of(Domain.FALSE, value)
        powers = (
            Domain("date_escalated", "!=", False)
            & Domain("level_id", "!=", False)
            & Domain("approval_rule_id.escalation_user_id", "=", user.id)
            & Domain("company_id", "in", [False, *user.sudo().company_ids.ids])
        )
        # whoever may see the rules: the question is who decides
        levels = self.env["crm.collection.approval.level"].sudo()._get_all()
        people = [(user, [False, *user.sudo().company_ids.ids])]
        for delegation in self.env["crm.collection.approval.delegation"]._get_of(user):
            people.append((delegation.user_id, delegation._get_company_ids()))
        for person, company_ids in people:
            of_person = levels.filtered(lambda level, person=person: level._is_approver(person))
            powers |= (
                Domain("level_id", "in", of_person.ids)
                & Domain("company_id", "in", company_ids)
                & self._get_unbarred_domain(person)
            )
        may = Domain("state", "=", "pending") & powers & self._get_unbarred_domain(user)
        return is_any_of(may, value)

    @api.model
    def _get_unbarred_domain(self, user):
        """Requests ``user`` neither asked for nor configured, under rules he did not write, nor has
        decided about: see :meth:`.CrmCollectionApproval._get_authors`."""
        configured = Domain("configured_by_ids", "in", user.ids) & Domain("is_governed", "=", False)
        decided = Domain("user_id", "=", user.id) | Domain("principal_id", "=", user.id)
        return (
            Domain("user_id", "!=", user.id)
            & Domain("author_ids", "not in", user.ids)
            & Domain("approval_rule_id", "not any", [("configured_by_ids", "in", user.ids)])
            & ~(Domain("kind", "=", "allocation") & Domain("phase_id", "any", configured))
            & ~Domain("decision_ids", "any", decided)
        )
