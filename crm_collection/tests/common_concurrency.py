import threading
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.fields import Command
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name

SLICES = "odoo.addons.crm_collection.models.engine.slices"
RUN = "odoo.addons.crm_collection.models.engine.run"
TABLES = (
    "mail_activity",
    "crm_collection_approval_decision",
    "crm_collection_approval_line",
    "crm_collection_run_line",
    "crm_collection_run",
    "crm_collection_allocation",
    "crm_collection_approval",
    "crm_collection_item",
    "ir_cron_trigger",
)
NUMBER = 40  # items
MARK = "crm_collection concurrency test"


class ConcurrencyCommon(BaseCase):
    """Jobs and people at the same time, in connections of their own that really commit.

    What is committed is deleted afterwards: rows of collections newer than the test by SQL (the
    history cannot be deleted any other way), the rest by the ORM.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        # the thread that runs the tests holds it all the time
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            cls.newest = {}
            for table in TABLES:
                cr.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}")
                cls.newest[table] = cr.fetchone()[0]
            cls.addClassCleanup(cls._delete_all)
            cls._create_all(api.Environment(cr, SUPERUSER_ID, {}))

    @classmethod
    def _create_all(cls, env):
        """A company and a customer who owes it an entry of many installments."""
        company = env["res.company"].create({"name": MARK})
        cls.company_id = company.id
        cls.today = company._get_collection_today()
        env = env(context={"allowed_company_ids": company.ids})
        partner = env["res.partner"].create({"name": MARK})
        phases = env["crm.collection.phase"].create(
            [{"name": MARK, "sequence": 900 + index} for index in range(2)]
        )
        rule = env["crm.collection.rule"].create(
            {
                "name": MARK,
                "sequence": -1000,
                "company_id": company.id,
                "step_ids": [
                    Command.create({"days": days, "phase_id": phase.id})
                    for days, phase in zip((5, 50), phases, strict=True)
                ],
            }
        )
        account, income = env["account.account"].create(
            [
                {"name": MARK, "code": code, "account_type": kind, "reconcile": True}
                for code, kind in (("990017", "asset_receivable"), ("990018", "income"))
            ]
        )
        journal = env["account.journal"].create({"name": MARK, "code": "CCT", "type": "general"})
        due = cls.today - timedelta(days=20)
        move = env["account.move"].create(
            {
                "journal_id": journal.id,
                "date": due,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": partner.id,
                            "debit": 10,
                            "date_maturity": due,
                            "no_followup": False,
                        }
                    )
                    for _index in range(NUMBER)
                ]
                + [Command.create({"account_id": income.id, "credit": 10 * NUMBER})],
            }
        )
        move.action_post()
        cls.phase_ids, cls.rule_id, cls.move_id = phases.ids, rule.id, move.id
        cls.created = [
            (move._name, move.ids),
            (journal._name, journal.ids),
            (account._name, (account | income).ids),
            (rule._name, rule.ids),
            (phases._name, phases.ids),
            (company.resource_calendar_id._name, company.resource_calendar_id.ids),
            (company._name, company.ids),
            (partner._name, (partner | company.partner_id).ids),
        ]

    @classmethod
    def _delete_all(cls):
        with cls.registry.cursor() as cr:
            cls._delete_collections(cr)
            env = api.Environment(cr, SUPERUSER_ID, {"force_delete": True, "active_test": False})
            for model, ids in cls.created:
                records = env[model].browse(ids)
                if model == "account.move":
                    records.line_ids.remove_move_reconcile()
                    records.button_draft()
                if model == "resource.calendar":
                    env["res.company"].browse(cls.company_id).resource_calendar_id = False
                records.unlink()

    @classmethod
    def _delete_collections(cls, cr):
        for table in TABLES:
            cr.execute(f"DELETE FROM {table} WHERE id > %s", [cls.newest[table]])

    def setUp(self):
        super().setUp()
        self.addCleanup(self._reset)
        self.startPatcher(patch(f"{SLICES}.SLICE", 5))
        self.startPatcher(
            patch.object(
                self.registry["crm.collection.run"],
                "_get_companies",
                lambda run: run.env["res.company"].browse(self.company_id),
            )
        )

    def _reset(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["account.move"].browse(self.move_id).line_ids.remove_move_reconcile()
            env.flush_all()
            self._delete_collections(cr)
            self._get_steps(cr)[1].days = 50

    def _get_steps(self, cr):
        env = api.Environment(cr, SUPERUSER_ID, {})
        return env["crm.collection.rule"].browse(self.rule_id).step_ids.sorted("days")

    def _let_all_move(self):
        with self.registry.cursor() as cr:
            self._get_steps(cr)[1].days = 15

    # === Doing === #

    def _run_job(self, cr):
        """The job as the scheduler starts it, for one company."""
        api.Environment(cr, SUPERUSER_ID, {})["crm.collection.run"]._cron_allocate()
        cr.commit()

    def _run_engine(self, cr, kind):
        """The engine without the job's lock, with a log of its own."""
        env = api.Environment(cr, SUPERUSER_ID, {})
        company = env["res.company"].browse(self.company_id)
        run = env["crm.collection.run"]._start(kind, company)
        run._finish("done" if env["crm.collection.engine"]._allocate(run) else "interrupted")

    def _in_threads(self, *functions):
        """Call the functions at once, each with a cursor of its own; what they raise is raised."""
        barrier, errors = threading.Barrier(len(functions)), []

        def target(function):
            try:
                with self.registry.cursor() as cr:
                    barrier.wait(30)
                    function(cr)
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=target, args=(function,)) for function in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            self.assertFalse(thread.is_alive(), "deadlock")
        if errors:
            raise errors[0]

    # === Seeing === #

    def _fetch(self, query, *params):
        with self.registry.cursor() as cr:
            cr.execute(query, params)
            return cr.fetchall()

    def _get_counts(self):
        """Items, items in each phase, allocations, open ones, items with more than one open."""
        return self._fetch(
            """SELECT COUNT(DISTINCT item.id), COUNT(DISTINCT item.id) FILTER (
                          WHERE item.phase_id = %s),
                      COUNT(DISTINCT item.id) FILTER (WHERE item.phase_id = %s),
                      COUNT(allocation.id),
                       COUNT(allocation.id) FILTER (WHERE allocation.date_out IS NULL)
                 FROM crm_collection_item item
            LEFT JOIN crm_collection_allocation allocation ON allocation.item_id = item.id
                WHERE item.move_id = %s""",
            *self.phase_ids,
            self.move_id,
        )[0]

    def _get_runs(self):
        return self._fetch(
            """SELECT state, COALESCE(item_new, 0), COALESCE(item_moved, 0),
                      COALESCE(exception_count, 0) FROM crm_collection_run
                WHERE id > %s ORDER BY id""",
            self.newest["crm_collection_run"],
        )

    def _pay_last(self):
        """Match an entry with the last two items of the plan, in a transaction of its own."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            move = env["account.move"].browse(self.move_id)
            receivable = move.line_ids.filtered("debit")
            items = env["crm.collection.item"].search([("move_id", "=", move.id)])[-2:]
            payment = env["account.move"].create(
                {
                    "journal_id": move.journal_id.id,
                    "date": fields.Date.today(),
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": receivable[0].account_id.id,
                                "partner_id": receivable[0].partner_id.id,
                                "credit": 20,
                            }
                        ),
                        Command.create(
                            {"account_id": (move.line_ids - receivable).account_id.id, "debit": 20}
                        ),
                    ],
                }
            )
            payment.action_post()
            (payment.line_ids.filtered("credit") | items.line_id).reconcile()
            self.created.insert(0, (payment._name, payment.ids))
            return items.ids
