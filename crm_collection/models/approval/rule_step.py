from odoo import api, fields, models

TEXT_FIELDS = {"template_id", "phase_id"}


class CrmCollectionRuleStep(models.Model):
    """A step's own text in a phase whose definition is approved is part of what is approved.

    The phase is approved with a set of texts: its own letter, and that of each step that has one.
    Another text of a step is proposed on the phase; until it is approved the step sends what it
    sent before.
    """

    _inherit = "crm.collection.rule.step"

    proposed_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Proposed Letter",
        compute="_compute_proposed_template_id",
        help="Waits for the approval of the phase.",
    )
    proposal_note = fields.Char(
        string="About the Letter",
        compute="_compute_proposed_template_id",
        help="What is sent until the proposed letter is approved.",
    )

    @api.depends("phase_id", "template_id")
    @api.depends_context("lang")
    def _compute_proposed_template_id(self):
        texts_by_phase = {phase: phase._get_proposed_texts() for phase in self.phase_id}
        for step in self:
            texts = texts_by_phase.get(step.phase_id, {})
            step.proposed_template_id = texts.get(step._origin, False)
            step.proposal_note = step._origin in texts and step._explain_proposal()

    def _explain_proposal(self):
        """:return: what waits, and what is sent meanwhile, in a sentence"""
        sent = self.phase_id._get_letter(self._origin)
        names = {
            "step": self.display_name,
            "proposed": (self.proposed_template_id or self.phase_id.template_id).name or "-",
        }
        if not sent:
            return self.env._(
                "%(step)s: the letter “%(proposed)s” waits for the approval of the phase; until "
                "then none is sent.",
                **names,
            )
        return self.env._(
            "%(step)s: the letter “%(proposed)s” waits for the approval of the phase; until then "
            "“%(sent)s” is sent.",
            sent=sent.name,
            **names,
        )

    # === ORM overrides === #

    @api.model_create_multi
    def create(self, vals_list):
        """The own text of a new step waits, where the phase was approved without it."""
        steps = super().create(vals_list)
        for step in steps.filtered("template_id"):
            template_id = step.template_id.id
            if step.phase_id._is_in_force():
                step._put_text(False)
            step.phase_id._change_texts({step: template_id})
        return steps

    def write(self, vals):
        """What was approved stays in force until another text is."""
        if TEXT_FIELDS.isdisjoint(vals):
            return super().write(vals)
        self.check_access("write")
        for step in self:
            step._write_text(vals)
        return True

    # === Business methods === #

    def _write_text(self, vals):
        """Write one step; its text at once, or as a proposal on its phase."""
        before = self.phase_id, self.template_id.id
        new = self.new(vals, origin=self)
        phase, template_id = new.phase_id._origin, new.template_id._origin.id
        if before == (phase, template_id):
            return super().write(vals)
        in_force = template_id
        if phase._is_in_force():  # with the text that the step had in this phase
            in_force = before[1] if phase == before[0] else False
        super().write(vals | {"template_id": in_force})
        moved_with_text = phase != before[0] and template_id
        if moved_with_text or template_id != before[1]:
            phase._change_texts({self: template_id})
        return True

    def _put_text(self, template_id):
        """Write the text that is in force; :meth:`write` would propose it."""
        return super().write({"template_id": template_id})
