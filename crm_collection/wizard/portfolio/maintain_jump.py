from collections import Counter

from odoo import api, fields, models


class CrmCollectionItemMaintain(models.TransientModel):
    """What a customer would not expect: an item that jumps ahead of its days or of its rule."""

    _inherit = "crm.collection.item.maintain"

    jump_count = fields.Integer(compute="_compute_preview", store=True, compute_sudo=False)
    jump_summary = fields.Text(compute="_compute_preview", store=True, compute_sudo=False)

    def _get_jumps(self, items):
        """:return: {item id: (kind, why the item is ahead)}"""
        jumps, reached = {}, {}
        for item in items if self.phase_id else ():
            key = (item.rule_id, item.days_overdue)
            if key not in reached:
                reached[key] = self._get_ahead(*key)
            if reached[key] and self._get_place(self.phase_id) > self._get_place(item.phase_id):
                jumps[item.id] = reached[key]
        return jumps

    @api.model
    def _get_place(self, phase):
        """:return: what phases are sorted by, the lowest for none"""
        return (phase.sequence, phase.id) if phase else (float("-inf"), 0)

    def _get_ahead(self, rule, days):
        """:return: (kind, why an item is ahead in the phase), or nothing where it is not

        :param int days: how many it is overdue
        """
        _, phase = self.env._, self.phase_id
        if not rule:
            return "rule", _("No sending rule leads there.")
        steps = rule.step_ids
        reached = steps.filtered(lambda step: step._get_threshold() <= days)
        if any(self._get_place(one) >= self._get_place(phase) for one in reached.phase_id):
            return None
        step = steps.filtered(lambda step: step.phase_id == phase)
        if not step:
            return "rule", _("Its sending rule, %s, does not lead there.", rule.name)
        return "days", _(
            "%(rule)s leads there on day %(day)s, and this is day %(days)s.",
            rule=rule.name,
            day=step._get_threshold(),
            days=days,
        )

    def _get_jump_summary(self, jumps):
        """:return: how many are ahead of their days, and how many of their rule, a line each"""
        counts, lines = Counter(kind for kind, _reason in jumps.values()), []
        if counts["days"]:
            lines.append(
                self.env._(
                    "Ahead of their days, as their rule leads there later: %s", counts["days"]
                )
            )
        if counts["rule"]:
            lines.append(
                self.env._("Ahead of their rule, which does not lead there: %s", counts["rule"])
            )
        return "\n".join(lines)
