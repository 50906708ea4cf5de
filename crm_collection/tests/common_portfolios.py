"""Portfolios of all kinds, drawn at random: what they are made of, and how they are lived."""

import random
from datetime import datetime, time, timedelta
from pprint import pformat

from freezegun import freeze_time

from odoo.fields import Command

from .common import TODAY
from .common_approval import CrmCollectionApprovalCommon

# What a repeated run may not touch; the log of the jobs counts every execution.
TABLES_OF_OTHERS = ("mail_mail", "mail_message", "mail_activity", "ir_attachment")
LOG_OF_RUNS = "crm_collection_run"
NEVER = 1000
STEP_DAYS = (-7, -3, 0, 1, 3, 5, 8, 12, 15, 20, 30)


def maybe(rnd, chance, value, other=None):
    return value if rnd.random() < chance else other


def draw_settings(number):
    """What the portfolios of one company have in common.

    ``sends_from``: the day on whose evening one of the companies begins to send by itself, and
    ``begins``: which one; ``unapproved``: the phases whose definition waits for an approval,
    ``asked_again``: those that wait for one from the first noon on, when items are in them;
    ``after_letter``: those that items enter only after a letter arrived; ``calendars``: of the
    root and the branch; ``contacts_week``: at most so many contacts of a customer a week;
    ``by_post``: the phases whose letters are printed; ``second_channel``: of both companies;
    ``collected_days``: for how many days root and branch wait for what they collect themselves,
    ``None`` where they do not.
    """
    rnd = random.Random(f"settings {number}")
    unapproved = rnd.sample([0, 1, 2, 3, 5, 6], 3)  # the fourth may be guarded
    days = random.Random(f"calendars {number}")
    channels = random.Random(f"channels {number}")
    return {
        "calendars": [draw_calendar(days), draw_calendar(days)],
        "contacts_week": (2, 0, 1, 0, 3)[number % 5],
        "quiet_days": rnd.choice([0, 0, 2, 5]),
        "guarded": rnd.random() < 0.4,
        "sends_from": (None, 4, None, NEVER)[number % 4],
        "unapproved": unapproved[: rnd.choice([0, 1, 2])],
        "asked_again": unapproved[2 : 2 + rnd.choice([0, 1])],
        "after_letter": [] if number % 3 == 1 else rnd.sample([1, 2, 4, 5], rnd.choice([3, 4])),
        "begins": rnd.choice(["root", "root", "branch"]),
        "by_post": channels.sample([0, 1, 3, 4, 5, 6], 2),
        "second_channel": "post" if number % 2 else False,
        "collected_days": [(3, None), (5, 0), (1, 8)][number % 3],
    }


def draw_calendar(rnd):
    """When letters of a company leave by themselves: on all days but some weekdays (all of them:
    a calendar without hours) and holidays, as numbers of days; ``None`` is always."""
    if rnd.random() < 0.25:
        return None
    return {
        "weekdays": rnd.sample(range(7), rnd.choice([0, 2, 2, 3, 7])),
        "holidays": rnd.sample(range(20), rnd.choice([0, 2, 5])),
    }


def draw_portfolio(seed):
    """A rule and its customers, in words: what they owe, what is held, what they are."""
    rnd = random.Random(f"portfolio {seed}")
    days = sorted(rnd.sample(STEP_DAYS, rnd.randint(1, 5)))
    # one of each phase, in the order of severity; the phase of the last step may be a manual one
    phases = sorted(rnd.sample(range(7), len(days)))
    rule = {
        "escalation": rnd.choice(["days", "days", "step"]),
        "step_min_days": rnd.choice([0, 0, 3]),
        "grace_days": rnd.choice([0, 0, 2]),
        "amount_min": rnd.choice([0, 0, 50]),
        "steps": [
            {
                "days": day,
                "phase": phase,
                "resend_interval": rnd.choice([0, 0, 1, 3, 7]),
                "resend_max": rnd.choice([0, 1, 2]),
                "amount_min": maybe(rnd, 0.15, 120, 0),
            }
            for day, phase in zip(days, phases, strict=True)
        ],
    }
    portfolio = {
        "seed": seed,
        "rule": rule,
        "customers": [_draw_customer(rnd) for _number in range(rnd.randint(1, 2))],
    }
    portfolio = portfolio if rnd.random() > 0.4 else _make_young(rnd, portfolio)
    return _collect_some(seed, _ask_for_calls(seed, portfolio))


def _ask_for_calls(seed, portfolio):
    """The same where some steps ask for a call, instead of a letter or after it."""
    rnd = random.Random(f"calls {seed}")
    for step in portfolio["rule"]["steps"]:
        step.update(
            calls=rnd.random() < 0.5,
            activity_after=rnd.choice(["entry", "letter"]),
            activity_days=rnd.choice([0, 0, 2]),
            without_letter=rnd.random() < 0.15,
            after_promise=rnd.random() < 0.15,
        )
    for customer in portfolio["customers"]:
        customer["calls"] = rnd.choice([0, 0, 1, 2])
        customer["is_placed"] = rnd.random() < 0.6
    return portfolio


def _collect_some(seed, portfolio):
    """The same where the company collects some of what is owed itself."""
    rnd = random.Random(f"collected {seed}")
    for customer in portfolio["customers"]:
        for item in customer["items"]:
            item["is_collected"] = rnd.random() < 0.15
    return portfolio


def _make_young(rnd, portfolio):
    """The same where all is to come: letters that reach nobody, or only the next time, and phases
    one soon after the other, which the job fills."""
    count = rnd.randint(3, 4)
    days = [1, *sorted(rnd.sample(range(2, 12), count - 1))]
    phases = sorted(rnd.sample([0, 1, 4, 5], count))
    steps = [
        {"days": day, "phase": phase, "resend_interval": rnd.choice([1, 1, 3]), "resend_max": 0}
        for day, phase in zip(days, phases, strict=True)
    ]
    portfolio["rule"].update(steps=steps, amount_min=0)
    for customer in portfolio["customers"]:
        customer.update(email=rnd.random() > 0.3, bounces=rnd.random() > 0.3)
        for item in customer["items"]:
            item.update(days=rnd.randint(-3, 4), holds=[], by_hand=None)
    return portfolio


def _draw_customer(rnd):
    return {
        "email": rnd.random() > 0.2,
        "bounces": rnd.random() < 0.4,
        "credit": maybe(rnd, 0.2, rnd.choice([30, 100, 250]), 0),
        "foreign_credit": maybe(rnd, 0.15, rnd.choice([30, 100, 250]), 0),
        "branch_credit": maybe(rnd, 0.1, rnd.choice([30, 100, 250]), 0),
        "holds": [_draw_hold(rnd) for _number in range(maybe(rnd, 0.15, rnd.randint(1, 2), 0))],
        "items": [_draw_item(rnd) for _number in range(rnd.randint(1, 4))],
    }


def _draw_item(rnd):
    return {
        "days": rnd.randint(-12, 25),
        "amount": rnd.choice([20, 60, 100, 200]),
        "is_foreign": rnd.random() < 0.2,
        "of_branch": rnd.random() < 0.25,
        "no_followup": rnd.random() < 0.05,
        "holds": [_draw_hold(rnd) for _number in range(maybe(rnd, 0.3, rnd.randint(1, 2), 0))],
        "by_hand": maybe(
            rnd,
            0.15,
            {"phase": rnd.randrange(7), "letter": rnd.random() < 0.6, "pin": rnd.random() < 0.4},
        ),
    }


def _draw_hold(rnd):
    begins = rnd.randint(-3, 12)
    return {
        "kind": rnd.choice(["block", "dispute", "promise"]),
        "from": begins,
        "until": maybe(rnd, 0.85, max(begins, 0) + rnd.randint(0, 10)),
        "of_entry": rnd.random() < 0.3,
    }


def get_simpler(portfolio):
    """Portfolios with one thing less each, to find the smallest that still fails."""
    customers = portfolio["customers"]
    for index, customer in enumerate(customers):
        rest = customers[:index] + customers[index + 1 :]
        if rest:
            yield {**portfolio, "customers": rest}
        for number in range(len(customer["items"])):
            items = customer["items"][:number] + customer["items"][number + 1 :]
            yield _replace(portfolio, index, {**customer, "items": items})
            item = customer["items"][number]
            if item["holds"] or item["by_hand"]:
                items = list(customer["items"])
                items[number] = {**item, "holds": item["holds"][1:], "by_hand": None}
                yield _replace(portfolio, index, {**customer, "items": items})
            for key in ("is_foreign", "of_branch", "is_collected"):
                if item[key]:
                    items = list(customer["items"])
                    items[number] = {**item, key: False}
                    yield _replace(portfolio, index, {**customer, "items": items})
        for key in ("credit", "foreign_credit", "branch_credit", "bounces", "calls"):
            if customer[key]:
                yield _replace(portfolio, index, {**customer, key: 0})
        if customer["holds"]:
            yield _replace(portfolio, index, {**customer, "holds": customer["holds"][1:]})
    steps = portfolio["rule"]["steps"]
    for number in range(len(steps)):
        if len(steps) > 1:
            less = steps[:number] + steps[number + 1 :]
            yield {**portfolio, "rule": {**portfolio["rule"], "steps": less}}


def _replace(portfolio, index, customer):
    customers = list(portfolio["customers"])
    customers[index] = customer
    return {**portfolio, "customers": customers}


class CrmCollectionPortfoliosCommon(CrmCollectionApprovalCommon):
    """A company and its branch in which portfolios drawn at random live day by day, in a
    savepoint: one creditor, each with its own items and holds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.action_archive()
        cls.branch = (
            cls.env["res.company"].sudo().create({"name": "Branch", "parent_id": cls.company.id})
        )
        cls.creditor = cls.company | cls.branch
        cls.debit = cls.company_data["default_journal_bank"].inbound_payment_method_line_ids[:1]
        cls.creditor.sudo().collection_tz = "UTC"
        cls.creditor.sudo().collection_manager_id = cls.manager
        (cls.env.user | cls.collector | cls.approver | cls.manager).sudo().company_ids |= cls.branch
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.creditor.ids},
        )
        templates = ("friendly", "firm", "final")
        cls.phases = cls.env["crm.collection.phase"].create(
            [
                {
                    "name": f"Phase {number}",
                    "sequence": 300 + number,
                    "allocation_mode": "manual" if number in (3, 6) else "automatic",
                    "template_id": False
                    if number == 2
                    else cls.env.ref(f"crm_collection.mail_template_{templates[number % 3]}").id,
                }
                for number in range(7)
            ]
        )

    def _set_up(self, settings, portfolios):
        """:return: {item's journal item: portfolio}"""
        self.creditor.sudo().write(
            {
                "collection_quiet_days": settings["quiet_days"],
                "collection_contacts_week": settings["contacts_week"],
                "collection_auto_send": settings["sends_from"] is None,
                "collection_second_channel": settings["second_channel"],
            }
        )
        for company, calendar in zip(self.creditor, settings["calendars"], strict=True):
            self._set_calendar(company.sudo(), calendar)
        for company, days in zip(self.creditor, settings["collected_days"], strict=True):
            if days is not None:
                company.sudo().collection_collected_days = days
                company.sudo().collection_collected_method_ids = self.debit
        if settings["guarded"]:
            self._guard(self.phases[4])
        for number in settings["unapproved"]:
            self._guard(self.phases[number], "definition")
        for number in settings["after_letter"]:
            self.phases[number].after_letter = True
        for number in settings["by_post"]:
            self.phases[number].channel = "post"
        owners = {}
        for number, portfolio in enumerate(portfolios):
            rule = self._create_portfolio_rule(portfolio, number)
            for index, customer in enumerate(portfolio["customers"]):
                name = f"Customer{number}x{index}"
                vals = {} if customer["email"] else {"email": False}
                if customer["is_placed"]:
                    vals |= {"street": "Street 1", "city": "Town"}
                partner = self._create_customer(name, collection_rule_id=rule.id, **vals)
                partner.with_company(self.branch).collection_rule_id = rule
                for line in self._create_what_is_owed(customer, partner):
                    owners[line] = portfolio
        self._end_transaction()
        return owners

    def _set_calendar(self, company, drawn):
        company.collection_letters_workday = bool(drawn)
        if not drawn:
            return
        days = [day for day in range(7) if day not in drawn["weekdays"]]
        hours = {"hour_from": 8, "hour_to": 17, "day_period": "morning", "name": "Day"}
        company.resource_calendar_id = (
            self.env["resource.calendar"]
            .sudo()
            .create(
                {
                    "name": company.name,
                    "company_id": company.id,
                    "tz": "UTC",
                    "attendance_ids": [
                        Command.clear(),
                        *(Command.create({**hours, "dayofweek": str(day)}) for day in days),
                    ],
                }
            )
        )
        for number in drawn["holidays"]:
            start = datetime.combine(TODAY + timedelta(days=number), time.min)
            self.env["resource.calendar.leaves"].sudo().create(
                {
                    "calendar_id": company.resource_calendar_id.id,
                    "company_id": company.id,
                    "date_from": start,
                    "date_to": start + timedelta(days=1, seconds=-1),
                }
            )

    def _create_portfolio_rule(self, portfolio, number):
        vals = dict(portfolio["rule"])
        steps = [dict(step, attach_pdf=False) for step in vals.pop("steps")]
        for step in steps:
            step["phase_id"] = self.phases[step.pop("phase")].id
            call = self.env.ref("mail.mail_activity_data_call")
            step["activity_type_id"] = call.id if step.pop("calls") else False
        return self.env["crm.collection.rule"].create(
            {
                "name": f"Rule {number}",
                "sequence": 500 + number,
                "step_ids": [Command.create(step) for step in steps],
                # whose own rule it is not it does not catch
                "partner_domain": "[('ref', '=', 'nobody')]",
                **vals,
            }
        )

    def _create_what_is_owed(self, customer, partner):
        lines = self.env["account.move.line"]
        for item in customer["items"]:
            lines += self._receivables(self._create_owed(item, partner))
            if item["is_collected"]:
                lines[-1].move_id.preferred_payment_method_line_id = self.debit
        for key, company, currency in (
            ("credit", self.company, self.company.currency_id),
            ("foreign_credit", self.company, self.foreign),
            ("branch_credit", self.branch, self.company.currency_id),
        ):
            if customer[key]:
                self._create_credit(
                    *(customer[key], partner, 20),
                    company_id=company.id,
                    currency_id=currency.id,
                )
        for hold in customer["holds"]:
            self._create_hold(hold, "partner_id", partner)
        return lines

    def _create_owed(self, item, partner):
        """:return: an entry, in the branch an invoice"""
        if item["of_branch"]:
            return self._create_in_branch(item, partner)
        vals = {"no_followup": item["no_followup"]}
        if item["is_foreign"]:
            # not the rate of any day
            vals |= {"currency_id": self.foreign.id, "amount_currency": 3 * item["amount"]}
        return self._create_entry(item["days"], item["amount"], partner, **vals)

    def _create_in_branch(self, item, partner):
        currency = self.foreign if item["is_foreign"] else self.company.currency_id
        return self._create_overdue(
            *(item["days"], partner, item["amount"]),
            company_id=self.branch.id,
            currency_id=currency.id,
        )

    def _create_hold(self, hold, fname, record):
        until = hold["until"]
        if until is None and hold["kind"] == "promise":
            until = max(9, hold["from"])  # the day it is promised for
        self.env["crm.collection.hold"].sudo().create(
            {
                fname: record.id,
                "company_id": (record.company_id or self.company).id,
                "kind": hold["kind"],
                "reason": "Because",
                "date_from": TODAY + timedelta(days=hold["from"]),
                "date_until": until is not None and TODAY + timedelta(days=until),
            }
        )

    def _act_by_hand(self, settings, owners):
        """After the first run, people do what they do: holds of items, phase maintenance, another
        definition of a phase. Letters come back."""
        self._bounce(owners)
        self._call(owners)
        for line, portfolio in owners.items():
            item = self.env["crm.collection.item"].search([("line_id", "=", line.id)])
            drawn = self._get_drawn(portfolio, line)
            for hold in drawn["holds"]:
                if hold["of_entry"]:
                    self._create_hold(hold, "move_id", line.move_id)
                elif item:
                    self._create_hold(hold, "item_id", item)
            by_hand = drawn["by_hand"]
            if item and by_hand:
                phase = self.phases[by_hand["phase"]]
                item.with_user(self.collector)._maintain(
                    phase, "By hand", send_letter=by_hand["letter"], pin=by_hand["pin"]
                )
        for number in settings["asked_again"]:
            self._guard(self.phases[number], "definition")
        self._end_transaction()

    def _bounce(self, owners):
        letters = self.env["crm.collection.letter"].search([("state", "=", "sent")])
        bouncing = {
            line.partner_id
            for line, portfolio in owners.items()
            if self._get_customer_of(portfolio, line)["bounces"]
        }
        for letter in letters.filtered(lambda letter: letter.partner_id in bouncing):
            self._come_back(letter)

    def _call(self, owners):
        """Calls of the collector that were logged: they count as contacts of the week."""
        calls = {
            line.partner_id: self._get_customer_of(portfolio, line)["calls"]
            for line, portfolio in owners.items()
        }
        Contact = self.env["crm.collection.contact"].with_user(self.collector)
        for partner, number in calls.items():
            vals = {"partner_id": partner.id, "company_id": self.company.id, "channel": "call"}
            Contact.create([vals] * number)

    def _get_customer_of(self, portfolio, line):
        drawn = [customer for customer in portfolio["customers"] for _item in customer["items"]]
        return drawn[[*self._get_lines_of(portfolio)].index(line)]

    def _get_drawn(self, portfolio, line):
        drawn = [item for customer in portfolio["customers"] for item in customer["items"]]
        return drawn[[*self._get_lines_of(portfolio)].index(line)]

    def _get_lines_of(self, portfolio):
        return [line for line, owner in self.owners.items() if owner is portfolio]

    # === Living === #

    def _live_a_day(self, day, hour=9):
        """Both jobs and the mail queue, once."""
        with freeze_time(f"{day} {hour:02}:00:00"):
            self._run_job("ir_cron_crm_collection_allocate")
            self._run_job("ir_cron_crm_collection_letters")
            self._deliver()

    def _get_checksums(self):
        """:return: {table: every row version}, of all that is ours and of the mails"""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT table_name FROM information_schema.tables
                WHERE table_schema = current_schema AND table_type = 'BASE TABLE'
                  AND table_name LIKE 'crm\\_collection\\_%%' AND table_name != %s""",
            [LOG_OF_RUNS],
        )
        tables = [name for (name,) in self.env.cr.fetchall()] + [*TABLES_OF_OTHERS]
        result = {}
        for table in sorted(tables):
            self.env.cr.execute(
                f"SELECT count(*), md5(string_agg(record::text || record.xmin::text "  # noqa: S608
                f"|| record.ctid::text, '|' ORDER BY record.ctid)) FROM {table} AS record"
            )
            result[table] = self.env.cr.fetchone()
        return result

    def _describe(self, settings, portfolio):
        return pformat({"settings": settings, **portfolio}, sort_dicts=False, width=100)
