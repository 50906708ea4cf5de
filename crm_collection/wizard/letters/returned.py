from odoo import fields, models

from ...models.letters.batch_line import RETURN_REASONS
from ...tools.arguments import check_one
from ...tools.done import get_done


class CrmCollectionLetterReturned(models.TransientModel):
    """Letters came back by post: why, as the post office has written it on the envelope."""

    _name = "crm.collection.letter.returned"
    _description = "Letter Returned to Sender"

    letter_ids = fields.Many2many(
        comodel_name="crm.collection.letter", string="Letters", required=True, readonly=True
    )
    reason = fields.Selection(
        selection=RETURN_REASONS, required=True, help="Kept with the letter in its batch."
    )
    note = fields.Char(help="What else is on the envelope, such as the new address.")

    def action_return(self):
        """They did not reach their customers, and their addresses are not used any more."""
        wizard = check_one(self)
        returned = wizard.letter_ids._return_to_sender(wizard.reason, wizard.note or "")
        return get_done("", returned, title=self.env._("Returned to sender: %s", len(returned)))
