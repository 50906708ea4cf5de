"""What tests of real processes ask of Odoo, in processes of its own (:mod:`tools.served`)."""

import sys
from datetime import timedelta
from pathlib import Path

from odoo import Command, fields
from odoo.modules.registry import Registry

# a process that is to have nothing of the repository's still takes commands
sys.path.append(str(Path(__file__).resolve().parent.parent))

from tools.served import JOBS, JobCommands, main  # noqa: E402


class Commands(JobCommands):
    """What a test can ask for; each command is a transaction, or several."""

    def __init__(self, database):
        super().__init__(database)
        self.held = None

    def prepare(self, smtp_port):
        """The company, its mail server and its answers' address; nothing else runs by itself."""
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            env.company.write(
                {
                    "name": "Creditor & Sons",
                    "email": "billing@creditor.example",
                    "vat": "US12345671",
                    "collection_auto_send": True,
                    "collection_tz": "UTC",
                    "alias_domain_id": env["mail.alias.domain"]
                    .create({"name": "creditor.example", "catchall_alias": "answers"})
                    .id,
                }
            )
            env["ir.mail_server"].search([]).action_archive()
            env["ir.mail_server"].create(
                {
                    "name": "Sink",
                    "smtp_host": "127.0.0.1",
                    "smtp_port": smtp_port,
                    "smtp_encryption": "none",
                    "from_filter": "creditor.example",
                }
            )
            own = [env.ref(xmlid).id for xmlid in JOBS.values()]
            env["ir.cron"].search([("id", "not in", own)]).active = False
            collector = env["res.users"].create(
                {
                    "name": "Cora Collector",
                    "login": "cora",
                    "email": "cora@creditor.example",
                    "group_ids": [
                        Command.link(env.ref("crm_collection.group_crm_collection_user").id)
                    ],
                }
            )
            return collector.id

    def translate(self, code, xmlid, subject):
        """Another language, with a subject of its own for a letter."""
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            env["res.lang"]._activate_lang(code)
            template = env.ref(xmlid)
            template.with_context(lang=code).subject = subject

    def customer(self, name, items, **vals):
        """A customer with posted invoices.

        :param items: pairs of days overdue and amount
        :return: the customer's id and the numbers of the invoices
        """
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            collection = vals.pop("collection_email", None)
            vals = {"name": name, "is_company": True, "lang": "en_US", **vals}
            vals.setdefault("email", f"{name.split()[0].lower()}@customer.example")
            partner = env["res.partner"].create(vals)
            if collection:
                env["res.partner"].create(
                    {
                        "name": "Payables",
                        "type": "collection",
                        "parent_id": partner.id,
                        "email": collection,
                        "lang": partner.lang,
                    }
                )
            moves = env["account.move"].create(
                [self._prepare_invoice(partner, days, amount) for days, amount in items]
            )
            moves.action_post()
            return {"id": partner.id, "numbers": moves.mapped("name")}

    def customers(self, names):
        """Customers with one item each that is due for a letter; :return: their ids."""
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            partners = env["res.partner"].create(
                [
                    {"name": name, "lang": "en_US", "email": f"{name.lower()}@customer.example"}
                    for name in names
                ]
            )
            moves = env["account.move"].create(
                [self._prepare_invoice(partner, 5, 100.0) for partner in partners]
            )
            moves.action_post()
            return partners.ids

    def _prepare_invoice(self, partner, days, amount):
        due = fields.Date.today() - timedelta(days=days)
        return {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_date": due,
            "invoice_date_due": due,
            "invoice_payment_term_id": False,
            "invoice_line_ids": [
                Command.create({"name": "Service", "price_unit": amount, "tax_ids": False})
            ],
        }

    def set_pdf(self, attach):
        with self.registry.cursor() as cr:
            self._environment(cr)["crm.collection.rule.step"].search([]).attach_pdf = attach

    def schedule(self, delays):
        """The jobs are due (in so many seconds) for a server with scheduled jobs."""
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            self._forget_kills(cr)
            now = fields.Datetime.now()
            for job, seconds in delays.items():
                env.ref(JOBS[job]).nextcall = now + timedelta(seconds=seconds)
            # tests have worked for the company today: its hour is over
            for kind in ("allocation", "letters"):
                env["crm.collection.run"]._ask(kind, env.company)

    def make_key(self):
        """:return: a key for the collector's programs"""
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            cora = env["res.users"].search([("login", "=", "cora")])
            Keys = env["res.users.apikeys"].with_user(cora)
            return Keys._generate(None, "Test", fields.Datetime.now() + timedelta(days=1))

    def letters(self, partner_id):
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            letters = env["crm.collection.letter"].search(
                [("partner_id", "=", partner_id)], order="id"
            )
            return [
                {
                    "state": letter.state,
                    "reason": f"{letter.failure_reason or ''} {letter.failure_detail or ''}",
                    "fault": letter.fault,
                    "will_retry": letter.will_retry,
                    "items": letter.line_ids.mapped("name"),
                    "rounds": letter.line_ids.mapped("round"),
                }
                for letter in letters
            ]

    def states(self, partner_ids):
        """:return: {state: number of letters} of customers, and how many have other than one"""
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            letters = env["crm.collection.letter"].search([("partner_id", "in", partner_ids)])
            states = {}
            for letter in letters:
                states[letter.state] = states.get(letter.state, 0) + 1
            odd = [
                partner_id
                for partner_id in partner_ids
                if sum(letter.partner_id.id == partner_id for letter in letters) != 1
            ]
            return {"states": states, "odd": odd}

    def try_again(self, partner_ids):
        """The collector tries letters again that were set apart.

        :return: why they were, of each
        """
        with self.registry.cursor() as cr:
            letters = self._environment(cr)["crm.collection.letter"].search(
                [("partner_id", "in", partner_ids), ("state", "=", "failed")]
            )
            reasons = letters.mapped("failure_reason")
            cora = letters.env["res.users"].search([("login", "=", "cora")])
            if letters:
                letters.with_user(cora).action_retry()
            return reasons

    def decide_on(self, xmlid):
        """A phase is put under approval, all items are sent there, and an approver lets those of
        one customer in.

        :param xmlid: the phase's
        :return: the states of the requests
        """
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            manager, approver = env["res.users"].create(
                [
                    {
                        "name": role,
                        "login": role,
                        "email": f"{role}@creditor.example",
                        "group_ids": [
                            Command.link(env.ref(f"crm_collection.group_crm_collection_{role}").id)
                        ],
                    }
                    for role in ("manager", "approver")
                ]
            )
            phase = env.ref(xmlid).with_user(manager)
            phase.approval_rule_id = phase.approval_rule_id.create(
                {"name": "Agreed", "governs": "allocation"}
            )
            in_phases = [("phase_id", "!=", False)]
            items = env["crm.collection.item"].with_user(manager).search(in_phases)
            wizard = items.env["crm.collection.item.maintain"].create(
                {"item_ids": [Command.set(items.ids)], "phase_id": phase.id, "reason": "Agreed"}
            )
            wizard.action_apply()
            requests = env["crm.collection.approval"].search([("state", "=", "pending")])
            requests[0].with_user(approver).action_approve()
            return requests.mapped("state")

    def uninstall(self):
        with self.registry.cursor() as cr:
            modules = self._environment(cr)["ir.module.module"]
            modules.search([("name", "=", "crm_collection")]).button_immediate_uninstall()

    def install(self):
        with self.registry.cursor() as cr:
            modules = self._environment(cr)["ir.module.module"]
            modules.update_list()
            modules.search([("name", "=", "crm_collection")]).button_immediate_install()
        self.registry = Registry(self.registry.db_name)

    def locate(self):
        """:return: the folder that the module was loaded from"""
        return str(Path(sys.modules["odoo.addons.crm_collection"].__file__).parent)

    def write_again(self):
        """Letters may leave by themselves, as they could before the module went."""
        with self.registry.cursor() as cr:
            self._environment(cr).company.write(
                {"collection_auto_send": True, "collection_tz": "UTC"}
            )

    # --- transactions held open, to put two side by side ---

    def begin(self):
        """Begin a transaction and keep its snapshot."""
        self.held = self.registry.cursor()
        self.held.execute("SELECT 1")

    def decide(self):
        """Write the letters that are due in the transaction held open; :return: how many."""
        env = self._environment(self.held)
        company = env.company
        letters = env["crm.collection.letter"]._create_due(company, company._get_collection_today())
        return len(letters)

    def lock_letters(self):
        """Keep the letters that wait to be issued locked in the transaction held open."""
        self.held.execute("SELECT id FROM crm_collection_letter WHERE state = 'to_send' FOR UPDATE")

    def touch_letters(self, partner_id):
        """Write to a customer's letters in the transaction held open."""
        self.held.execute(
            "UPDATE crm_collection_letter SET write_date = write_date WHERE partner_id = %s",
            [partner_id],
        )

    def count_triggers(self, job):
        """:return: how often a job is to start beside its schedule"""
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            return env["ir.cron.trigger"].search_count([("cron_id", "=", env.ref(JOBS[job]).id)])

    def pay(self, partner_id):
        """Pay the customer's oldest item, in the transaction held open, if there is one."""
        if self.held:
            return self._pay(self._environment(self.held), partner_id)
        with self.registry.cursor() as cr:
            return self._pay(self._environment(cr), partner_id)

    def _pay(self, env, partner_id):
        item = env["crm.collection.item"].search(
            [("partner_id", "=", partner_id), ("state", "=", "open")],
            order="date_maturity, id",
            limit=1,
        )
        owed = item.line_id
        income = owed.move_id.invoice_line_ids.account_id
        journal = env["account.journal"].search([("type", "=", "general")], limit=1)
        common = {"partner_id": partner_id, "name": "Paid"}
        amount = owed.amount_residual
        lines = [
            {"account_id": owed.account_id.id, "credit": amount},
            {"account_id": income.id, "debit": amount},
        ]
        entry = env["account.move"].create(
            {
                "journal_id": journal.id,
                "line_ids": [Command.create(common | line) for line in lines],
            }
        )
        entry.action_post()
        (owed | entry.line_ids.filtered("credit")).reconcile()
        env.flush_all()

    def fuses(self):
        """:return: what is known of mail servers, and how many activities tell of them"""
        with self.registry.cursor() as cr:
            env = self._environment(cr)
            alarms = env["mail.activity"].search_count([("res_model", "=", "crm.collection.fuse")])
            states = env["crm.collection.fuse"].search([]).mapped("state")
            return {"states": states, "alarms": alarms}

    def end(self, commit=True):
        if commit:
            self.held.commit()
        self.held.close()
        self.held = None


if __name__ == "__main__":
    main(Commands)
