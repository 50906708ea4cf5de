from odoo import models


class CrmCollectionItem(models.Model):
    """An item says what is to be done about it, by whom and when, or what came of that."""

    _inherit = "crm.collection.item"

    def _get_facts(self):
        # EXTENDS: after the letter
        facts = super()._get_facts()
        if text := self._explain_task():
            labels = [fact["label"] for fact in facts]
            before = [self.env._("Next phase"), self.env._("Next letter"), self.env._("Phase")]
            places = [labels.index(label) for label in before if label in labels]
            place = max(places, default=len(facts) - 1)
            facts.insert(place + 1, self._fact(self.env._("Task"), text))
        return facts

    def _explain_task(self):
        """:return: what came of it that the step asks for an activity, in words"""
        allocation, step = self.allocation_id, self.step_id.sudo()
        if self.state != "open" or not allocation.wants_task:
            return self._explain_task_to_come()
        if task := allocation.task_id.sudo():
            return " ".join(filter(None, (self._describe_task(task), self._explain_task_to_come())))
        kind = step.activity_type_id.name
        if not kind:
            return self._explain_task_to_come()
        if step.activity_after == "letter" and self.phase_id._get_letter(step):
            return self.env._("%s is planned once the letter of this phase has left.", kind)
        return self.env._("%s is planned by the next run that nothing holds back.", kind)

    def _describe_task(self, task):
        _ = self.env._
        names = {
            "kind": task.activity_kind_id.name or _("Something"),
            "user": (task.done_by_id if task.state == "done" else task.user_id).name,
            "day": self._format_date(task.date if task.state == "open" else task.date_done),
        }
        if task.state == "open":
            text = _("%(kind)s is planned for %(day)s, by %(user)s.", **names)
            if task.escalated_to_id:
                text += " " + _("Not done in time: also given to %s.", task.escalated_to_id.name)
            return text
        if task.state == "done":
            return _("%(kind)s: done by %(user)s on %(day)s.", **names)
        states = dict(task._fields["state"]._description_selection(self.env))
        return f"{names['kind']}: {states[task.state].lower()}."

    def _explain_task_to_come(self):
        """:return: what the next phase asks for, in words"""
        step, day = self.next_step_id.sudo(), self.date_next_step
        kind = step.activity_type_id.name
        if not kind or not day or step.phase_id.allocation_mode == "manual":
            return ""
        return self.env._(
            "%(kind)s is planned in %(phase)s, from %(day)s on.",
            kind=kind,
            phase=step.phase_id.name,
            day=self._format_date(day),
        )
