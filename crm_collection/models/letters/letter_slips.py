import base64

from odoo import fields, models

from ...tools.text import get_file_name


class CrmCollectionLetter(models.Model):
    """The slips (boletos) with which what a letter asks for is paid: their lines in its text, their
    files with its mail."""

    _inherit = "crm.collection.letter"

    missing_slips = fields.Char(
        string="Slips Left Out",
        readonly=True,
        help="Documents whose slip to pay with could not be had, or asks for more than is owed: "
        "the letter went without it.",
    )

    def _find_pay_slips(self):
        """:return: as of ``account.move.line._find_collection_pay_slips``, of what the letter asks
        for: charges included, less what open credits pay"""
        self.ensure_one()
        lines = self.line_ids.item_id._origin.line_id
        if not lines._may_have_collection_pay_slips():
            return {}, lines.browse()
        paid = self._get_credits_by_letter()[self.id].paid
        asked = {}
        for line in self.line_ids:
            item = line.item_id._origin
            charges = line.amount_fine + line.amount_interest
            left = line.amount_residual + charges - paid.get(item.id, 0.0)
            asked[item.line_id.id] = line.currency_id.round(left)
        return lines._find_collection_pay_slips(asked)

    def _get_pay_slip_lines(self):
        """:return: dicts of ``name``, ``document`` and ``line`` of each slip, for the text"""
        return [
            {"name": slip.name, "document": line._get_collection_name(), "line": slip.line}
            for line, slip in self._find_pay_slips()[0].items()
        ]

    def _attach_slips(self, values):
        """Add the files of the slips to the values of a mail; what is left out the letter says."""
        slips, left_out = self.with_context(lang=self._get_lang())._find_pay_slips()
        for line, slip in slips.items():
            if slip.pdf:
                name = f"{get_file_name(line._get_collection_slip_name(slip))}.pdf"
                file = (name, base64.b64encode(slip.pdf))
                values.setdefault("attachments", []).append(file)
        names = ", ".join(line._get_collection_name() for line in left_out)
        if (self.missing_slips or "") != names:
            self.missing_slips = names or False
