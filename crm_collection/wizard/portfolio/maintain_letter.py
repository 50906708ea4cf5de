from odoo import api, fields, models


class CrmCollectionItemMaintain(models.TransientModel):
    """What a phase that waits for letters means for a move by hand: it does not wait."""

    _inherit = "crm.collection.item.maintain"

    unheard_count = fields.Integer(compute="_compute_preview", store=True, compute_sudo=False)
    arrival_note = fields.Text(compute="_compute_arrival_note")

    @api.depends("phase_id", "unheard_count")
    def _compute_arrival_note(self):
        for wizard in self:
            wizard.arrival_note = "\n".join(wizard._explain_arrival())

    def _get_unheard(self, items):
        """:return: those of the items that the job would keep from the phase, as the last letter
        about them is not known to have left"""
        return items._get_unheard() if self.phase_id.after_letter else items.browse()

    def _explain_arrival(self):
        """:return: lines: what the phase waits for, and how many of the items have it not"""
        phase, lines = self.phase_id, []
        if phase.after_letter and phase.allocation_mode == "automatic":
            lines.append(
                self.env._(
                    "The job moves items into this phase only after a letter arrived. A move by "
                    "hand does not wait for it."
                )
            )
        if self.unheard_count:
            lines.append(
                self.env._(
                    "Items whose last letter is not known to have arrived: %s", self.unheard_count
                )
            )
        return lines
