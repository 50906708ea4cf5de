from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.uom.tests.common import UomCommon

from .common_entries import TODAY, CrmCollectionEntries
from .prepared import prepared

CHARTS = {}  # the charts of accounts there are, by database

# Everything in accounting that promise P1 forbids to touch.
ACCOUNTING_TABLES = ("account_move", "account_move_line", "account_partial_reconcile")


class CrmCollectionCommon(CrmCollectionEntries, AccountTestInvoicingCommon):
    """A company with customers, five phases and a rule, on a day that stands still.

    The rule has one automatic step at 1, 10 and 30 days and a manual one at 60; the letters of
    the phases are the module's own.
    """

    @classmethod
    def default_env_context(cls):
        return {}  # with chatter and mails, as users have them

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref(
            "crm_collection.group_crm_collection_manager"
        )

    @classmethod
    def setUpClass(cls):
        # The products, partners, taxes, terms and roundings that account and product set up beside
        # the company take as long again, and nothing here is sold.
        super(UomCommon, cls).setUpClass()
        cls._set_up_accounting()
        cls.startClassPatcher(freeze_time(f"{TODAY} 09:00:00"))
        cls.company = cls.company_data["company"]
        cls.company.collection_auto_send = True
        cls.company.collection_tz = "UTC"
        cls.company.email = "billing@creditor.example"
        cls._leave_out_the_first_company()
        cls._archive_other_rules()
        cls.phase_first, cls.phase_second, cls.phase_third = cls._create_phases(3)
        cls.phase_manual = cls.env["crm.collection.phase"].create(
            {
                "name": "Manual",
                "sequence": 190,
                "allocation_mode": "manual",
                "template_id": cls.env.ref("crm_collection.mail_template_legal").id,
            }
        )
        cls.rule = cls._create_rule(
            {1: cls.phase_first, 10: cls.phase_second, 30: cls.phase_third, 60: cls.phase_manual}
        )
        cls.customer = cls._create_customer("Adler GmbH")
        cls.collector, cls.approver, cls.manager, cls.outsider = cls._create_users(
            collector="user", approver="approver", collection_manager="manager", outsider=None
        )

    @classmethod
    def prepare_books(cls, env):
        """Make what classes are set up with, once for all of them (:mod:`.prepared`). Only in a
        database that a process has for itself."""
        prepared.make(cls, env, TODAY)

    @classmethod
    def setup_independent_user(cls):
        users = prepared.get_users(cls.env, {"accountman": {}})
        return users or super().setup_independent_user()

    @classmethod
    def setup_independent_company(cls, **kwargs):
        """The company that was prepared, where there is one, and nothing special is asked for."""
        if kwargs or cls.chart_template or cls.country_code or not prepared.company_id:
            return super().setup_independent_company(**kwargs)
        return cls.env["res.company"].browse(prepared.company_id)

    @classmethod
    def collect_company_accounting_data(cls, company):
        if prepared.company_id == company.id:
            return prepared.get_company_data(cls.env)
        return super().collect_company_accounting_data(company)

    @classmethod
    def _set_up_accounting(cls):
        """What is needed of the company's chart of accounts"""
        cls.maxDiff = None
        cls.product_category = cls.env["product.category"].create({"name": "All"})
        cls.company_data = cls.collect_company_accounting_data(cls.env.company)
        journal = cls.company_data["default_journal_bank"]
        for kind, account in (("inbound", "debit"), ("outbound", "credit")):
            journal[f"{kind}_payment_method_line_ids"][0].payment_account_id = cls.env[
                "account.chart.template"
            ].ref(f"account_journal_payment_{account}_account_id")

    @classmethod
    def _use_chart_template(cls, company, chart_template_ref=None):
        """Without the two things that take half of the time a class is set up in: reading which
        charts there are, again and again, and translations of accounts that no test reads."""
        Template = cls.registry["account.chart.template"]
        get_mapping = Template._get_chart_template_mapping

        def get_known(self, get_all=False):
            key = (cls.registry.db_name, get_all)
            if key not in CHARTS:
                CHARTS[key] = get_mapping(self, get_all)
            return CHARTS[key]

        with (
            patch.object(Template, "_get_chart_template_mapping", get_known),
            patch.object(Template, "_load_translations", lambda self, *args, **kwargs: None),
        ):
            super()._use_chart_template(company, chart_template_ref)

    @classmethod
    def _leave_out_the_first_company(cls):
        """The jobs do not work for the company every database begins with: it keeps no books, and a
        twelfth of the time of tests with jobs went by finding that out."""
        Run, first = cls.registry["crm.collection.run"], cls.env.ref("base.main_company")
        get_companies = Run._get_companies
        patched = patch.object(Run, "_get_companies", lambda self: get_companies(self) - first)
        if cls.company != first:
            cls.startClassPatcher(patched)

    @classmethod
    def _archive_other_rules(cls):
        cls.env["crm.collection.rule"].search([]).action_archive()

    @classmethod
    def _create_user(cls, login, role):
        return cls._create_users(**{login: role})

    @classmethod
    def _create_users(cls, **roles):
        """Users of the company, in one call: most of what a user takes is done once for all.

        :param roles: ``login=role``; ``None`` is an employee who has none
        """
        Users = cls.env(su=True)["res.users"].with_context(no_reset_password=True)
        wanted = {login: cls._prepare_user(login, role) for login, role in roles.items()}
        users = prepared.get_users(Users.env, wanted)
        new = Users.create([wanted[login] for login in roles if login not in users.mapped("login")])
        by_login = {user.login: user for user in users | new}
        return Users.union(*(by_login[login] for login in roles))

    @classmethod
    def _prepare_user(cls, login, role):
        group = f"crm_collection.group_crm_collection_{role}" if role else "base.group_user"
        return {
            "name": f"{login} ({group})",
            "login": login,
            "password": login.ljust(8, "x"),
            "email": f"{login}@creditor.example",
            "group_ids": [Command.set(cls.env.ref(group).ids)],
            "company_id": cls.company.id,
            "company_ids": [Command.set(cls.company.ids)],
        }

    @classmethod
    def _create_phases(cls, number):
        templates = ("friendly", "firm", "final")
        return [
            cls.env["crm.collection.phase"].create(
                {
                    "name": f"Phase {index + 1}",
                    "sequence": 110 + 10 * index,
                    "template_id": cls.env.ref(
                        f"crm_collection.mail_template_{templates[index % 3]}"
                    ).id,
                }
            )
            for index in range(number)
        ]

    @classmethod
    def _create_rule(cls, phases_by_days, **vals):
        """A rule with a step for each ``{days: phase}``; ``step_vals`` go into every step."""
        step_vals = vals.pop("step_vals", {})
        return cls.env["crm.collection.rule"].create(
            {
                "name": "Rule",
                "step_ids": [
                    Command.create(
                        {"days": days, "phase_id": phase.id, "attach_pdf": False, **step_vals}
                    )
                    for days, phase in phases_by_days.items()
                ],
                **vals,
            }
        )

    @classmethod
    def _create_customer(cls, name, **vals):
        email = f"{name.split()[0].lower()}@customer.example"
        return cls.env["res.partner"].create(
            {"name": name, "email": email, "is_company": True, "lang": "en_US", **vals}
        )

    def _items(self, moves):
        """Items of the entries, by due date."""
        return self.env["crm.collection.item"].search([("move_id", "in", moves.ids)])

    def _pay(self, moves, amount=None):
        """Register and match a payment of the entries (all of it, or ``amount``)."""
        vals = {"amount": amount} if amount else {}
        return (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({"group_payment": False, "payment_date": fields.Date.today(), **vals})
            ._create_payments()
        )

    def _run_job(self, xmlid):
        cron = self.env.ref(f"crm_collection.{xmlid}").sudo()
        # with HttpCase the whole test is in test mode: a job's commits are savepoints
        in_test_mode = isinstance(self, HttpCase)
        with nullcontext() if in_test_mode else self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        # what is written from now on is written later: time stands still in a transaction
        self.env.cr._now = self.env.cr.now() + timedelta(seconds=1)
        failed = self.env["crm.collection.run"].search([("state", "=", "failed")])
        self.assertFalse(failed.mapped("message"))

    def _allocate(self):
        """The allocation job, as the scheduler runs it."""
        self._run_job("ir_cron_crm_collection_allocate")

    def _send_letters(self):
        """The letters job, as the scheduler runs it after the allocation job; the mails wait in
        the queue."""
        self._record_allocation()
        self._run_job("ir_cron_crm_collection_letters")

    def _record_allocation(self):
        """The allocation job has been there today, and what it found is as the test has it."""
        Run_sudo = self.env["crm.collection.run"].sudo()
        for company in Run_sudo._get_companies():
            today = company._get_collection_today()
            vals = {"kind": "allocation", "company_id": company.id, "date": today}
            run = Run_sudo.search([(key, "=", value) for key, value in vals.items()])
            (run or Run_sudo.create(vals)).state = "done"

    def _end_transaction(self):
        """What was written until now was so in a transaction of its own: the next call comes
        later."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        self.env.cr._now = self.env.cr.now() + timedelta(seconds=1)

    def _deliver(self, error=None, user=None, model="crm.collection.letter"):
        """Let the mail queue, or ``user`` with *Send Now*, deliver to a mail server that accepts
        everything, or raises ``error`` (the network is the only thing that is replaced).

        :return: messages the server accepted
        """
        accepted = []

        def send_email(server, message, *args, **kwargs):
            if error:
                raise error
            accepted.append(message)
            return message["Message-Id"]

        server_class = self.registry["ir.mail_server"]
        with (
            patch.object(server_class, "_disable_send", lambda self: False),
            patch.object(server_class, "_connect__", lambda self, **kwargs: None),
            patch.object(server_class, "send_email", send_email),
        ):
            mails = (
                self.env["mail.mail"]
                .sudo()
                .search([("state", "=", "outgoing"), ("model", "=", model)])
            )
            (mails.with_user(user) if user else mails).send()
        self.env.invalidate_all()
        return accepted

    def _letters(self, partner=None):
        return self.env["crm.collection.letter"].search(
            [("partner_id", "=", (partner or self.customer).id)]
        )

    def _accounting_checksum(self):
        """A checksum over every row version of accounting: a touched row has a new ``xmin``."""
        self.env.flush_all()
        result = {}
        for table in ACCOUNTING_TABLES:
            self.env.cr.execute(
                f"SELECT count(*), md5(string_agg(rec::text || rec.ctid::text, '|' ORDER BY id)) "
                f"FROM {table} AS rec"
            )
            result[table] = self.env.cr.fetchone()
        return result

    def _move_on(self, days):
        """Go forward in time; undone at the end of the test."""
        frozen = freeze_time(f"{fields.Date.today() + timedelta(days=days)} 09:00:00")
        frozen.start()
        self.addCleanup(frozen.stop)
