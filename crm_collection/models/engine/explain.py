import json

from odoo import api, fields, models
from odoo.tools.json import json_default

from ..letters import queries
from ..letters.condition_queries import LEAVING_STATES, last_letter
from .future import POSTPONED


class CrmCollectionItem(models.Model):
    """An item explains itself: which rule and why, which step, what comes next, what holds it
    back and until when."""

    _inherit = "crm.collection.item"

    explanation = fields.Html(compute="_compute_explanation", sanitize=False)
    explanation_text = fields.Text(
        string="Explanation as Text",
        compute="_compute_explanation",
        help="What the explanation says, a line each: for other programs, and for exports.",
    )
    foreseen = fields.Json(
        compute="_compute_foreseen",
        help="What the jobs will do about the item, if nothing else happens.",
    )
    next_step_id = fields.Many2one(
        comodel_name="crm.collection.rule.step", compute="_compute_next_step_id"
    )
    next_phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", compute="_compute_next_step_id"
    )
    date_next_step = fields.Date(
        string="Next Phase on", compute="_compute_next_step_id", help="If nothing is paid by then."
    )
    date_expected_letter = fields.Date(
        string="Next Letter on",
        compute="_compute_date_expected_letter",
        help="If nothing is paid by then, and automatic sending is on.",
    )

    @api.depends("rule_id.step_ids.days", "phase_id", "date_maturity", "date_next_letter", "state")
    def _compute_foreseen(self):
        foreseen = self._foresee()
        for item in self:
            item.foreseen = json.loads(
                json.dumps(foreseen.get(item._origin.id, {}), default=json_default)
            )

    @api.depends("foreseen")
    def _compute_next_step_id(self):
        Step = self.env["crm.collection.rule.step"]
        for item in self:
            day, step_id = (item.foreseen or {}).get("step", (False, False))
            item.next_step_id = Step.browse(step_id)
            item.next_phase_id = item.next_step_id.phase_id
            item.date_next_step = day

    @api.depends("foreseen")
    def _compute_date_expected_letter(self):
        for item in self:
            item.date_expected_letter = (item.foreseen or {}).get("letter", [False])[0]

    def _foresee(self):
        """:return: {item id: what happens to it next} of the open items, as the engine foresees it;
        the day of a step is ``False`` where a hold without end is to be lifted before"""
        Engine = self.env["crm.collection.engine"].sudo()  # what is planned is no secret of rules
        result = {}
        for company, items in self._origin.grouped("company_id").items():
            items_sudo = items.sudo().filtered(lambda item: item.state == "open")
            if not items_sudo:
                continue
            result |= Engine.with_company(company)._foresee(company, items_sudo)
            endless_sudo = items_sudo.filtered(
                lambda item, told=result: told[item.id].get("held", (0, True))[1] is False
            )
            if endless_sudo:
                freed = Engine._foresee_freed(company, endless_sudo)
                for item_id, told in freed.items():
                    result[item_id].pop("step", None)
                    if "step" in told:
                        result[item_id]["step"] = (False, told["step"][1])
        return result

    def _compute_explanation(self):
        for item in self:
            facts = item._get_facts()
            item.explanation = self.env["ir.qweb"]._render(
                "crm_collection.item_explanation", {"facts": facts}
            )
            item.explanation_text = "\n".join(f"{fact['label']}: {fact['text']}" for fact in facts)

    def _get_facts(self):
        """:return: list of dicts ``level`` (info, warning, danger), ``label`` and ``text``."""
        self.ensure_one()
        facts = [
            self._fact(self.env._("Rule"), self._explain_rule()),
            self._fact(self.env._("Phase"), self._explain_phase()),
            self._fact(self.env._("Next phase"), self._explain_next()),
            self._fact(self.env._("Next letter"), self._explain_letter()),
            self._fact(self.env._("Held back"), self._explain_blocker(), "warning"),
            self._fact(self.env._("Approval"), self._explain_approval(), "warning"),
            self._fact(self.env._("Proposed"), self._explain_proposal(), "warning"),
            self._fact(self.env._("Last error"), self.exception, "danger"),
        ]
        return [fact for fact in facts if fact["text"]]

    def _fact(self, label, text, level="info"):
        return {"label": label, "text": text, "level": level}

    def _explain_rule(self):
        if not self.rule_id:
            return ""
        return self.rule_id._get_why(self.partner_id.with_company(self.company_id))

    def _explain_phase(self):
        _, allocation = self.env._, self.allocation_id
        if not self.phase_id or not allocation:
            return ""
        origins = dict(allocation._fields["origin"]._description_selection(self.env))
        text = _(
            "%(phase)s since %(date)s (%(origin)s), %(moment)s.",
            phase=self.phase_id.name,
            date=self._format_date(allocation.day_in),
            origin=origins[allocation.origin].lower(),
            moment=self._explain_moment(allocation.days_in),
        )
        if allocation.origin == "automatic" and allocation.step_id.sudo().after_promise:
            text += " " + _("A promise was broken.")
        if allocation.reason:
            text += " " + _(
                "%(user)s: %(reason)s.", user=allocation.user_id.name, reason=allocation.reason
            )
        if self.pinned:
            text += " " + _("Pinned: the job leaves it here.")
        return text

    def _explain_moment(self, days):
        """:return: a moment by its days after the due date, negative before it."""
        near = {
            -1: self.env._("the day before the due date"),
            0: self.env._("on the due date"),
            1: self.env._("the day after the due date"),
        }
        if days in near:
            return near[days]
        if days < 0:
            return self.env._("%s days before the due date", -days)
        return self.env._("%s days after the due date", days)

    def _explain_next(self):
        if not self.next_step_id:
            return ""
        phase, date = self.next_phase_id.name, self._format_date(self.date_next_step)
        if not self.date_next_step:
            return self.env._("%(phase)s, once the hold is lifted.", phase=phase)
        if self.next_phase_id.allocation_mode == "manual":
            return self.env._("%(phase)s from %(date)s, by hand only.", phase=phase, date=date)
        if self.next_phase_id.is_guarded:
            return self.env._("%(phase)s from %(date)s, if it is approved.", phase=phase, date=date)
        return self.env._("%(phase)s on %(date)s, unless it is paid.", phase=phase, date=date)

    def _explain_letter(self):
        """The next letter that leaves, before it what becomes of the one of this phase."""
        foreseen = self.foreseen or {}
        if self.state != "open" or not (self.phase_id or "letter" in foreseen):
            return ""
        letter, obstacle = foreseen.get("letter"), foreseen.get("obstacle")
        parts = []
        if not letter or letter[1] != self.phase_id.id:
            if obstacle and not (letter and obstacle in POSTPONED):
                parts.append(self._explain_obstacle(obstacle))
            elif self.phase_id and not (letter and self.date_next_letter):
                parts.append(self._explain_silence())
        if letter:
            parts += [self._explain_next_letter(*letter), *self._explain_other_credits()]
        if letter or obstacle:
            parts.append(self._explain_stop())
        return " ".join(filter(None, parts))

    def _explain_stop(self):
        """:return: why no letter leaves by itself, in words"""
        company = self.company_id
        if not company.collection_auto_send:
            return self.env._("Automatic sending is off: it waits until a person sends it.")
        return company._explain_collection_copy() or company._explain_collection_bank()

    def _explain_silence(self):
        """:return: that no letter of the phase leaves, in words"""
        if self.letter_count:
            return self.env._("None any more; sent in this phase: %s.", self.letter_count)
        return self.env._("None in this phase.")

    def _explain_compared(self, phase, day):
        """:return: which of two texts the customer gets, where they are compared, in words"""
        own = phase == self.phase_id and phase._get_side(self.step_id, self.partner_id, day)
        if not own:
            return ""
        text = phase._get_letter(self.step_id, self.partner_id, day).sudo().name
        return " " + self.env._("Two texts are compared: this customer gets “%s”.", text)

    def _explain_next_letter(self, day, phase_id, problem):
        """:return: when a letter leaves, of which phase, and whether it reaches the customer"""
        _, day = self.env._, fields.Date.to_date(day)
        date = self._format_date(day)
        phase = self.env["crm.collection.phase"].browse(phase_id)
        if phase == self.phase_id and day <= self.company_id._get_collection_today():
            text = _("With the next run of the letters job.")
        elif phase != self.phase_id:
            text = _("On %(date)s, of %(phase)s.", date=date, phase=phase.name)
        else:
            text = _("On %s.", date)
        text += self._explain_postponement(self.foreseen.get("obstacle"))
        text += self._explain_compared(phase, day)
        return " ".join(filter(None, [text, self._explain_route(problem)]))

    def _explain_route(self, problem):
        """:return: how the next letter goes where it is not by e-mail, or why it cannot"""
        channel = self.foreseen.get("channel")
        if problem == "to_print":
            return self.env._("By post: it leaves when somebody has printed and posted it.")
        if problem == "no_address" and channel == "email":
            return self.env._("It cannot leave: the customer has no e-mail address.")
        if problem == "no_address":
            return self.env._("It cannot leave: the customer has no address for it.")
        if problem:
            return self.env._("It cannot leave: the customer's address is on the blacklist.")
        names = self.env["crm.collection.letter"]._get_channels()
        return "" if channel == "email" else self.env._("By %s.", names[channel])

    def _explain_postponement(self, obstacle):
        """:return: why a letter leaves later than on the day it was due on, in words"""
        reasons = {
            "quiet": self.env._("Not before: the customer's quiet days."),
            "contacts": self.env._("Not before: the customer's contacts of the last seven days."),
            "workday": self.env._("Not before: letters leave on working days only."),
            "hours": self.env._("Not before: the sending hours where the customer is."),
        }
        return f" {reasons[obstacle]}" if obstacle in reasons else ""

    def _explain_other_credits(self):
        """:return: what is said of open credits that pay nothing of the item, or nothing"""
        query = queries.open_credits(self.company_id, self.partner_id.ids)
        ids = [row["currency_id"] for row in self.env.execute_query_dict(query)]
        currencies = self.env["res.currency"].browse(ids) - self.currency_id
        if currencies:
            yield self.env._(
                "Open credits in %s are shown in it and pay nothing of what is owed in another"
                " currency.",
                ", ".join(currencies.sorted("name").mapped("name")),
            )

    def _explain_obstacle(self, obstacle):
        """:return: why a letter whose day has come leaves no day, in words"""
        _ = self.env._
        return {
            "hold": _("Due, once nothing holds it back."),
            "processing": _("Due, unless the payment on its way arrives."),
            "approval": _("Due, once the phase is approved."),
            "credit": _("Due, but open credits of the customer cover what is owed."),
            "waiting": _("Due, after the customer's letter that has not left yet."),
            "quiet": _("Due, after the customer's quiet days."),
            "contacts": _("Due, when the customer has had fewer contacts within seven days."),
            "workday": _("Due, on the next working day."),
            "hours": _("Due, within the sending hours where the customer is."),
        }[obstacle]

    def _explain_blocker(self):
        _ = self.env._
        if self.state != "open":
            return ""
        if held := (self.foreseen or {}).get("held"):
            hold, until = self.env["crm.collection.hold"].browse(held[0]), held[1]
            until = until and fields.Date.to_date(until)
            return _(
                "%(hold)s (%(reason)s), %(until)s.",
                hold=hold.display_name,
                reason=hold.reason,
                until=_("until %s", self._format_date(until)) if until else _("until it is lifted"),
            )
        if waited := self._get_waited_for().get(self.line_id.id):
            return self._explain_money_on_its_way(*waited)
        if self.blocker == "after_letter" or "waits" in (self.foreseen or {}):
            return self._explain_waiting()
        # a payment was on its way when the job looked
        is_over = self.blocker == "collected" or (
            self.blocker == "processing" and self.move_id.payment_state != "in_payment"
        )
        if not self.blocker or is_over or self.blocker in ("hold", "approval", "refused"):
            return ""
        return dict(self._fields["blocker"]._description_selection(self.env))[self.blocker] + "."

    def _explain_money_on_its_way(self, until, method_id):
        """:return: until when the money of the item is waited for, in words"""
        date = self._format_date(until)
        if not method_id:
            return self.env._("A payment is on its way: waited for until %s.", date)
        method = self.env["account.payment.method.line"].sudo().browse(method_id)
        return self.env._(
            "Collected by the company (%(method)s): waited for until %(date)s.",
            method=method.name,
            date=date,
        )

    def _explain_waiting(self):
        """:return: which letter keeps the item where it is, or from when on it will, in words;
        nothing where it does not any more, and the job has not looked since"""
        if self.blocker != "after_letter":
            day = self._format_date(fields.Date.to_date(self.foreseen["waits"]))
            return self.env._("From %s on it waits for a letter that arrives.", day)
        self.env.flush_all()
        query = last_letter(self.id, self.partner_id.id, self.company_id)
        letter_id, is_waiting = self.env.execute_query(query)[0]
        if not is_waiting:
            return ""
        letter = self.env["crm.collection.letter"].sudo().browse(letter_id)
        date = self._format_date(letter.date)
        if letter.state in (*LEAVING_STATES, "sent"):
            return self.env._("Goes on the day after the letter of %s is known to have left.", date)
        states = dict(letter._fields["state"]._description_selection(self.env))
        return self.env._(
            "Waits for a letter that arrives. The last one, of %(date)s: %(state)s.",
            date=date,
            state=states[letter.state],
        )

    def _explain_proposal(self):
        if not self.proposed_phase_id:
            return ""
        return self.env._(
            "%s is reached and filled by hand only: decide in phase maintenance.",
            self.proposed_phase_id.name,
        )

    def _format_date(self, date):
        return self.env["ir.qweb.field.date"].value_to_html(date, {}) if date else ""
