from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.done import get_undone
from .hold_chatter import TOLD


class CrmCollectionHold(models.Model):
    """A hold that was set by mistake is taken back: by who set it, on the same day, while the
    customer was told nothing of it. It stays on record as what it was, a mistake, and not as a
    promise that was lifted or a dispute that ended.
    """

    _inherit = "crm.collection.hold"

    can_take_back = fields.Boolean(compute="_compute_can_take_back")

    @api.depends("state", "user_id")
    @api.depends_context("uid")
    def _compute_can_take_back(self):
        for hold in self:
            hold.can_take_back = bool(hold.id) and hold._may_take_back()

    # === Actions === #

    def action_take_back(self):
        """End holds that were set by mistake, as if they had not been.

        :raise UserError: one of them is another user's, of another day, over, or known to the
            customer
        """
        self.check_access("write")
        self._check_in_force()
        if not all(hold._may_take_back() for hold in self):
            raise UserError(
                self.env._(
                    "A hold is taken back on the day it was set, by who set it, and while the "
                    "customer was not told of it. Lift it instead: that asks why."
                )
            )
        self._tell_why(self.env._("Set by mistake, and taken back."))
        self._close("void")
        for company, told in self.grouped("company_id").items():
            if said := told.filtered(lambda hold: hold.kind in TOLD):
                said.sudo().with_context(lang=company._get_collection_lang())._tell_void()
        return get_undone(self.env._("Taken back: %s", self._get_short_name()))

    # === Business methods === #

    def _may_take_back(self):
        self.ensure_one()
        company = self.company_id
        return (
            self.state == "active"
            and self.user_id == self.env.user
            and company._get_collection_day(self.create_date) == company._get_collection_today()
            and not self._is_told()
        )

    def _is_told(self):
        """Whether the customer was told of it; override where he is."""
        return False

    def _tell_void(self):
        """Where it was told that they were set."""
        self._tell(
            lambda holds: [
                self.env._("Taken back, as set by mistake: %s", said)
                for said in holds._describe_set()
            ]
        )

    def _get_short_name(self):
        """:return: what one is called, or how many they are"""
        return self.display_name if len(self) == 1 else str(len(self))
