from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.arguments import get_text
from ...tools.context import without_keys
from . import queries
from .change import APPROVAL_RULE
from .digest_letter import AGAIN

MAX_OPEN_ITEMS = 50  # items named in the record of a decision


class CrmCollectionApproval(models.Model):
    """Deciding: what it takes, and what follows. Who may: ``power.py``."""

    _inherit = "crm.collection.approval"

    # === Actions === #

    def action_approve(self, reason=None):
        """Approve these requests, each on its own.

        :param str reason: needed where the approval rule says so
        :raise UserError: when not a single one could be approved; of several the others stand
        :return: a notification that names those that could not
        """
        return self._decide_each("approved", reason)

    def action_refuse(self, reason=None):
        """Refuse these requests, each on its own: see :meth:`action_approve`.

        :param str reason: why, always needed
        """
        return self._decide_each("refused", reason)

    def _decide_each(self, decision, reason):
        reason = get_text(self.env, reason)
        self = without_keys(self)  # noqa: PLW0642
        self.check_access("read")
        if not self:
            raise UserError(self.env._("Choose what you decide about first."))
        if len(self) == 1:
            results = {self: self._decide(decision, reason)}
            self.sudo()._after_decisions(results)
            return self._get_notification(decision, self, {})
        failed, results = {}, {}
        for approval in self:
            try:
                with self.env.cr.savepoint():
                    results[approval] = approval._decide(decision, reason)
            except UserError as error:
                failed[approval] = str(error)
        done = self.filtered(lambda approval: approval in results)
        if not done:
            raise UserError("\n".join(dict.fromkeys(failed.values())))
        done.sudo()._after_decisions(results)  # nobody writes requests by himself
        return self._get_notification(decision, done, failed)

    def _get_notification(self, decision, done, failed):
        """:param dict failed: {request: why it could not be decided}"""
        _ = self.env._
        if len(done) == 1:
            texts = {
                "approved": _("Approved: %s", done.display_name),
                "refused": _("Refused: %s", done.display_name),
            }
        else:
            texts = {
                "approved": _("%s requests approved", len(done)),
                "refused": _("%s requests refused", len(done)),
            }
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if failed else "success",
                "sticky": bool(failed),
                # the web client ends an item with a full stop, after "S.A." too
                "title": texts[decision] if failed else False,
                "message": "\n".join(dict.fromkeys(failed.values())) or texts[decision],
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === Checks === #

    def _check_can_decide(self, decision, reason):
        if problem := self._get_cannot_decide_reason():
            raise UserError(problem) if self.state != "pending" else AccessError(problem)
        if not (reason or "").strip():
            if decision == "refused":
                raise UserError(self.env._("Say why you refuse: it is kept with the decision."))
            if self.sudo().approval_rule_id.reason_required:
                raise UserError(self.env._("Say why you approve: the approval rule asks for it."))

    def _check_seen(self):
        """Items join a request as long as nobody has decided: who decides has seen them.

        :raise UserError: some were added since the user looked, where his screen said when
        """
        said = self.env.context.get("crm_collection_seen")
        seen = said if isinstance(said, int) else 0
        changes = self.env.context.get("crm_collection_seen_change")
        if type(changes) is int and self.last_change_id > changes:
            raise UserError(
                self.env._(
                    "What %s rests on was changed since you opened it: look at it again.",
                    self.display_name,
                )
            )
        if said and max(self._get_waiting_lines().ids, default=0) > seen:
            raise UserError(
                self.env._(
                    "Items were added to %s since you opened it: look at it again.",
                    self.display_name,
                )
            )

    # === Deciding === #

    def _decide(self, decision, reason=None):
        """Record what the current user says, and do what follows.

        :return: (the record of the decision, the items that entered the phase or ``None``)
        :raise AccessError: he may not decide
        :raise UserError: it is decided already, somebody is deciding, or the reason is missing
        """
        self.ensure_one()
        self.env.flush_all()
        self_sudo = self.sudo()  # nobody writes requests by himself: the rights are checked here
        if not self_sudo.try_lock_for_update():
            raise UserError(
                self.env._(
                    "Somebody else, or the job, is at work on %s: try again in a moment.",
                    self.display_name,
                )
            )
        self.invalidate_recordset()
        self._check_can_decide(decision, reason)
        self_sudo._check_seen()
        record = self_sudo._record_decision(decision, reason)
        follow = self_sudo._refuse if decision == "refused" else self_sudo._advance
        return record, follow(record)

    def _record_decision(self, decision, reason):
        power, level = self._get_power(self.env.user), self.level_id
        now = fields.Datetime.now()
        open_items = self._get_waiting_lines().mapped("name")
        return (
            self.env["crm.collection.approval.decision"]
            .sudo()
            .create(
                {
                    "approval_id": self.id,
                    "level_id": level.id,
                    "level_name": level.display_name,
                    **self._get_names(),
                    "user_id": self.env.uid,
                    "principal_id": power["principal"].id,
                    "delegation_id": power["delegation"] and power["delegation"].id,
                    "is_escalated": power["escalated"],
                    "decision": decision,
                    "reason": (reason or "").strip() or False,
                    "date": now,
                    "hours_waited": (now - self.date_request).total_seconds() / 3600,
                    "currency_id": self.company_currency_id.id,
                    "amount": self.amount_today,
                    "exposure": self.exposure,
                    "digests": self._get_digests(),
                    "amount_booked": self.amount,
                    "item_count": len(open_items),
                    "titles": self._name_open_items(open_items),
                }
            )
        )

    def _get_names(self):
        """:return: what it is called at this moment: that stays with the decision"""
        return {
            "subject": self.display_name,
            "phase_name": self.phase_id.name,
            "partner_name": self.partner_id.display_name,
            "approval_rule_name": self.approval_rule_id.name,
            "rule_names": ", ".join(self._get_waiting_lines().rule_id.mapped("name")) or False,
        }

    def _get_digests(self):
        """:return: {template id: digest} of the letters that leave with the approval"""
        phase = self.phase_id
        if self.kind == "definition":
            texts = phase._get_texts(self.proposed_values or {})
            templates = self.env["mail.template"].union(*(text.template for text in texts)).exists()
        else:
            steps = self._get_waiting_lines().step_id
            templates = phase._get_letters(steps.browse())
            for step in steps:
                templates |= phase._get_letters(step)
        return {str(template.id): template._get_collection_digest() for template in templates}

    def _name_open_items(self, open_items):
        names = [name or "" for name in open_items[:MAX_OPEN_ITEMS]]
        if more := len(open_items) - len(names):
            names.append(self.env._("and %s more", more))
        return ", ".join(names)

    def _get_waiting_lines(self):
        return self.line_ids.filtered(lambda line: line.state == "pending")

    def _advance(self, record):
        """One more agrees: the next level's turn, or all have and it is done.

        :return: the items that entered the phase, ``None`` while others have to decide
        """
        level = self.level_id
        agreed = self.decision_ids.filtered(lambda decision: decision.level_id == level)
        if len(agreed) < level.approver_count and not record.is_escalated:
            return None
        levels = self.approval_rule_id._get_levels(self._get_level_amount())
        done = levels.filtered(lambda one: one in self.decision_ids.level_id)
        if following := (levels - done)[:1]:
            self.write({"level_id": following.id})
            return None
        self._approve_changes()
        self.write({"state": "approved", "date_end": record.date})
        if self.kind == "definition":
            self.phase_id._approve_definition(self)
            return self.env["crm.collection.item"]
        return self._enter(record)

    def _approve_changes(self):
        """What it rests on has been approved by others than those who changed it."""
        deciders = (self.decision_ids.user_id | self.decision_ids.principal_id).ids
        changes = self.change_ids.filtered(
            lambda change: change.res_model != APPROVAL_RULE and change.user_id.id not in deciders
        )
        changes._set_approved(changes.ids, self)

    def _enter(self, record):
        """Move the items that may still move; the others are told why not."""
        entered = self.env["crm.collection.item"]
        lines = self._get_waiting_lines()
        if self.origin == AGAIN:
            return self._renew(lines)
        by_item = {line.item_id.id: line for line in lines}
        for (send_letter, pinned), group in lines.grouped(
            lambda line: (line.send_letter, line.pinned)
        ).items():
            late = group.filtered(self._is_late)
            self._end_lines(late, "withdrawn", "moved")
            result = (group - late).item_id._maintain(
                self.phase_id, record.reason or self.reason, send_letter, pinned, "approval", self
            )
            if result["locked"]:
                raise UserError(
                    self.env._("The job is at work on these items: try again in a moment.")
                )
            for item_id, reason in result["refused"].items():
                by_item[item_id].note = reason
            refused = lines.browse(by_item[item_id].id for item_id in result["refused"])
            self._end_lines(refused, "withdrawn", "not_allowed")
            entered |= result["done"]
        self._end_lines(self._get_waiting_lines(), "approved")
        return entered

    def _renew(self, lines):
        """What was asked about once more stays where it is, as it is now."""
        there = lines.filtered(lambda line: line.item_id.phase_id == self.phase_id)
        self._end_lines(lines - there, "withdrawn", "moved")
        self._end_lines(there, "approved")
        items = there.item_id
        self.env.cr.execute(queries.set_waiting(items.ids, False, self.env.uid))
        items.invalidate_recordset(flush=False)
        return items

    def _is_late(self, line):
        """Whether the item has moved on by itself or by hand since the job asked."""
        item, phase = line.item_id, self.phase_id
        further = (item.phase_id.sequence, item.phase_id.id) >= (phase.sequence, phase.id)
        return self.origin == "automatic" and (item.pinned or bool(item.phase_id) and further)

    def _refuse(self, record):
        self.write({"state": "refused", "date_end": record.date})
        if self.kind == "definition":
            self.phase_id._refuse_definition(self, record.reason)
            return None
        lines = self._get_waiting_lines()
        self.env.flush_all()
        self.env.cr.execute(queries.remember_refusal(lines.ids, self.env.uid))
        self._end_lines(lines, "refused")
        self.env["crm.collection.item"].invalidate_model(flush=False)
        return None

    def _end_lines(self, lines, state, reason_out=None):
        if not lines:
            return
        lines.flush_recordset()
        self.env.cr.execute(queries.end_lines(lines.ids, state, reason_out))
        if state == "withdrawn":
            self.env.cr.execute(queries.set_waiting(lines.item_id.ids, False, self.env.uid))
            self.env["crm.collection.item"].invalidate_model(flush=False)
        lines.invalidate_recordset()
