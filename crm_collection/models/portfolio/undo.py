from odoo import api, fields, models
from odoo.exceptions import UserError

from . import allocation_queries

# States of a letter that has not left.
WAITING = ("to_send", "outgoing", "to_print", "printed", "no_address", "blacklisted", "failed")
NOT_LEFT = (*WAITING, "cancelled")


class CrmCollectionItem(models.Model):
    """A move by hand is taken back while its letter has not left.

    Nothing is rewritten: the allocation in the phase ends as taken back, and a new one begins where
    the item was, with the date of the next letter and the number of letters it had there.
    """

    _inherit = "crm.collection.item"

    can_undo_move = fields.Boolean(compute="_compute_can_undo_move")

    # === Compute methods === #

    @api.depends("allocation_ids.date_out", "allocation_ids.letter_line_ids.letter_id.state")
    def _compute_can_undo_move(self):
        refused = self._get_undo_refusals()
        for item in self:
            item.can_undo_move = bool(item.id) and item.id not in refused

    # === Actions === #

    def action_undo_move(self):
        """Put the items back where they were before somebody moved them by hand.

        :raise UserError: none of them can be put back
        """
        self._check_maintain_access()
        self.env.flush_all()
        refused = self._get_undo_refusals()
        todo = self.filtered(lambda item: item.id not in refused)
        done = todo.sudo().try_lock_for_update().sudo(self.env.su)
        if not done:
            reasons = sorted(set(refused.values()))
            raise UserError("\n".join(reasons) or self.env._("There is no move to take back."))
        done._take_back_letters()
        for company, items in done.grouped("company_id").items():
            items._do_undo(company)
        self.invalidate_model(flush=False)
        self.env["crm.collection.allocation"].invalidate_model(flush=False)
        return self._get_undo_notification(done, refused)

    # === Business methods === #

    def _get_undo_refusals(self):
        """:return: {item id: why its last move cannot be taken back}"""
        refusals = {}
        for item in self:
            allocations = item.sudo().allocation_ids.sorted("id")
            if reason := item._get_undo_refusal(allocations[-1:], allocations[:-1][-1:]):
                refusals[item.id] = reason
        return refusals

    def _get_undo_refusal(self, allocation, before):
        """:return: why the move into ``allocation`` cannot be taken back, or nothing

        :param allocation: the last allocation of the item
        :param before: the one before it
        """
        _ = self.env._
        letters = allocation.letter_line_ids.letter_id
        was_moved = before.reason_out == "moved"
        by_hand = allocation.origin == "manual" and not allocation.date_out
        is_undone, waits = before.reason_out == "undone", self.approval_state == "pending"
        reasons = (
            (self.state != "open", _("It is not open any more.")),
            (
                not by_hand,
                _("Nobody has moved it by hand into the phase it is in."),
            ),
            (is_undone, _("Its last move was taken back already.")),
            (
                any(letter.state not in NOT_LEFT for letter in letters),
                _("The letter of its phase has left."),
            ),
            (self.is_held, _("It is on hold: lift the hold first.")),
            (waits, _("It awaits approval.")),
            (
                was_moved and before.phase_id.is_guarded,
                _("It needs an approval to enter its phase again."),
            ),
            (
                was_moved and not before.phase_id.can_act,
                _("The phase it was in is not approved, or archived."),
            ),
        )
        return next((reason for applies, reason in reasons if applies), "")

    def _take_back_letters(self):
        """Letters of the allocations that end, and about nothing else, do not leave; one about
        other items, too, is written anew when its turn comes."""
        allocations_sudo = self.sudo().allocation_id
        for letter_sudo in allocations_sudo.letter_line_ids.letter_id:
            about_others = letter_sudo.line_ids.allocation_id - allocations_sudo
            if letter_sudo.state in WAITING:
                if about_others:
                    continue
                letter_sudo._cancel(self.env._("The move into its phase was taken back."))
        self.env.flush_all()

    def _do_undo(self, company):
        today, uid, cr = company._get_collection_today(), self.env.uid, self.env.cr
        for phase, items in self.grouped("phase_id").items():
            reason = self.env._("Taken back: the move to %s", phase.display_name)
            cr.execute(allocation_queries.close_allocations(items.ids, "undone", today, uid))
            cr.execute(allocation_queries.take_back_items(items.ids, uid))
            cr.execute(allocation_queries.open_allocations_again(items.ids, today, uid, reason))
        self._follow_tasks(company)

    def _get_undo_notification(self, done, refused):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if refused else "success",
                "title": self.env._("One open item is where it was")
                if len(done) == 1
                else self.env._("%s open items are where they were", len(done)),
                "message": "\n".join(sorted(set(refused.values()))),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
