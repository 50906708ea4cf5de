from odoo import models
from odoo.exceptions import UserError

from ...tools.done import get_undone


class CrmCollectionContact(models.Model):
    """What was logged by mistake is taken back, and stays on record as that."""

    _inherit = "crm.collection.contact"

    def action_take_back(self):
        """Say that these were logged by mistake. What was agreed on in them stays: it is lifted
        for itself.

        :raise UserError: somebody else logged it, or it is a customer's own mail
        """
        self.check_access("write")
        for contact in self:
            if contact.user_id != self.env.user or contact.state != "done" or contact.message_id:
                raise UserError(
                    self.env._("What you logged yourself can be taken back, and nothing else.")
                )
        self._write_evidence({"state": "void"})
        self.activity_ids.unlink()

    def action_undo(self):
        """Take back what was just logged, with all that came of it: promises, disputes and holds,
        and the next action.

        :raise UserError: as above, or one of the holds cannot be taken back any more
        """
        if holds := self.hold_ids.filtered(lambda hold: hold.state == "active"):
            holds.action_take_back()
        self.action_take_back()
        return get_undone(self.env._("Taken back: %s", self[:1].display_name))
