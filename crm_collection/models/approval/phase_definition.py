from odoo import fields, models
from odoo.exceptions import UserError

from .digest_letter import AGAIN
from .phase_text import TEXTS


class CrmCollectionPhase(models.Model):
    """The definition of a phase is decided on a request (:class:`.CrmCollectionApproval`).

    A change of an approved phase is kept in the request, and what was approved stays in force,
    until the answer comes.
    """

    _inherit = "crm.collection.phase"

    # === Asking === #

    def _ask_definition_again(self):
        """The letter is not the one that was approved: until somebody agrees to it the phase does
        not act."""
        self.ensure_one()
        self._reset_approval()
        reason = self.env._("The letter is not the one that was approved: it was changed since.")
        self._ask_definition({}, origin=AGAIN, reason=reason)

    def _ask_definition(self, proposed, origin="manual", reason=False):
        """Make the request; one that waits already is replaced, with what it proposed.

        :param dict proposed: {field: value} that take effect with the approval
        """
        self.ensure_one()
        self._check_proposed(proposed)
        earlier = self.pending_approval_id.sudo()  # nobody writes requests by himself
        proposed = _merge(earlier.proposed_values or {}, proposed)
        authors = self.configured_by_ids | earlier.user_id | earlier.author_ids
        self._cancel_requests()
        approval = earlier.create(
            {
                "kind": "definition",
                "phase_id": self.id,
                "company_id": self.company_id.id,
                "approval_rule_id": self.approval_rule_id.id,
                "level_id": self.sudo().approval_rule_id._get_levels()[:1].id,
                "origin": origin,
                "reason": reason,
                "user_id": self.env.uid,
                "author_ids": authors.ids,
                "date_request": fields.Datetime.now(),
                "proposed_values": proposed or False,
            }
        )
        approval._schedule_activities()
        if self.approval_state != "approved":
            self._set_approval(
                approval_state="pending",
                approval_requested_by_id=self.env.uid,
                approval_decided_by_id=False,
                approval_date=False,
                approval_note=False,
            )

    def _cancel_requests(self):
        requests = self.pending_approval_id.sudo()  # nobody writes requests by himself
        requests.write({"state": "cancelled", "date_end": fields.Datetime.now()})
        requests._drop_activities()

    # === Deciding === #

    def _approve_definition(self, approval):
        """Put in force what was asked for; called by the request once every level agreed."""
        proposed = approval.proposed_values or {}
        phase = self.sudo()  # approvers decide but do not configure
        phase._check_proposed(proposed)
        phase._put_texts(proposed)
        phase._write_evidence(
            phase._without_texts(proposed)
            | {
                "approval_state": "approved",
                "approval_requested_by_id": approval.user_id.id,
                "approval_decided_by_id": self.env.uid,
                "approval_date": fields.Datetime.now(),
                "approval_note": approval.decision_ids.sorted("id")[-1:].reason,
            }
        )

    def _check_proposed(self, proposed):
        """:raise UserError: there is no such value, or it has been deleted meanwhile"""
        values = list(self._without_texts(proposed).items())
        values += [("template_id", one) for one in (proposed.get(TEXTS) or {}).values()]
        for fname, value in values:
            field = self._fields[fname]
            if field.relational:
                exists = not value or self.env[field.comodel_name].browse(value).exists()
            elif field.type == "boolean":
                exists = True
            else:
                exists = value in field.get_values(self.env)
            if not exists:
                raise UserError(
                    self.env._(
                        "%(field)s: what is proposed does not exist (any more). Propose something "
                        "else; who has to decide refuses the request.",
                        field=field._description_string(self.env),
                    )
                )

    def _refuse_definition(self, approval, reason):
        """What was in force stays; a phase that was never approved does not act."""
        if self.approval_state == "approved":
            return
        phase = self.sudo()  # approvers decide but do not configure
        phase._set_approval(
            approval_state="refused",
            approval_decided_by_id=self.env.uid,
            approval_date=fields.Datetime.now(),
            approval_note=reason,
        )

    def _without_texts(self, proposed):
        """:return: {field of the phase: value} of what is proposed; without what a module added
        that is gone"""
        return {
            fname: value
            for fname, value in proposed.items()
            if fname != TEXTS and fname in self._fields
        }

    # === In words === #

    def _get_definition_rows(self, proposed):
        """:return: list of dicts of what is approved: ``label``, ``current`` and ``proposed``
        (texts) and ``is_changed``

        :param dict proposed: {field: value}
        """
        self.ensure_one()
        new = self.new(self._without_texts(proposed), origin=self)
        return [
            {
                "label": self._fields[fname]._description_string(self.env),
                "current": self._get_text(self, fname),
                "proposed": self._get_text(new, fname),
                "is_changed": fname in proposed,
            }
            for fname in self._get_approved_fields()
        ] + self._get_text_rows(proposed)

    def _get_text(self, record, fname):
        field, value = self._fields[fname], record[fname]
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        return value.exists().display_name or self.env._("None")


def _merge(earlier, proposed):
    """:return: what is proposed in all; texts of several steps are proposed one after the other"""
    merged = earlier | proposed
    if TEXTS in earlier and TEXTS in proposed:
        merged[TEXTS] = earlier[TEXTS] | proposed[TEXTS]
    return merged
