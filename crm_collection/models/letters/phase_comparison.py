import hashlib

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.arguments import check_one


class CrmCollectionPhase(models.Model):
    """A comparison of two texts: while it runs half of the phase's customers, by chance, get a
    second one instead of the phase's own. Letters keep which of them theirs was.

    Both texts are approved with the phase. What its days say, and whether it is drawn anew, is
    about neither text and needs no approval.
    """

    _inherit = "crm.collection.phase"

    template_b_id = fields.Many2one(
        comodel_name="mail.template",
        string="Second Letter",
        domain="[('model', '=', 'crm.collection.letter'), ('id', '!=', template_id)]",
        tracking=True,
        help="To compare two texts: half of the customers, by chance, get this one instead of the "
        "default letter. Steps with a letter of their own are not compared.",
    )
    compare_from = fields.Date(
        string="Compare from", tracking=True, help="Empty: from when both texts are in force."
    )
    compare_until = fields.Date(
        string="Compare until",
        tracking=True,
        help="The last day of the comparison; after it everybody gets the default letter.",
    )
    compare_number = fields.Integer(
        string="Draw", default=1, readonly=True, copy=False, aggregator=None, tracking=True
    )
    is_comparing = fields.Boolean(compute="_compute_is_comparing")

    # === Compute methods === #

    @api.depends("template_id", "template_b_id", "compare_from", "compare_until")
    @api.depends_context("allowed_company_ids")
    def _compute_is_comparing(self):
        today = self.env.company._get_collection_today()
        for phase in self:
            phase.is_comparing = phase._compares(today)

    # === Constraints === #

    @api.constrains("template_id", "template_b_id")
    def _check_template_b_id(self):
        self.template_b_id._check_is_letter()
        for phase in self:
            if phase.template_b_id and phase.template_b_id == phase.template_id:
                raise ValidationError(
                    self.env._(
                        "%s: the second letter is the default one. Choose another one to compare "
                        "it with.",
                        phase.display_name,
                    )
                )

    @api.constrains("compare_from", "compare_until")
    def _check_compare_days(self):
        for phase in self:
            days = phase.compare_from, phase.compare_until
            if all(days) and days[0] > days[1]:
                raise ValidationError(
                    self.env._("%s: the comparison ends before it begins.", phase.display_name)
                )

    # === Actions === #

    def action_compare_anew(self):
        """Begin another comparison of the same texts: customers are drawn anew, and the figures
        begin at nothing. Those of the comparison before stay."""
        check_one(self)
        self.compare_number += 1

    def action_open_comparisons(self):
        """What the comparisons of the phase have come to."""
        check_one(self)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_comparison_action"
        )
        action["domain"] = [("phase_id", "=", self.id)]
        return action

    # === Business methods === #

    def _get_letter(self, step, partner=None, day=None):
        """One of the two texts, where they are compared and it is said who gets it when."""
        # EXTENDS the portfolio's: ``comparison_queries.letter_text`` says the same
        letter = super()._get_letter(step, partner, day)
        return self.template_b_id if self._get_side(step, partner, day) == "b" else letter

    def _get_letters(self, step):
        """:return: all that may be in force for a letter of the step: what is compared, too"""
        letter = self._get_letter(step)
        return letter | self.template_b_id if letter and letter == self.template_id else letter

    def _get_side(self, step, partner, day):
        """:return: ``a`` or ``b``, or False where nothing is compared; as
        ``comparison_queries.side``"""
        own = step.filtered(lambda one: one.phase_id == self)
        if not (partner and day and self._compares(day)) or own.template_id or own.without_letter:
            return False
        return self._draw_side(partner)

    def _compares(self, day):
        begins, ends = self.compare_from or day, self.compare_until or day
        return bool(self.template_id and self.template_b_id) and begins <= day <= ends

    def _draw_side(self, partner):
        drawn = f"{self._get_comparison_key()}:{partner._origin.id}".encode()
        first = hashlib.md5(drawn, usedforsecurity=False).digest()[0]
        return "b" if first % 2 else "a"

    def _get_comparison_key(self):
        """:return: as ``comparison_queries.comparison_key``"""
        numbers = self._origin.id, self.compare_number, self.template_id.id, self.template_b_id.id
        return "-".join(map(str, numbers))
