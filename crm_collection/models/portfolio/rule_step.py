from odoo import api, fields, models


class CrmCollectionRuleStep(models.Model):
    """One step of a sending rule: so many days after the due date, this phase, this letter."""

    _name = "crm.collection.rule.step"
    _inherit = ["crm.collection.guarded"]
    _description = "Collection Rule Step"
    _order = "days, id"
    _check_company_auto = True

    rule_id = fields.Many2one(
        comodel_name="crm.collection.rule", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="rule_id.company_id", store=True, index=True)
    days = fields.Integer(
        aggregator=None,
        required=True,
        help="Days after the due date; negative for a reminder before it.",
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        required=True,
        ondelete="restrict",
        check_company=True,
        index=True,
    )
    after_promise = fields.Boolean(
        string="Only after a Broken Promise",
        help="Items enter the step when a promise about them was broken: at once, whatever its "
        "day, unless they are in a phase after it. Other items pass it over.",
    )
    template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Letter",
        domain="[('model', '=', 'crm.collection.letter')]",
        help="Empty: the letter of the phase. In a phase whose definition is approved another "
        "letter waits for its approval.",
    )
    without_letter = fields.Boolean(
        help="The step sends neither a letter of its own nor that of the phase: the customer is "
        "called, say.",
    )
    attach_pdf = fields.Boolean(string="Attach PDF", default=True)
    attach_invoices = fields.Boolean()
    resend_interval = fields.Integer(
        aggregator=None,
        string="Send Again Every",
        help="0: the letter goes once per allocation in the phase.",
    )
    resend_unit = fields.Selection(
        selection=[("day", "Days"), ("week", "Weeks"), ("month", "Months")],
        default="day",
        required=True,
    )
    resend_max = fields.Integer(
        aggregator=None,
        string="At Most",
        help="How many times the letter is sent again. 0: until it is paid.",
    )
    amount_min = fields.Float(
        aggregator=None,
        string="Minimum Amount",
        digits="Account",
        help="An item that owes less, in the company's currency, stays in the step below.",
    )
    percent_min = fields.Float(
        aggregator=None,
        string="Minimum %",
        digits=(5, 2),
        help="An item of which a smaller share is still owed stays in the step below.",
    )
    activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="Activity",
        domain="[('res_model', 'in', (False, 'crm.collection.task'))]",
        help="What somebody is to do about the items that enter the step: one task for each "
        "customer.",
    )
    activity_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Activity for",
        domain="[('share', '=', False)]",
        help="Empty, or not at work in the company: the item's collector, else the customer's, "
        "else the company's collection manager.",
    )
    activity_after = fields.Selection(
        selection=[("entry", "The item enters the step"), ("letter", "Its letter has left")],
        string="Planned after",
        default="entry",
        required=True,
        help="A step that sends no letter plans its task when an item enters it.",
    )
    activity_days = fields.Integer(
        aggregator=None,
        string="Due After (Days)",
        help="How many days after that it is to be done. Where the phases go by working days it "
        "is a working day.",
    )
    escalation_days = fields.Integer(
        aggregator=None,
        string="Escalates After (Days)",
        help="A task that is still open so many days after its day is somebody else's, too. 0: "
        "never.",
    )
    escalation_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Escalates to",
        domain="[('share', '=', False)]",
        help="Empty, or not at work in the company: the head of the collector's team, else the "
        "company's collection manager.",
    )

    _rule_days_uniq = models.UniqueIndex(
        "(rule_id, days)", "A rule cannot have two steps on the same day."
    )
    _days_in_calendar = models.Constraint(
        "CHECK(days BETWEEN -36500 AND 36500 AND resend_interval <= 36500)",
        "Days are at most 36500: a hundred years.",
    )
    _resend_positive = models.Constraint(
        "CHECK(resend_interval >= 0 AND resend_max >= 0)",
        "The interval and the number of times cannot be negative.",
    )
    _activity_days_range = models.Constraint(
        "CHECK(activity_days BETWEEN 0 AND 36500 AND escalation_days BETWEEN 0 AND 36500)",
        "The days until a task is due, and until it escalates, are from 0 to 36500.",
    )
    _minimum_range = models.Constraint(
        "CHECK(amount_min >= 0 AND percent_min >= 0 AND percent_min <= 100)",
        "The minimum amount cannot be negative, the minimum share is between 0 and 100.",
    )

    @api.depends("days", "phase_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for step in self:
            step.display_name = self.env._(
                "day %(days)s: %(phase)s", days=step.days, phase=step.phase_id.name
            )

    @api.constrains("days", "phase_id")
    def _check_order(self):
        # Written from the step alone, the rule's own constraint is not triggered.
        self.rule_id._check_step_order()

    @api.constrains("template_id")
    def _check_template_id(self):
        self.template_id._check_is_letter()

    def _get_threshold(self):
        """:return: how many days after its due date an item has reached the step, as the jobs
        reckon (``rule_queries.threshold``)"""
        self.ensure_one()
        return self.days + (self.rule_id.grace_days if self.days > 0 else 0)

    def _explain_resend(self):
        """:return: when the letter goes again, in words"""
        _, unit, number = self.env._, self.resend_unit, self.resend_interval
        text = {
            "day": _("every day") if number == 1 else _("every %s days", number),
            "week": _("every week") if number == 1 else _("every %s weeks", number),
            "month": _("every month") if number == 1 else _("every %s months", number),
        }[unit]
        if not self.resend_max:
            return text
        if self.resend_max == 1:
            return _("%s, once", text)
        return _("%(every)s, %(number)s times", every=text, number=self.resend_max)

    def _explain_activity(self):
        """:return: what somebody is to do, and when, in words"""
        _, kind, days = self.env._, self.activity_type_id.name or "", self.activity_days
        text = kind
        if self.activity_after == "letter" and self._get_template():
            if days == 1:
                text = _("%s, the day after the letter", kind)
            elif days:
                text = _("%(kind)s, %(days)s days after the letter", kind=kind, days=days)
            else:
                text = _("%s, after the letter", kind)
        elif days == 1:
            text = _("%s, the day after", kind)
        elif days:
            text = _("%(kind)s, %(days)s days later", kind=kind, days=days)
        if self.escalation_days:
            text += " · " + _("escalates after %s days", self.escalation_days)
        return text

    def _get_template(self):
        """:return: the letter of the step, else that of its phase (may be empty)."""
        self.ensure_one()
        return self.phase_id._get_letter(self)
