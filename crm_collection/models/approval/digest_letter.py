from odoo import models

from . import digest_queries, queries

AGAIN = "again"  # the origin of requests that ask once more


class CrmCollectionLetter(models.Model):
    """What was approved is what leaves: a letter that would say something else than the approvers
    saw is not issued, and they are asked again, whatever the approval rule governs."""

    _inherit = "crm.collection.letter"

    def _refresh_money(self, company, today):
        super()._refresh_money(company, today)
        self._ask_about_changed(today)

    def _ask_about_changed(self, today):
        """Take back those that are not as they were approved, and ask again."""
        alive = self.filtered(
            lambda letter: (
                letter.state == "to_send"
                and letter.template_id
                and (letter.phase_id.is_governed or letter.phase_id.is_guarded)
            )
        )
        for (phase, template), letters in alive.grouped(
            lambda letter: (letter.phase_id, letter.template_id)
        ).items():
            digest = template._get_collection_digest()
            if phase.is_governed and letters._is_phase_changed(digest):
                letters._take_back(letters._get_changed_reason())
                phase.sudo()._ask_definition_again()
            elif phase.is_guarded:
                letters._ask_about_items(digest, today)

    def _is_phase_changed(self, digest):
        phase_id, template_id = self.phase_id.id, self.template_id.id
        query = digest_queries.phase_not_as_approved(phase_id, template_id, digest)
        return self.env.execute_query(query)[0][0]

    def _ask_about_items(self, digest, today):
        """Those of items whose letter, or debt, is not what was approved."""
        phase = self.phase_id
        items = self.line_ids.item_id.filtered(lambda item: item.phase_id == phase)
        self.env.flush_all()
        rows = self.env.execute_query(
            digest_queries.not_as_approved(items.ids, phase.id, self.template_id.id, digest)
        )
        if not rows:
            return
        changed = items.filtered(lambda item: item.id in {row[0] for row in rows})
        letters = self.filtered(lambda letter: letter.line_ids.item_id & changed)
        of_text = any(row[1] for row in rows)
        reason = self._get_changed_reason() if of_text else self._get_owes_more_reason()
        letters._take_back(reason)
        changed.sudo()._ask_again(phase, reason, today)

    def _get_changed_reason(self):
        return self.env._("The letter is not the one that was approved: it was changed since.")

    def _get_owes_more_reason(self):
        return self.env._("More is owed than was approved: a payment or credit was undone since.")


class CrmCollectionItem(models.Model):
    """Items in a phase about which the approvers are asked again stay there, without letters."""

    _inherit = "crm.collection.item"

    def _ask_again(self, phase, reason, today):
        """Ask again whether these may be in the phase they are in."""
        self._withdraw_approval("superseded")
        open_items = queries.open_items_by_id(self.ids, phase.id, today, True, False)
        self.env["crm.collection.approval"]._ask(open_items, AGAIN, reason)
        self.env.cr.execute(queries.set_waiting(self.ids, True, self.env.uid))
        self.invalidate_recordset(flush=False)
