from datetime import timedelta

from odoo.fields import Command
from odoo.tests import new_test_user

from .common import TODAY, CrmCollectionCommon

# What a run may write. The log of the jobs is not among them: it counts every execution.
COLLECTION_TABLES = (
    "crm_collection_item",
    "crm_collection_allocation",
    "crm_collection_letter",
    "crm_collection_letter_line",
    "crm_collection_hold",
)


class CrmCollectionEngineCommon(CrmCollectionCommon):
    """Helpers for the allocation engine: who keeps the books, what the history says, and
    whether a row was touched."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.no_phase = cls.env["crm.collection.phase"]
        # keeps the books and knows nothing of collections
        cls.bookkeeper = cls._create_bookkeeper("bookkeeper", cls.company)

    @classmethod
    def _create_bookkeeper(cls, login, company):
        return new_test_user(
            cls.env(su=True),
            login,
            groups="account.group_account_invoice,base.group_partner_manager",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    @classmethod
    def _day(cls, days):
        """The date so many days from the day the tests stand on."""
        return TODAY + timedelta(days=days)

    def _as_bookkeeper(self, records):
        return records.with_user(self.bookkeeper)

    def _register_payment(self, moves, amount=None, user=None):
        """The bookkeeper registers what the customer has paid."""
        wizard = (
            self.env["account.payment.register"]
            .with_user(user or self.bookkeeper)
            .with_context(active_model=moves._name, active_ids=moves.ids)
            .create({"group_payment": False, **({"amount": amount} if amount else {})})
        )
        return wizard._create_payments()

    def _unmatch(self, moves):
        """The bank returned the payment: the bookkeeper takes the match back."""
        self._as_bookkeeper(self._receivables(moves)).remove_move_reconcile()

    def _get_run(self, kind="allocation", company=None):
        """Today's log of a job."""
        company = company or self.company
        return self.env["crm.collection.run"].search(
            [
                ("kind", "=", kind),
                ("company_id", "=", company.id),
                ("date", "=", company._get_collection_today()),
            ]
        )

    def _assert_phase(self, moves, phase):
        self.assertEqual(self._items(moves).phase_id, phase)

    def _assert_allocations(self, moves, expected):
        """The history of the entries' items, oldest first: (phase, why it left)."""
        allocations = self._items(moves).allocation_ids.sorted("id")
        self.assertEqual(
            [(allocation.phase_id, allocation.reason_out) for allocation in allocations],
            expected,
        )

    def _refuse_updates(self, table, record_id, events="UPDATE", column="id"):
        """One record the database refuses to write, whatever the reason may be."""
        self.env.flush_all()
        self.env.cr.execute(
            f"""
            CREATE OR REPLACE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'refused for a test'; END $$;
            CREATE TRIGGER refuse_for_test BEFORE {events} ON {table} FOR EACH ROW
            WHEN (NEW.{column} = {int(record_id)}) EXECUTE FUNCTION pg_temp.refuse()"""
        )

    def _accept_updates(self, table):
        self.env.cr.execute(f"DROP TRIGGER refuse_for_test ON {table}")

    def _get_versions(self, tables=COLLECTION_TABLES):
        """Every row with the place of its current version: a touched row has another."""
        self.env.flush_all()
        result = {}
        for table in tables:
            self.env.cr.execute(f"SELECT ctid::text, rec.* FROM {table} AS rec ORDER BY id")
            result[table] = self.env.cr.fetchall()
        return result
