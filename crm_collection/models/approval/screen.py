from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import formatLang

from ...tools.arguments import get_text
from .line import WAITING

MAX_NAMES = 6  # approvers named at a level


class CrmCollectionApproval(models.Model):
    """What an approver sees of a request, wherever he meets it."""

    _inherit = "crm.collection.approval"

    levels_html = fields.Html(
        string="Who Decides", compute="_compute_levels_html", sanitize=False, compute_sudo=False
    )
    changes_html = fields.Html(
        string="What Is Asked", compute="_compute_changes_html", sanitize=False, compute_sudo=False
    )
    texts_html = fields.Html(
        string="Letters", compute="_compute_texts_html", sanitize=False, compute_sudo=False
    )
    stay_ids = fields.Many2many(
        comodel_name="crm.collection.allocation",
        string="Phase History",
        compute="_compute_history",
        help="The phases its items went through.",
    )
    letter_line_ids = fields.Many2many(
        comodel_name="crm.collection.letter.line",
        string="Letters So Far",
        compute="_compute_history",
    )
    days_waiting = fields.Integer(
        aggregator=None,
        compute="_compute_days_waiting",
        help="Days since it was asked, by the calendar of the company: reminders and escalation "
        "count them, too.",
    )
    last_line_id = fields.Integer(
        aggregator=None,
        string="Last Open Item Seen",
        compute="_compute_last_line_id",
        help="Screens say with a decision what they showed: items that joined later were not.",
    )

    # === Compute methods === #

    @api.depends("date_request", "date_end")
    def _compute_days_waiting(self):
        for approval in self:
            approval.days_waiting = approval._get_days_waiting()

    def _get_days_waiting(self):
        self.ensure_one()
        company = self.company_id.sudo() or self.env.company
        now = fields.Datetime.now()
        start, end = (
            company._get_collection_day(moment or now)
            for moment in (self.date_request, self.date_end)
        )
        return (end - start).days

    @api.depends("line_ids.item_id")
    def _compute_history(self):
        for approval in self:
            items = approval.line_ids.item_id
            approval.stay_ids = items.allocation_ids.sorted("id", reverse=True)
            approval.letter_line_ids = items.letter_line_ids.sorted("id", reverse=True)

    @api.depends("state", "level_id", "exposure", "decision_ids")
    @api.depends_context("lang")
    def _compute_levels_html(self):
        for approval in self:
            approval.levels_html = self.env["ir.qweb"]._render(
                "crm_collection.approval_levels", {"rows": approval._get_level_rows()}
            )

    @api.depends("state", "proposed_values")
    @api.depends_context("lang")
    def _compute_changes_html(self):
        for approval in self:
            approval.changes_html = approval.kind == "definition" and self.env["ir.qweb"]._render(
                "crm_collection.approval_changes",
                {
                    "rows": approval._get_change_rows(),
                    "is_change": approval._is_change(),
                    "is_over": approval.state != "pending",
                },
            )

    @api.depends(
        "state", "proposed_values", "phase_id.template_id", "phase_id.step_ids.template_id"
    )
    @api.depends_context("lang", "company")
    def _compute_texts_html(self):
        for approval in self:
            shown = approval.kind == "definition" and approval.state == "pending"
            pages = shown and approval.phase_id._get_text_pages(
                approval.sudo().proposed_values or {}
            )
            approval.texts_html = pages and self.env["ir.qweb"]._render(
                "crm_collection.approval_texts", {"pages": pages}
            )

    @api.depends("line_ids")
    def _compute_last_line_id(self):
        groups = self.env["crm.collection.approval.line"]._read_group(
            [("approval_id", "in", self.ids)], ["approval_id"], ["id:max"]
        )
        last = {approval.id: line_id for approval, line_id in groups}
        for approval in self:
            approval.last_line_id = last.get(approval.id, 0)

    # === Actions === #

    def action_ask_approve(self):
        """Approve at once where nothing is to be said or confirmed, else ask for it: a list does
        not show which items it is about."""
        if len(self) == 1 and not self.reason_required and self._is_shown():
            return self.action_approve()
        return self._open_decide("approved")

    def action_ask_refuse(self):
        """Refusing always asks for a reason: open the dialog."""
        return self._open_decide("refused")

    def _is_shown(self):
        """Whether the screen says up to which item it showed them."""
        return self.kind == "definition" or bool(self.env.context.get("crm_collection_seen"))

    def _open_decide(self, decision):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_approval_decide_action"
        )
        open_items = {
            "approved": self.env._("Approve Requests"),
            "refused": self.env._("Refuse Requests"),
        }
        action["name"] = open_items[decision]
        action["context"] = {
            "default_decision": decision,
            "default_approval_ids": self.ids,
            "crm_collection_seen": self.env.context.get("crm_collection_seen", False),
            "crm_collection_seen_change": self.env.context.get("crm_collection_seen_change", False),
            "dialog_size": "medium",
        }
        return action

    # === What is decided, and by whom === #

    def _get_level_rows(self):
        """:return: list of dicts, one per level that applies: ``name``, ``need`` (how many must
        approve), ``amount_min`` (text), ``decisions``, ``is_now`` and ``names`` of those who may
        decide."""
        self.ensure_one()
        self_sudo = self.sudo()  # users read no approvers
        amount = self._get_level_amount()
        rule, decided = self_sudo.approval_rule_id, self_sudo.decision_ids.sorted("id")
        levels = rule._get_levels(amount) | decided.level_id | self_sudo.level_id
        barred = self_sudo._get_barred() if self.state == "pending" else self_sudo.user_id
        return [
            {
                "name": level.display_name,
                "need": level.approver_count,
                "amount_min": level.amount_min
                and formatLang(self.env, level.amount_min, currency_obj=self.company_currency_id),
                "decisions": decided.filtered(lambda one, level=level: one.level_id == level),
                "is_now": self.state == "pending" and self_sudo.level_id == level,
                "names": self_sudo._get_names_at(level, barred) if self.state == "pending" else "",
            }
            for level in levels.sorted()
        ]

    def _get_names_at(self, level, barred):
        """:return: who may decide at ``level`` as things are, as a text"""
        users = level._get_approvers(self.company_id) - barred
        if not users:
            return self.env._("Nobody at the moment: see the approval rule.")
        names = users[:MAX_NAMES].mapped("name")
        if more := len(users) - len(names):
            names.append(self.env._("and %s more", more))
        return ", ".join(names)

    def _get_change_rows(self):
        """:return: list of dicts ``label``, ``current`` and ``proposed``: of a change what is in
        force and what would be, of a phase that is not approved yet all it is going to be."""
        self.ensure_one()
        rows = self.phase_id._get_definition_rows(self.sudo().proposed_values or {})
        return [row for row in rows if row["is_changed"]] if self._is_change() else rows

    def _is_change(self):
        """Whether something is in force that would be another thing."""
        in_force = self.phase_id.approval_state == "approved"
        return bool(in_force and self.sudo().proposed_values)

    # === For the web client === #

    def _get_facts(self):
        """:return: dict of what the buttons need and what is told beside them, ready to show"""
        self.ensure_one()
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.display_name,
            "phase": self.phase_id.name,
            "customer": self.partner_id.display_name or "",
            "amount": self.kind == "allocation"
            and formatLang(self.env, self.amount_today, currency_obj=self.company_currency_id),
            "item_count": self.item_count,
            "days_oldest": self.days_oldest,
            "seen": self.last_line_id,
            "seen_change": self.last_change_id,
            "user": self.user_id.sudo().name or "",
            "level": self.sudo().level_id.display_name or "",
            "can_decide": self.can_decide,
            "cannot_decide_reason": self.cannot_decide_reason or "",
            "reason_required": self.sudo().reason_required,
        }

    @api.model
    @api.readonly
    def get_facts_of(self, model_name=None, res_id=None):
        """The requests that wait about a record, for the banner on its form.

        :param str model_name: one of those of :meth:`_get_pending_domain`
        :return: list of dicts as of :meth:`_get_facts`
        """
        model_name = get_text(self.env, model_name)
        if model_name not in self.env or type(res_id) is not int:
            return []
        record = self.env[model_name].browse(res_id).exists()
        return [approval._get_facts() for approval in self._get_pending_of(record)]

    @api.model
    def _get_pending_of(self, record):
        """:return: the requests that wait and concern ``record``, those the user may see"""
        domain = Domain("state", "=", "pending") & self._get_pending_domain(record)
        return self.search(domain) if self.has_access("read") else self.browse()

    @api.model
    def _get_pending_domain(self, record):
        if record._name == "res.partner":
            return Domain("partner_id", "in", record.commercial_partner_id.ids)
        if record._name == "crm.collection.phase":
            return Domain("kind", "=", "definition") & Domain("phase_id", "in", record.ids)
        fname = {"crm.collection.item": "item_id", "account.move": "item_id.move_id"}.get(
            record._name
        )
        if not fname:
            return Domain.FALSE
        lines = WAITING & Domain(fname, "in", record.ids)
        return Domain("kind", "=", "allocation") & Domain("line_ids", "any", lines)
