from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import format_date

from ...tools.arguments import check_one

MAX_LINES = 1000
LISTS = ("moves", "proposed", "held", "letters", "tasks")


class CrmCollectionSimulate(models.TransientModel):
    """What the jobs would do on a day of your choice: same rules, same SQL, nothing written.

    Any user of collections may ask, for the companies he works in.
    """

    _name = "crm.collection.simulate"
    _description = "Collection Simulation"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        domain="[('id', 'in', allowed_company_ids)]",
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        required=True,
        string="On",
        default=lambda self: self.env.company._get_collection_today(),
    )
    state = fields.Selection(
        selection=[("draft", "To do"), ("done", "Done")], default="draft", readonly=True
    )
    move_count = fields.Integer(string="Items That Move", readonly=True)
    move_amount = fields.Monetary(
        string="Amount That Moves", currency_field="company_currency_id", readonly=True
    )
    proposed_count = fields.Integer(string="New Proposals", readonly=True)
    letter_count = fields.Integer(string="Letters", readonly=True)
    later_count = fields.Integer(string="Letters That Leave Later", readonly=True)
    task_count = fields.Integer(string="Tasks", readonly=True)
    held_count = fields.Integer(string="Items Held Back", readonly=True)
    line_ids = fields.One2many(
        comodel_name="crm.collection.simulate.line", inverse_name="wizard_id", readonly=True
    )
    move_line_ids = fields.One2many(
        comodel_name="crm.collection.simulate.line",
        inverse_name="wizard_id",
        string="What Moves",
        domain=[("kind", "=", "move")],
        readonly=True,
    )
    proposed_line_ids = fields.One2many(
        comodel_name="crm.collection.simulate.line",
        inverse_name="wizard_id",
        string="What Is Proposed",
        domain=[("kind", "=", "proposed")],
        readonly=True,
    )
    letter_line_ids = fields.One2many(
        comodel_name="crm.collection.simulate.line",
        inverse_name="wizard_id",
        string="Who Gets a Letter",
        domain=[("kind", "=", "letter")],
        readonly=True,
    )
    task_line_ids = fields.One2many(
        comodel_name="crm.collection.simulate.line",
        inverse_name="wizard_id",
        string="What Is to Be Done",
        domain=[("kind", "=", "task")],
        readonly=True,
    )
    held_line_ids = fields.One2many(
        comodel_name="crm.collection.simulate.line",
        inverse_name="wizard_id",
        string="What Is Held Back",
        domain=[("kind", "=", "held")],
        readonly=True,
    )
    is_cut = fields.Boolean(readonly=True)
    is_sending = fields.Boolean(readonly=True)
    bank_note = fields.Char(string="What Letters Wait for", readonly=True)

    @api.depends("company_id", "date")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = self.env._("Simulation of %s", format_date(self.env, wizard.date))

    # === Actions === #

    def action_simulate(self):
        """Ask the engine what it would do, and show it."""
        check_one(self)
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("You do not work in %s.", self.company_id.display_name))
        result = self.env["crm.collection.engine"]._simulate(
            self.company_id, self.date, limit=MAX_LINES
        )
        open_items = [self._prepare_open_item_vals(row) for row in result["open_items"]]
        letters, totals = result["letters"], result["totals"]
        self.write(
            {
                "state": "done",
                "move_count": totals["moves"],
                "move_amount": totals["amount"],
                "proposed_count": totals["proposed"],
                "held_count": totals["held"],
                "letter_count": totals["letters"],
                "later_count": sum(bool(row["date_leave"]) for row in letters),
                "task_count": totals["tasks"],
                "is_sending": self.company_id._is_collection_sending(),
                "bank_note": self._explain_waiting(),
                "is_cut": max(totals[key] for key in LISTS) > MAX_LINES,
                "line_ids": [
                    Command.clear(),
                    *map(Command.create, open_items),
                    *(Command.create(self._prepare_letter_vals(row)) for row in letters),
                    *(Command.create(self._prepare_task_vals(row)) for row in result["tasks"]),
                ],
            }
        )
        return self._get_open_action()

    # === Business methods === #

    def _explain_waiting(self):
        """:return: what letters wait for on the day, in words"""
        company = self.company_id
        notes = (company._explain_collection_workday(self.date), company._explain_collection_bank())
        return " ".join(filter(None, notes))

    def _prepare_open_item_vals(self, row):
        """An item moves, is held back, or waits for a person to decide on a manual phase."""
        copied = ("kind", "item_id", "name", "partner_id", "phase_from_id", "phase_id", "rule_id")
        return {"count": 1} | {key: row[key] for key in (*copied, "blocker", "days", "amount")}

    def _prepare_letter_vals(self, row):
        return {
            "kind": "letter",
            "partner_id": row["partner_id"],
            "phase_id": row["phase_id"],
            "channel": row["channel"],
            "date_leave": row["date_leave"],
            "name": ", ".join(row["names"]),
            "count": len(row["names"]),
            "amount": row["amount"],
            "credit": row["credit"],
            "charges": row["charges"],
            "asked": row["asked"],
        }

    def _prepare_task_vals(self, row):
        """One task for each customer, step and responsible person."""
        copied = ("partner_id", "phase_id", "activity_type_id", "user_id", "date", "amount")
        return {key: row[key] for key in copied} | {
            "kind": "task",
            "name": ", ".join(row["names"]),
            "count": len(row["names"]),
        }

    def _get_open_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Simulation"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {**self.env.context, "dialog_size": "extra-large"},
        }
