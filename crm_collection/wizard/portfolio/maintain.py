from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...tools.arguments import check_one

MAX_LINES = 200


class CrmCollectionItemMaintain(models.TransientModel):
    """Phase maintenance: a person moves items to a phase, and says why.

    Shows first what will be moved and what will be refused; users of collections only, and
    only items of the companies they work in.
    """

    _name = "crm.collection.item.maintain"
    _inherit = "crm.collection.item.selection"
    _description = "Phase Maintenance"

    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        string="New Phase",
        required=True,
        default=lambda self: self._default_phase_id(),
    )
    reason = fields.Char(required=True, help="Kept in the history of each item with your name.")
    send_letter = fields.Boolean(
        default=True, help="Off: no letter for entering the phase; it is never sent later either."
    )
    pinned = fields.Boolean(
        string="Keep There", help="The job leaves the items in this phase until you release them."
    )
    allowed_count = fields.Integer(compute="_compute_preview", store=True, compute_sudo=False)
    refused_count = fields.Integer(compute="_compute_preview", store=True, compute_sudo=False)
    amount = fields.Monetary(
        compute="_compute_preview",
        store=True,
        compute_sudo=False,
        currency_field="company_currency_id",
    )
    company_currency_id = fields.Many2one(
        comodel_name="res.currency", compute="_compute_preview", store=True, compute_sudo=False
    )
    refusal_summary = fields.Text(compute="_compute_preview", store=True, compute_sudo=False)
    letter_note = fields.Char(compute="_compute_letter_note")
    is_guarded = fields.Boolean(related="phase_id.is_guarded")
    line_ids = fields.One2many(
        comodel_name="crm.collection.item.maintain.line",
        inverse_name="wizard_id",
        string="Items Concerned",
        compute="_compute_preview",
        store=True,
        compute_sudo=False,
    )

    @api.model
    def _default_phase_id(self):
        """The phase the job proposes, where it proposes one phase for all the items."""
        phase = self._default_item_ids().proposed_phase_id
        return phase if len(phase) == 1 else False

    # === Compute methods === #

    @api.depends("phase_id", "item_ids")
    def _compute_preview(self):
        for wizard in self:
            items = wizard._get_items()
            refusals = wizard._get_refusals(items)
            allowed = items.filtered(lambda item, refusals=refusals: item.id not in refusals)
            jumps = wizard._get_jumps(allowed)
            currency = items.company_id.currency_id
            one_currency = len(currency) == 1
            wizard.update(
                {
                    "allowed_count": len(allowed),
                    "refused_count": len(items) - len(allowed),
                    # Amounts of several companies' currencies are not added.
                    "amount": sum(allowed.mapped("amount_residual")) if one_currency else 0.0,
                    "company_currency_id": currency.id if one_currency else False,
                    "refusal_summary": wizard._get_refusal_summary(refusals),
                    "jump_count": len(jumps),
                    "jump_summary": wizard._get_jump_summary(jumps),
                    "unheard_count": len(wizard._get_unheard(allowed)),
                    "line_ids": wizard._get_line_commands(items, refusals, jumps),
                }
            )

    @api.depends("phase_id", "send_letter")
    def _compute_letter_note(self):
        for wizard in self:
            companies = wizard._get_items().company_id
            silent = companies.filtered(lambda company: not company.collection_auto_send)
            if not wizard.phase_id or not wizard.send_letter:
                wizard.letter_note = False
            elif not wizard._has_letter():
                wizard.letter_note = self.env._("The phase has no letter: none is sent.")
            elif copies := [text for one in companies if (text := one._explain_collection_copy())]:
                wizard.letter_note = "\n".join(copies)
            elif silent:
                wizard.letter_note = self.env._(
                    "Automatic sending is off for %s: the letters wait until it is turned on.",
                    ", ".join(silent.mapped("name")),
                )
            else:
                wizard.letter_note = self.env._(
                    "The letters of the phase leave with the next run of the letters job, one per "
                    "customer."
                )

    # === Actions === #

    def action_apply(self):
        """Move what may be moved, and say what was not."""
        check_one(self)
        result = self._get_items()._maintain(
            self.phase_id, self.reason, send_letter=self.send_letter, pin=self.pinned
        )
        summary = self._get_refusal_summary(result["refused"])
        moved = result["done"] or result["waiting"]
        if not moved:
            raise UserError(summary or self.env._("There is no open item to move."))
        return {
            "type": "ir.actions.client",
            "tag": "crm_collection_moved",
            "params": {
                "type": "warning" if summary else "success",
                "sticky": bool(summary),
                "title": self._get_result(len(moved), bool(result["waiting"])),
                "message": summary,
                # what has moved, and not what waits, can be taken back
                "item_ids": result["done"].ids,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _get_result(self, count, waits):
        _, phase = self.env._, self.phase_id.name
        if waits and count == 1:
            return _("One open item awaits approval to enter %s", phase)
        if waits:
            return _(
                "%(count)s open items await approval to enter %(phase)s", count=count, phase=phase
            )
        if count == 1:
            return _("One open item moved to %s", phase)
        return _("%(count)s open items moved to %(phase)s", count=count, phase=phase)

    # === Business methods === #

    def _has_letter(self):
        """:return: whether the phase has a letter for any of the items"""
        phase = self.phase_id
        steps = self._get_items().rule_id.step_ids.filtered(lambda step: step.phase_id == phase)
        return any(phase._get_letter(step) for step in (steps.browse(), *steps))

    def _get_refusals(self, items):
        """:return: ``{item id: why it is refused}`` for the phase chosen so far."""
        if not self.phase_id:
            return {}
        return items._get_waiting_refusals(self.phase_id) | items._get_maintain_refusals(
            self.phase_id
        )

    def _get_refusal_summary(self, refusals):
        """:return: one sentence per reason with the number of items it holds for."""
        return "\n".join(
            self.env._("%(count)s refused: %(reason)s", count=count, reason=reason)
            for reason, count in Counter(refusals.values()).most_common()
        )

    def _get_line_commands(self, items, refusals, jumps):
        """The refused items come first, and then those that jump ahead: they are what there is to
        decide on."""
        refused = items.filtered(lambda item: item.id in refusals)
        ahead = items.filtered(lambda item: item.id in jumps)
        shown = (refused + ahead + (items - refused - ahead))[:MAX_LINES]
        return [
            Command.clear(),
            *(
                Command.create(
                    {
                        "item_id": item.id,
                        "phase_from_id": item.phase_id.id,
                        "phase_id": self.phase_id.id if item.id not in refusals else False,
                        "refusal": refusals.get(item.id),
                        "jump": jumps.get(item.id, ("", False))[1],
                    }
                )
                for item in shown
            ),
        ]
