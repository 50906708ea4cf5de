from odoo import fields, models


class CrmCollectionLetter(models.Model):
    """Which of two texts a letter has, where its phase compared them: written with the letter, and
    not drawn again for one that left."""

    _inherit = "crm.collection.letter"

    compare_key = fields.Char(string="Comparison", readonly=True)
    compare_side = fields.Selection(
        selection=[("a", "Default letter"), ("b", "Second letter")],
        string="Text Compared",
        readonly=True,
        help="Which of the two texts of its phase it was written with, where they were compared.",
    )

    _compare_idx = models.Index("(phase_id, compare_key) WHERE compare_side IS NOT NULL")

    def _prepare_text(self, phase, step):
        """:return: values of the text that the letter has, if it is one of the phase and step"""
        side = phase._get_side(step, self.partner_id, self.date)
        template = phase._get_letter(step, self.partner_id, self.date)
        return {
            "template_id": (template or self.template_id).id,
            "compare_side": side,
            "compare_key": side and phase._get_comparison_key(),
        }
