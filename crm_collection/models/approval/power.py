from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime

from ...tools.search import is_any_of
from . import author_queries
from .change import APPROVAL_RULE, PHASE


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
    change_ids = fields.Many2many(
        comodel_name="crm.collection.approval.change",
        string="Who Had a Hand in It",
        compute="_compute_change_ids",
        compute_sudo=True,
        help="Who made or changed what it rests on since others last approved that. They cannot "
        "decide about it.",
    )

    last_change_id = fields.Integer(
        aggregator=None,
        string="Last Change Seen",
        compute="_compute_change_ids",
        compute_sudo=True,
        help="Screens say with a decision what they showed: what was changed later was not.",
    )

    @api.depends("state", "level_id", "user_id", "author_ids", "decision_ids", "date_escalated")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        # once for all of them
        delegations = self.env["crm.collection.approval.delegation"]._get_of(self.env.user)
        authors = self._get_authors_each()
        for approval in self:
            reason = approval._get_cannot_decide_reason(delegations, authors[approval.id])
            approval.can_decide = not reason
            approval.cannot_decide_reason = reason

    @api.depends("state", "line_ids.state")
    def _compute_change_ids(self):
        changes = self.env["crm.collection.approval.change"]
        hands = self._get_hands()
        for approval in self:
            open_changes = [change_id for _user, change_id in hands.get(approval.id, ())]
            approval.change_ids = changes.browse(sorted(filter(None, open_changes), reverse=True))
            approval.last_change_id = max(filter(None, open_changes), default=0)
            if approval.state != "pending":
                approval.change_ids = changes.search([("approval_id", "=", approval.id)])

    # === Power === #

    def _get_hands(self):
        """:return: {request id: [(user id, the change he made or ``None``)]} as of
        :func:`.author_queries.hands`"""
        self._flush_hands()
        rows = self.env.execute_query(
            author_queries.hands(author_queries.is_one_of(self._origin.ids))
        )
        hands = {}
        for approval_id, user_id, change_id in rows:
            hands.setdefault(approval_id, []).append((user_id, change_id))
        return hands

    @api.model
    def _flush_hands(self):
        self.env.flush_all()  # whatever the requests rest on may have been written just now

    def _get_authors_each(self):
        """:return: {request id: its :meth:`_get_authors`}, looked up once for all"""
        users, hands = self.env["res.users"], self._get_hands()
        return {
            approval_id: users.browse({user_id for user_id, _change in hands.get(approval_id, ())})
            for approval_id in self.ids
        }

    def _get_authors(self):
        """:return: who had a hand in what is asked for: who asked, and whoever made or changed
        what it rests on since others last approved that"""
        self.ensure_one()
        return self._get_authors_each()[self.id]

    def _get_barred(self, authors=None):
        """:param authors: where they were looked up
        :return: who cannot decide (any more), whatever power he has: those who had a hand in it
            and those who, or in whose name somebody, decided already"""
        decisions = self.sudo().decision_ids
        authors = self._get_authors() if authors is None else authors
        return authors | decisions.user_id | decisions.principal_id

    def _get_power(self, user, delegations=None, authors=None):
        """:return: dict of ``principal`` (in whose name), ``delegation`` and ``escalated``, or
        ``None`` where ``user`` cannot decide. One person decides once about a request.

        :param delegations: under which the user stands in for others, where they were looked up
        :param authors: who had a hand in it, where they were looked up
        """
        self.ensure_one()
        self_sudo = self.sudo()  # rules and delegations are not everybody's to read
        level, company = self_sudo.level_id, self_sudo.company_id
        barred = self._get_barred(authors)
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

    def _get_cannot_decide_reason(self, delegations=None, authors=None):
        """:return: why the current user cannot decide, or ``False``; parameters as above."""
        self.ensure_one()
        _, user, self_sudo = self.env._, self.env.user, self.sudo()
        if self.state != "pending":
            return self._get_over_message()
        authors = self._get_authors() if authors is None else authors
        if user in authors:
            return self._get_author_reason(user)
        if user in self_sudo.decision_ids.user_id:
            return _("You have decided already: it takes somebody else now.")
        if not self._get_power(user, delegations, authors):
            return _(
                "You are not an approver under %(rule)s (%(level)s).",
                rule=self_sudo.approval_rule_id.display_name,
                level=self_sudo.level_id.display_name,
            )
        return False

    def _get_author_reason(self, user):
        """:return: what keeps somebody who had a hand in it from deciding about it"""
        _ = self.env._
        if user == self.sudo().user_id:
            return _("Who asked for the approval cannot give it.")
        mine = self.sudo().change_ids.filtered(lambda change: change.user_id == user)
        if APPROVAL_RULE in mine.mapped("res_model"):
            return _("Who wrote the approval rule cannot approve under it.")
        if PHASE in mine.mapped("res_model") or user in self.sudo().author_ids:
            return _("Who configured the phase cannot approve it.")
        if not mine:
            return _("Who moved its items by hand cannot approve where they go from there.")
        return _(
            "You made or changed what this rests on (%s), and nobody else has approved it since: "
            "it takes somebody else.",
            ", ".join(dict.fromkeys(name for name in mine.mapped("name") if name)),
        )

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
        """Requests in which ``user`` had no hand, and about which he has not decided: see
        :meth:`.CrmCollectionApproval._get_barred`."""
        self._flush_hands()
        decided = Domain("user_id", "=", user.id) | Domain("principal_id", "=", user.id)
        return Domain("id", "not in", author_queries.requests_of(user.id)) & ~Domain(
            "decision_ids", "any", decided
        )
