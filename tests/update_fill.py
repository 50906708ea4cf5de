"""Three weeks of a company that collects with the first version, lived by that version's code.

Runs in a process of its own, in a database in which only the first version is installed: it may
call what that version offers, and today's version need not offer it any more.
"""

from datetime import timedelta

from update_company import FIRST, SECOND, TODAY, People
from update_names import OF_GONE_MODEL, OF_GONE_PAGE

from odoo.fields import Command

JOBS = {
    "allocate": "crm_collection.ir_cron_crm_collection_allocate",
    "letters": "crm_collection.ir_cron_crm_collection_letters",
    "queue": "mail.ir_cron_mail_scheduler_action",
}
# customers and what they owe to the main company: pairs of days overdue today and amount
CUSTOMERS = {
    "Adler": [(45, 100.0), (24, 200.0), (12, 300.0)],
    "Birch": [(23, 150.0)],  # has no address
    "Elm": [(24, 240.0), (22, 220.0), (19, 190.0), (9, 90.0)],  # has a rule of its own
    "Fir": [(35, 350.0)],  # pays
    "Gum": [(35, 355.0)],  # pays a part
    "Hazel": [(36, 360.0)],  # pays, and the bank returns it
    "Iris": [(33, 330.0)],  # is blocked
    "Juniper": [(34, 340.0)],  # disputes an invoice
    "Kapok": [(27, 270.0)],  # promises and pays
    "Larch": [(28, 280.0)],  # promises and does not
    "Linden": [(55, 550.0)],  # must not enter the phase it is in line for
    "Mango": [(26, 260.0)],  # has promised
    "Maple": [(56, 560.0)],  # may enter
    "Nutmeg": [(57, 570.0)],  # waits for somebody to decide
    "Oak": [(65, 650.0), (64, 640.0)],  # is put somewhere by hand, and pinned
    "Olive": [(58, 580.0)],  # may enter, says who stands in for the approver
    "Pine": [(29, 290.0)],  # gets a credit note
    "Poplar": [(59, 5900.0)],  # so much that two levels decide
    "Quince": [(30, 300.5)],  # pays, but for a cent that is written off
    "Rowan": [(-2, 20.0), (2, 25.0), (9, 95.0), (29, 295.0)],  # moves tomorrow
    "Sorrel": [(21, 210.0)],  # its letter comes back
    "Tamarind": [(25, 250.0)],  # promised for today
    "Tulip": [(20, 205.0)],  # its invoice is taken back
    "Willow": [(70, 700.0)],  # the job proposes a phase filled by hand
}


def run_jobs(env, *jobs):
    """As Odoo's scheduler runs them, one after the other."""
    for job in jobs:
        env.cr.commit()
        result = env.ref(JOBS[job]).method_direct_trigger()
        env.cr.commit()
        env.invalidate_all()
        failed = env["crm.collection.run"].search([("state", "=", "failed")])
        if failed or isinstance(result, dict):
            raise RuntimeError(f"{job}: {failed.mapped('message')} {result}")


class Fill(People):
    """What customers owe, what they do about it, and what is done about them."""

    def __init__(self, env, clock, smtp_port):
        super().__init__(env, smtp_port)
        self.clock = clock

    def run(self):
        self.set_up()
        self._owe()
        for day, live in ((FIRST, self._first), (SECOND, self._second), (TODAY, self._today)):
            self.clock.move_to(f"{day} 09:00:00")
            live()
            self.env.cr.commit()

    # --- who owes what ---

    def _owe(self):
        self.clock.move_to(f"{FIRST} 08:00:00")
        for name, open_items in CUSTOMERS.items():
            partner = self._create_customer(name)
            self.moves[name] = self._post(
                *(self._prepare(partner, days, amount) for days, amount in open_items)
            )
        self._owe_otherwise()
        self.partners["Elm"].collection_rule_id = self.rule
        kind = {**self.kind, "category_id": [Command.set([self.kind["category_id"]])]}
        self.partners["Cedar"].write(kind)
        self.partners["Adler"].collection_user_id = self.users["cora"]
        self.env.cr.commit()

    def _create_customer(self, name, **vals):
        email = f"{name.lower()}@customer.example" if name != "Birch" else False
        vals = {"is_company": True, "lang": "en_US", "email": email, **vals}
        self.partners[name] = self.env["res.partner"].create({"name": name, **vals})
        return self.partners[name]

    def _owe_otherwise(self):
        """In installments, in another currency, to a branch, to another company, by an entry."""
        terms = self.env["account.payment.term"].create(
            {
                "name": "Three installments",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": share, "nb_days": days})
                    for share, days in ((30, 0), (30, 30), (40, 60))
                ],
            }
        )
        vals = {"invoice_date_due": False, "invoice_payment_term_id": terms.id}
        cedar = self._create_customer("Cedar")
        self.moves["Cedar"] = self._post({**self._prepare(cedar, 40, 900.0), **vals})
        euros = {"currency_id": self.euro.id}
        dogwood = self._create_customer("Dogwood", lang="pt_BR")
        self.moves["Dogwood"] = self._post(
            *({**self._prepare(dogwood, days, 500.0), **euros} for days in (31, 13))
        )
        adler = self.partners["Adler"]
        self._post(self._prepare(adler, 15, 115.0), company=self.second)
        self._post(self._prepare(self._create_customer("Beech"), 16, 116.0), company=self.branch)
        self._post_entry(self._create_customer("Ebony"))

    def _prepare(self, partner, days, amount):
        due = TODAY - timedelta(days=days)
        return {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_date": min(due, FIRST),
            "invoice_date_due": due,
            "invoice_payment_term_id": False,
            "invoice_line_ids": [
                Command.create({"name": "Service", "price_unit": amount, "tax_ids": False})
            ],
        }

    def _post(self, *vals_list, company=None):
        moves = self.env["account.move"].with_company(company or self.company).create(vals_list)
        moves.action_post()
        return moves

    def _post_entry(self, partner):
        """What accounting leaves out of follow-up, as it does with opening balances."""
        accounts = self.env["account.account"]
        receivable = partner.property_account_receivable_id
        income = accounts.search([("account_type", "=", "income")], limit=1)
        due = TODAY - timedelta(days=41)
        owed = {"account_id": receivable.id, "partner_id": partner.id, "date_maturity": due}
        owed["name"] = "Balance carried forward"
        lines = [{**owed, "debit": 410.0}, {"account_id": income.id, "credit": 410.0}]
        self.moves["Ebony"] = self._post(
            {"move_type": "entry", "date": due, "line_ids": [*map(Command.create, lines)]}
        )

    # --- days ---

    def _first(self):
        run_jobs(self.env, "allocate")
        cora = self.users["cora"]
        self._hold("Iris", "partner_id", kind="block")
        self._hold("Juniper", "move_id", kind="dispute", date_until=TODAY + timedelta(days=30))
        for name, until, amount in (
            ("Kapok", TODAY - timedelta(days=2), 200.0),
            ("Larch", SECOND - timedelta(days=1), 0.0),
            ("Mango", TODAY + timedelta(days=5), 100.0),
            ("Tamarind", TODAY, 0.0),
        ):
            self._hold(name, "item_id", kind="promise", date_until=until, amount=amount)
        self._open_items("Ebony").with_user(cora).action_take_in()
        run_jobs(self.env, "allocate", "letters", "queue")

    def _second(self):
        self._pay("Fir")
        self._pay("Gum", amount=55.0)
        self._pay("Hazel")
        self._pay("Kapok", amount=200.0)
        self._pay("Dogwood", number=0)
        expense = self.env["account.account"].search([("account_type", "=", "expense")], limit=1)
        handling = {"payment_difference_handling": "reconcile", "writeoff_label": "Cents"}
        self._pay("Quince", amount=300.0, writeoff_account_id=expense.id, **handling)
        self._credit("Pine")
        ada, dora = self.users["ada"], self.users["dora"]
        days = {"date_from": SECOND, "date_to": TODAY + timedelta(days=30)}
        delegations = self.env["crm.collection.approval.delegation"].with_user(ada)
        delegations.create({"delegate_id": self.users["cora"].id, "note": "Skiing", **days})
        self._decide("Maple", ada, "approve", "Agreed")
        self._decide("Olive", self.users["cora"], "approve", "In her name")
        self._decide("Poplar", dora, "approve", "The first of two")
        self._decide("Linden", dora, "refuse", "He will pay")
        run_jobs(self.env, "allocate", "letters", "queue")

    def _today(self):
        receivable = self.moves["Hazel"].line_ids.filtered("date_maturity")
        receivable.remove_move_reconcile()
        self.moves["Tulip"].button_draft()
        max_, cora = self.users["max"], self.users["cora"]
        self.bureau.with_user(max_).template_id = self.env.ref("crm_collection.mail_template_firm")
        self._maintain("Oak", "phase_friendly", pinned=True)
        self._maintain("Willow", "phase_legal", pinned=False)
        run_jobs(self.env, "allocate", "letters")  # the letters stay in the mail queue
        self._send_now("Gum")
        self._find_letters("Beech").filtered(lambda one: one.state == "outgoing").mail_id.cancel()
        self._open_items("Adler")[0].with_user(cora).message_post(body="He called: next week.")
        self._keep_own_things(cora)
        self._queue_daily_mail(cora)
        self._leave_a_letter()

    def _leave_a_letter(self):
        """A letter that is decided about, and its text not written: the process was killed."""
        self.moves["Yew"] = self._post(self._prepare(self._create_customer("Yew"), 5, 55.0))
        run_jobs(self.env, "allocate")
        self.env["crm.collection.letter"]._create_due(self.company, TODAY)

    def _keep_own_things(self, user):
        """What a user makes of the module's fields."""
        self._save_filters(user)
        names = ("name", "partner_id/name", "days_overdue", "amount_residual", "phase_id/id")
        names += ("rule_id/grace_days", "allocation_ids/date_in", "date_next_letter")
        self.env["ir.exports"].create(
            {
                "name": "For the bank",
                "resource": "crm.collection.item",
                "export_fields": [Command.create({"name": name}) for name in names],
            }
        )
        self.env["ir.exports"].create(
            {"name": OF_GONE_MODEL, "resource": "crm.collection.overdue"}
            | {"export_fields": [Command.create({"name": "days"})]}
        )

    def _queue_daily_mail(self, user):
        headers = {"List-Unsubscribe": f"<https://company.example{OF_GONE_PAGE}>"}
        self.env["mail.mail"].create(
            {
                "subject": "An approval waits for you",
                "email_to": user.email_formatted,
                "headers": repr(headers),
                "state": "outgoing",
            }
        )

    def _save_filters(self, user):
        context = "{'group_by': ['phase_id', 'date_maturity:month']}"
        domain = (
            "[('state', '=', 'open'), ('days_overdue', '>', 10), ('phase_id', '!=', False), "
            "('is_held', '=', False), ('rule_id.step_ids.days', '>', 0)]"
        )
        letters = "[('state', 'in', ('sent', 'outgoing')), ('line_ids.days_overdue', '>', 5)]"
        partners = "[('collection_rule_id', '!=', False)]"
        self.env["ir.filters"].create(
            [
                {"name": "Late", "model_id": "crm.collection.item", "domain": domain}
                | {"context": context, "sort": '["amount_residual desc"]'},
                {"name": "Written", "model_id": "crm.collection.letter", "domain": letters},
                {"name": "Special", "model_id": "res.partner", "domain": partners},
                {"name": OF_GONE_MODEL, "model_id": "crm.collection.overdue", "domain": "[]"},
            ]
        ).user_ids = user

    # --- what is done ---

    def _open_items(self, name):
        return self.env["crm.collection.item"].search([("move_id", "in", self.moves[name].ids)])

    def _find_letters(self, name):
        domain = [("partner_id", "=", self.partners[name].id)]
        return self.env["crm.collection.letter"].search(domain)

    def _send_now(self, name):
        items = self._open_items(name)
        wizards = self.env["crm.collection.item.send"].with_user(self.users["cora"])
        context = {"active_model": items._name, "active_ids": items.ids}
        wizards.with_context(**context).create({}).action_send()

    def _hold(self, name, scope, **vals):
        records = {
            "partner_id": self.partners[name],
            "move_id": self.moves[name][0],
            "item_id": self._open_items(name)[:1],
        }
        vals = {"reason": f"As {name} says", scope: records[scope].id, **vals}
        self.env["crm.collection.hold"].with_user(self.users["cora"]).create(vals)

    def _maintain(self, name, phase, pinned):
        vals = {
            "item_ids": [Command.set(self._open_items(name).ids)],
            "phase_id": self.env.ref(f"crm_collection.{phase}").id,
            "reason": f"{name} is known to us",
            "pinned": pinned,
        }
        wizards = self.env["crm.collection.item.maintain"].with_user(self.users["cora"])
        wizards.create(vals).action_apply()

    def _decide(self, name, user, verb, reason):
        domain = [("partner_id", "=", self.partners[name].id), ("state", "=", "pending")]
        requests = self.env["crm.collection.approval"].search(domain)
        getattr(requests.with_user(user), f"action_{verb}")(reason)

    def _pay(self, name, number=None, **vals):
        moves = self.moves[name] if number is None else self.moves[name][number]
        wizards = self.env["account.payment.register"].with_context(
            active_model=moves._name, active_ids=moves.ids
        )
        wizards.create({"group_payment": False, **vals})._create_payments()

    def _credit(self, name):
        vals = self._prepare(self.partners[name], 8, 90.0)
        note = self._post({**vals, "move_type": "out_refund", "invoice_date": SECOND})
        lines = (note | self.moves[name]).line_ids
        lines.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
