from odoo import models
from odoo.exceptions import UserError

from ...tools.done import get_undone

WAITING = ("to_send", "outgoing", "to_print", "printed", "no_address", "blacklisted", "failed")


class CrmCollectionLetter(models.Model):
    """Letters that somebody sends by hand are taken back while they have not left."""

    _inherit = "crm.collection.letter"

    def action_undo(self):
        """Cancel those of these letters that have not left; their items are due as before.

        :raise UserError: all have left, or are being handed over
        """
        self._check_user()
        waiting = self.filtered(
            lambda letter: (
                letter.origin == "manual"
                and letter.state in WAITING
                and not (letter.date_sent or letter.delivery_started)
            )
        )
        back = waiting.sudo().try_lock_for_update()
        if not back:
            raise UserError(self.env._("It has left already, and cannot be taken back."))
        back._take_back(self.env._("Taken back by %s", self.env.user.name))
        left = self.env._("Letters that have left already: %s", len(self) - len(back))
        return get_undone(
            left if len(back) < len(self) else "",
            title=self.env._("Letters taken back: %s", len(back)),
            type="warning" if len(back) < len(self) else "success",
        )
