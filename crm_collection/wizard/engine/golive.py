from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import split_every

from odoo.addons.base.models.res_partner import _tz_get

from ...tools.arguments import check_one

SLICE = 10000  # items placed at once


class CrmCollectionGolive(models.TransientModel):
    """Going live: where the debt that is already old starts, and whether letters leave.

    For managers, one company at a time. Items somebody has already placed by hand stay where
    they are, and so do those this wizard has placed in the same phase: running it again with
    the same choices does nothing.
    """

    _name = "crm.collection.golive"
    _description = "Collection Go-Live"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        string="Old Is What Was Due before",
        required=True,
        default=lambda self: self.env.company._get_collection_today(),
    )
    mode = fields.Selection(
        selection=[("one", "In one phase"), ("age", "By how old it is")],
        string="Old Debt Starts",
        required=True,
        default="one",
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        string="Starting Phase",
        default=lambda self: self._get_default_steps()[:1].phase_id,
    )
    line_ids = fields.One2many(
        comodel_name="crm.collection.golive.line",
        inverse_name="wizard_id",
        string="Old Debt",
        default=lambda self: self._default_line_ids(),
    )
    reason = fields.Char(required=True, default=lambda self: self.env._("Go-live"))
    send_letter = fields.Boolean(
        string="Letter for Old Debt",
        help="Off: old debt gets no letter for its starting phase, neither now nor later.",
    )
    pinned = fields.Boolean(
        string="Keep It There",
        default=True,
        help="Off: the next run moves on what the days say belongs in a later phase.",
    )
    include_no_followup = fields.Boolean(
        string="Take in What Accounting Leaves Out",
        help="Opening balances and miscellaneous entries are left out of follow-up by default. "
        "Taken in, they are collected like invoices; accounting is not written.",
    )
    auto_send = fields.Boolean(
        string="Turn on Automatic Sending",
        help="Letters then leave with the letters job, from the next run on.",
    )
    is_sending = fields.Boolean(related="company_id.collection_auto_send")
    live_note = fields.Text(string="Another Database", compute="_compute_live_note")
    collection_tz = fields.Selection(
        selection=_tz_get,
        string="Time Zone",
        default=lambda self: self._default_collection_tz(),
        help="By whose clock the company's day begins and the jobs start.",
    )
    collection_hour = fields.Float(
        string="Allocation at", default=lambda self: self.env.company.collection_hour
    )
    collection_letters_hour = fields.Float(
        string="Letters at", default=lambda self: self.env.company.collection_letters_hour
    )
    is_allocated = fields.Boolean(compute="_compute_is_allocated")
    other_warning = fields.Char(compute="_compute_other_warning")
    item_count = fields.Integer(string="Open Items", compute="_compute_preview")
    amount = fields.Monetary(compute="_compute_preview", currency_field="company_currency_id")
    no_followup_count = fields.Integer(compute="_compute_preview")
    no_followup_amount = fields.Monetary(
        compute="_compute_preview", currency_field="company_currency_id"
    )
    refusal_summary = fields.Text(compute="_compute_refusal_summary")

    @api.model
    def _get_default_steps(self):
        """:return: the automatic steps after the due date of the company's default rule"""
        rule = self.env["crm.collection.rule"]._get_default_rule(self.env.company)
        return rule.step_ids.sorted("days").filtered(
            lambda step: (
                step.days > 0
                and step.phase_id.can_act
                and step.phase_id.allocation_mode == "automatic"
            )
        )

    @api.model
    def _default_line_ids(self):
        """One line per step of the default rule, and what is younger than the first of them."""
        steps = self._get_default_steps()
        ages = [(1, steps[:1].phase_id)] + [(step.days, step.phase_id) for step in steps[1:]]
        return [Command.create({"days_min": days, "phase_id": phase.id}) for days, phase in ages]

    @api.model
    def _default_collection_tz(self):
        company = self.env.company
        return company.collection_tz or company._get_usual_collection_tz()

    # === Compute methods === #

    @api.depends("company_id")
    def _compute_live_note(self):
        for wizard in self:
            wizard.live_note = wizard.company_id._explain_collection_copy()

    @api.depends("company_id")
    def _compute_is_allocated(self):
        """Whether the job has been through today: before it, not every item is known."""
        Run = self.env["crm.collection.run"]
        for wizard in self:
            company = wizard.company_id
            wizard.is_allocated = Run._is_allocated(company, company._get_collection_today())

    @api.depends("company_id")
    def _compute_other_warning(self):
        Status = self.env["crm.collection.status"]
        others = Status._get_other_dunning()
        self.other_warning = others and Status._get_other_dunning_warning(others)

    @api.depends("company_id", "date", "include_no_followup")
    def _compute_preview(self):
        for wizard in self:
            domain = wizard._get_old_domain()
            left_out = wizard._get_left_out_domain()
            if not wizard.include_no_followup:
                domain &= ~left_out
            wizard.item_count, wizard.amount = wizard._get_totals(domain)
            wizard.no_followup_count, wizard.no_followup_amount = wizard._get_totals(
                wizard._get_old_domain() & left_out
            )

    @api.depends(
        *("company_id", "date", "mode", "phase_id", "line_ids.days_min", "line_ids.phase_id"),
        "include_no_followup",
    )
    def _compute_refusal_summary(self):
        """Counted, not read: there may be hundreds of thousands."""
        for wizard in self:
            reasons = wizard._count_unserved()
            for domain, phase in wizard._get_targets():
                again = wizard._get_again_domain(phase)
                reasons += wizard._count_refusals(domain & ~again, phase)
                # these have to leave their phase first
                reasons += wizard._count_refusals(domain & again, phase.browse())
            wizard.refusal_summary = "\n".join(
                self.env._("%(count)s left in place: %(reason)s", count=count, reason=reason)
                for reason, count in reasons.most_common()
            )

    def _count_unserved(self):
        """:return: {reason: how many items stay where they are, as no rule has letters for them}"""
        if not self.date:
            return Counter()
        Item, base = self.env["crm.collection.item"], self._get_base_domain()
        return Counter(
            {
                reason: Item.search_count(base & unserved)
                for reason, unserved in self._get_unserved_domains().items()
            }
        )

    def _count_refusals(self, domain, phase):
        """:return: {reason: how many items of ``domain`` cannot enter ``phase`` for it}"""
        Item = self.env["crm.collection.item"]
        reasons = Counter()
        refusals = Item._get_refusal_domains(
            phase, self.company_id, taken_in=self.include_no_followup
        )
        for reason, refused in refusals.items():  # the first that applies counts
            reasons[reason] = Item.search_count(domain & refused)
            domain = domain & ~refused
        return reasons

    # === Actions === #

    def action_allocate(self):
        """Have the job fill the portfolio, so that all the old debt is counted."""
        action = self.env["crm.collection.run"].action_run_now("allocation")
        action["params"].pop("next", None)
        return action

    def action_apply(self):
        """Place the old debt as the dialog says, and have letters sent from now on."""
        check_one(self)
        self.company_id.check_access("read")  # its setting is written as superuser
        if self.mode == "one" and not self.phase_id:
            raise UserError(self.env._("Choose the phase in which old debt starts."))
        if self.include_no_followup:
            left_out = self._get_old_domain() & self._get_left_out_domain()
            self.env["crm.collection.item"].search(left_out).action_take_in()
        done = sum(self._place_all(domain, phase) for domain, phase in self._get_targets())
        # Managers of collections need not be administrators of the company.
        company_sudo = self.company_id.sudo()
        company_sudo.write(self._prepare_clock_vals())
        if self.auto_send:
            company_sudo.collection_auto_send = True
        return self._get_notification(done)

    def action_go_on(self):
        """This is the live database, and no copy of it: letters leave from here."""
        check_one(self)
        self.company_id._go_on_collecting()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Go Live"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    # === Business methods === #

    def _prepare_clock_vals(self):
        """:return: what changes of the company's zone and hours"""
        names = ("collection_tz", "collection_hour", "collection_letters_hour")
        return {name: self[name] for name in names if self[name] != self.company_id[name]}

    def _place_all(self, domain, phase):
        """Put items into their starting phase; :return: how many were placed."""
        Item = self.env["crm.collection.item"]
        done = 0
        for ids in split_every(SLICE, Item.search(domain).ids, list):
            done += len(self._place(Item.browse(ids), phase))
            self.env.invalidate_all()  # keeps memory flat
        return done

    def _place(self, items, phase):
        """Put items into their starting phase; :return: those that were placed.

        The job may have put some there already, with a letter due that must not leave: they
        leave the phase and enter it again, unless they have been written to. Of those that
        cannot, as they are held, the letter is taken back as well: the hold ends some day.
        """
        here = items.filtered_domain(self._get_again_domain(phase))
        here._maintain(phase.browse(), self.reason, origin="opening")
        if phase.is_guarded:
            # the job has asked, with the letter of the phase
            items._withdraw_approval("superseded")
        result = items._maintain(
            phase, self.reason, send_letter=self.send_letter, pin=self.pinned, origin="opening"
        )
        if not self.send_letter:  # neither that of the phase they wait in
            result["waiting"]._silence()
            items.filtered(lambda item: item.phase_id == phase)._silence(resends=True)
        return result["done"] | result["waiting"]

    def _get_old_domain(self):
        """:return: the domain of the open items of the company that were due before the date."""
        return (
            Domain("company_id", "=", self.company_id.id)
            & Domain("state", "=", "open")
            & Domain("date_maturity", "<", self.date)
        )

    def _get_base_domain(self):
        """:return: as :meth:`_get_old_domain`, of what is taken in"""
        domain = self._get_old_domain()
        return domain if self.include_no_followup else domain & ~self._get_left_out_domain()

    def _get_unserved_domains(self):
        """:return: {reason: domain of the items of customers whom no rule leads anywhere}: going
        live writes to nobody whom the rules say never to write to"""
        rules = self.env["crm.collection.engine"]._get_rules(self.company_id)
        empty = rules.filtered(lambda rule: not rule.step_ids)
        domains = {}
        if empty:
            reason = self.env._("The customer's sending rule has no step: he is never written to.")
            domains[reason] = Domain("partner_id.collection_applied_rule_id", "in", empty.ids)
        return domains

    @api.model
    def _get_left_out_domain(self):
        """:return: the domain of what accounting leaves out and nobody has taken in."""
        return Domain("no_followup", "=", True) & Domain("include_no_followup", "=", False)

    @api.model
    def _get_placed_domain(self, phase):
        """:return: the domain of the items to leave: placed by a person, or here already."""
        placed = Domain("origin", "=", "manual") | (
            Domain("origin", "=", "opening") & Domain("phase_id", "=", phase.id)
        )
        return Domain("allocation_ids", "any", Domain("date_out", "=", False) & placed)

    @api.model
    def _get_again_domain(self, phase):
        """:return: the domain of the items in ``phase`` that leave it and enter it again."""
        if phase.is_guarded:
            return Domain.FALSE
        return Domain("phase_id", "=", phase.id) & Domain("letter_count", "=", 0)

    def _get_targets(self):
        """:return: [(domain of items to place, starting phase)]"""
        self.ensure_one()
        if not self.date:
            return []
        base = self._get_base_domain()
        for unserved in self._get_unserved_domains().values():
            base &= ~unserved
        ages = (
            [(Domain.TRUE, self.phase_id)]
            if self.mode == "one"
            else [(line._get_age_domain(), line.phase_id) for line in self.line_ids]
        )
        return [
            (base & age & ~self._get_placed_domain(phase), phase) for age, phase in ages if phase
        ]

    @api.model
    def _get_totals(self, domain):
        """:return: (number, amount owed) of the items of ``domain``."""
        return self.env["crm.collection.item"]._read_group(
            domain, [], ["__count", "amount_residual:sum"]
        )[0]

    def _get_notification(self, done):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("%s is live", self.company_id.name),
                "message": self.env._("One open item of old debt placed.")
                if done == 1
                else self.env._("%s open items of old debt placed.", done),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
