from collections import Counter

from odoo import api, fields, models

from . import rule_queries


class CrmCollectionRule(models.Model):
    """Whom a rule reaches beside the others, said with numbers while it is written, too."""

    _inherit = "crm.collection.rule"

    reach_note = fields.Text(
        string="Beside the Other Rules",
        compute="_compute_reach_note",
        help="Of the customers with open items in the active company.",
    )
    is_never_reached = fields.Boolean(compute="_compute_reach_note")

    # === Compute methods === #

    @api.depends(
        *("assignment", "sequence", "active", "company_id", "company_type"),
        *("industry_ids", "category_ids", "country_ids", "partner_domain"),
    )
    @api.depends_context("company")
    def _compute_reach_note(self):
        for rule in self:
            notes, never = rule._get_reach()
            rule.reach_note = "\n".join(notes)
            rule.is_never_reached = never

    # === Business methods === #

    @api.model
    def _get_default_rule(self, company):
        """:return: the rule of the customers of a company whom no other one fits: the first without
        criteria, else the last that serves everyone it fits"""
        rules = self.env["crm.collection.engine"]._get_rules(company).sudo(self.env.su)
        fitting = rules.filtered(lambda rule: rule.assignment == "criteria")
        return fitting.filtered(lambda rule: rule._is_for_all())[:1] or fitting[-1:]

    def _is_for_all(self):
        """Whether everybody fits the rule."""
        self.ensure_one()
        return not self._has_conditions() and self._get_criteria_domain().is_true()

    def _get_reach(self):
        """:return: what is to be said of whom the rule reaches, and whether it reaches nobody"""
        self.ensure_one()
        company = self.env.company
        serves = not self.company_id or self.company_id in company.sudo().parent_ids
        if not serves or not self.active or self.assignment == "assigned" or self._get_problem():
            return [], False
        engine = self.env["crm.collection.engine"]
        others = engine._get_rules(company).filtered(lambda rule: rule.id != self._origin.id)
        fitting = others.filtered(lambda rule: rule.assignment == "criteria")
        before = fitting.filtered(lambda rule: rule._get_place() < self._get_place())
        for_all = before.filtered(lambda rule: rule._is_for_all())[:1]
        if for_all:
            note = self.env._("It is never reached: %s before it serves everybody.", for_all.name)
            return [note], True
        counts = self._count_reach(company, others)
        passed = Counter({rule: counts[rule] for rule in before if counts[rule]})
        taken = Counter({rule: counts[rule] for rule in fitting - before if counts[rule]})
        return self._get_reach_notes(sum(counts.values()), passed, taken)

    def _get_place(self):
        """:return: what rules are sorted by; one that is not saved comes last of its sequence"""
        return (self.sequence, self._origin.id or float("inf"))

    def _count_reach(self, company, others):
        """:return: {rule: customers who fit this one and are under that one without it}"""
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        query = rule_queries.reach(
            *(partners.with_company(company), others, self._get_partner_domain()),
            *([*others.ids, *self._origin.ids], company.id),
        )
        self.env["res.partner"].flush_model()
        self.env["crm.collection.item"].flush_model()
        return Counter(
            {others.browse(rule_id): count for rule_id, count in self.env.execute_query(query)}
        )

    def _get_reach_notes(self, total, passed, taken):
        """:return: as :meth:`_get_reach`

        :param Counter passed: customers of rules before this one
        :param Counter taken: those of rules after it, who come under this one
        """
        _, notes = self.env._, []
        never = bool(total) and passed.total() == total
        if never:
            notes.append(
                _("It is never reached: who fits it is under %s before.", self._list_rules(passed))
            )
        elif passed:
            notes.append(
                _(
                    "%(count)s of the %(total)s customers who fit it are under rules before it: "
                    "%(rules)s.",
                    count=passed.total(),
                    total=total,
                    rules=self._list_rules(passed),
                )
            )
        if taken:
            notes.append(
                _(
                    "It takes over customers of rules after it: %s.",
                    self._list_rules(taken),
                )
            )
        return notes, never

    @api.model
    def _list_rules(self, counts):
        """:return: rules with their numbers of customers, in words"""
        return ", ".join(
            self.env._("%(rule)s (%(count)s)", rule=rule.display_name, count=count)
            for rule, count in counts.most_common()
        )
