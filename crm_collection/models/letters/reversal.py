from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.arguments import check_one, get_text
from ...tools.done import get_undone


class CrmCollectionLetter(models.Model):
    """A letter that was sent in error stays on record as it went, and is marked: who says so, when
    and why. It does not count among what made a customer pay.

    Its round may be given back: the next letter about the same items has its number. Who had to
    agree to the first one is not asked again by that, so it takes a manager where a phase of the
    letter is under approval.
    """

    _inherit = "crm.collection.letter"

    is_reversed = fields.Boolean(string="Sent in Error", readonly=True, copy=False)
    date_reversed = fields.Datetime(string="Said to Be in Error on", readonly=True, copy=False)
    reversed_by_id = fields.Many2one(
        comodel_name="res.users", string="Said to Be in Error by", readonly=True, copy=False
    )
    reversal_reason = fields.Char(string="Why in Error", readonly=True, copy=False)
    is_round_returned = fields.Boolean(
        string="Round Given Back",
        readonly=True,
        copy=False,
        help="The next letter about its items has the number this one had.",
    )

    # === Actions === #

    def action_reverse(self):
        """Open the dialog that marks a letter as sent in error.

        :raise UserError: it was not sent, or is marked already
        """
        letter = check_one(self)
        letter._check_user()
        letter._check_reversible()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sent in Error"),
            "res_model": "crm.collection.letter.reverse",
            "view_mode": "form",
            "target": "new",
            "context": {"default_letter_id": letter.id, "dialog_size": "large"},
        }

    def action_undo_reversal(self):
        """Take the mark off again: the letter was right.

        :raise UserError: there is none, or the customer was told of the error
        """
        letter = check_one(self)
        letter._check_user()
        if letter.is_round_returned:
            letter._check_may_return_round()
        letter_sudo = letter.sudo()  # the right was checked
        if not letter_sudo.try_lock_for_update() or not letter_sudo.is_reversed:
            raise UserError(self.env._("The letter is not marked as sent in error."))
        letter_sudo._stop_apology()
        letter_sudo.write(
            {
                "is_reversed": False,
                "date_reversed": False,
                "reversed_by_id": False,
                "reversal_reason": False,
                "is_round_returned": False,
            }
        )
        letter_sudo._note_reversal(self.env._("It was no error: the letter counts again."))
        return get_undone(self.env._("The letter counts again: %s", letter.display_name))

    # === Business methods === #

    def _reverse(self, reason, return_round=False):
        """Mark a letter as sent in error.

        :param str reason: why, for the record
        :raise UserError: it was not sent, is marked already, or nobody says why
        """
        self._check_user()
        reason = get_text(self.env, reason).strip()
        if not reason:
            raise UserError(self.env._("Say why the letter was sent in error."))
        if return_round:
            self._check_may_return_round()
        letter_sudo = self.sudo()  # the right was checked
        if not letter_sudo.try_lock_for_update():
            raise UserError(self.env._("Somebody else is at this letter: try again in a moment."))
        letter_sudo._check_reversible()
        letter_sudo.write(
            {
                "is_reversed": True,
                "date_reversed": fields.Datetime.now(),
                "reversed_by_id": self.env.uid,
                "reversal_reason": reason,
                "is_round_returned": return_round,
            }
        )
        said = self.env._("Sent in error: %s", reason)
        if return_round:
            said = self.env._("%s Its round is given back.", f"{said.rstrip('.')}.")
        letter_sudo._note_reversal(said)

    def _check_reversible(self):
        """:raise UserError: the letter was not sent, or is marked already"""
        self.ensure_one()
        if self.state not in ("sent", "uncertain"):
            raise UserError(
                self.env._(
                    "Only a letter that was sent can have been sent in error. Cancel one that has "
                    "not left."
                )
            )
        if self.is_reversed:
            raise UserError(self.env._("The letter is marked as sent in error already."))

    def _may_return_round(self):
        """Whether the user may give the letter's round back. Override to ask for more."""
        self.ensure_one()
        return self.env.user.has_group("crm_collection.group_crm_collection_user")

    def _check_may_return_round(self):
        """:raise AccessError: it takes a manager to give the round back, or to take it again"""
        if not self._may_return_round():
            raise AccessError(
                self.env._(
                    "A phase of this letter is under approval: only collection managers give its "
                    "round back, or take it again."
                )
            )

    def _note_reversal(self, said):
        """Told in the letter's history, and where it was told that it was sent."""
        author = self.env.user.partner_id.id
        self._message_log_batch({self.id: said}, author_id=author)
        told = self._in_office_language()
        named = told.env._(
            "Collection letter %(phase)s, %(day)s. %(said)s",
            phase=told.phase_id.name or "",
            day=told._format_day(told.date),
            said=said,
        )
        if self.partner_id:
            self.partner_id._message_log_batch({self.partner_id.id: named}, author_id=author)
        moves = self.line_ids.item_id.move_id.filtered(
            lambda move: move.is_sale_document(include_receipts=True)
        )
        moves._message_log_batch(dict.fromkeys(moves.ids, named), author_id=author)

    def _stop_apology(self):
        """Override where customers are told of the error."""
