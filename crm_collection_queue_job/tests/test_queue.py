from contextlib import suppress
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_collection.models.letters.issue import MAX_KILLS
from odoo.addons.crm_collection.tests.common import TODAY
from odoo.addons.crm_collection.tests.common_letters import CrmCollectionLettersCommon, Session
from odoo.addons.queue_job.job import Job
from odoo.addons.queue_job.tests.common import JobCounter

NUMBER = 7  # customers
LETTER = "odoo.addons.crm_collection_queue_job.models.letter"


class Killed(BaseException):
    """What is not caught: the process was killed."""


@tagged("post_install", "-at_install")
class TestQueue(CrmCollectionLettersCommon):
    """Companies, letters and their mails are jobs of the queue, and each letter leaves once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"].union(
            *(cls._create_customer(f"Customer{number}") for number in range(NUMBER))
        )
        for customer in cls.customers:
            cls._create_overdue(5, customer)

    def _tick(self, name):
        """The scheduler looks at a job, and no person does.

        :return: the jobs it put into the queue
        """
        jobs = JobCounter(self.env(su=True))
        cron = self.env.ref(f"crm_collection.ir_cron_crm_collection_{name}")
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            run = self.env(cr=cr, su=True, user=1)["crm.collection.run"]
            getattr(run.with_context(cron_id=cron.id), cron.code.partition(".")[2][:-2])()
        self._end_transaction()
        return jobs.search_created()

    def _perform(self, jobs):
        """The runner takes jobs, and whatever they put into the queue."""
        while jobs:
            counter = JobCounter(self.env(su=True))
            for job in jobs:
                self._perform_one(job)
            jobs = counter.search_created()

    def _perform_one(self, job):
        loaded = Job.load(self.env, job.uuid)
        with self.enter_registry_test_mode():
            loaded.perform()
        self._end_transaction()
        job.sudo().state = "done"

    def _serve(self):
        """A mail server takes what comes."""
        session, server = Session(), self.registry["ir.mail_server"]

        def connect(server, **kwargs):
            session.connections.append(len(session.accepted))
            return session

        self.startPatcher(patch.object(server, "_disable_send", lambda server: False))
        self.startPatcher(patch.object(server, "_connect__", connect))
        return session

    def _get_letters(self):
        domain = [("partner_id", "in", self.customers.ids)]
        return self.env["crm.collection.letter"].search(domain)

    def test_from_the_clock_to_the_mail(self):
        """Each company is one job, fifty letters are one, and whatever is done twice is done once.

        Seen to fail without the identity, and with the letters written where they are decided.
        """
        session = self._serve()
        self.startPatcher(patch(f"{LETTER}.BLOCK", 3))
        jobs = self._tick("allocate")
        key = f"crm_collection:allocation:{self.company.id}"
        self.assertEqual(jobs.mapped("identity_key"), [key])
        self.assertEqual(jobs.mapped("channel"), ["root.collection.companies"])
        self.assertFalse(self._tick("allocate"), "it waits in the queue already")
        self._perform(jobs)
        items = self.env["crm.collection.item"].search([("partner_id", "in", self.customers.ids)])
        self.assertEqual(items.phase_id, self.phase_first)
        [job] = self._tick("letters")
        counter = JobCounter(self.env(su=True))
        self._perform_one(job)
        letters, blocks = self._get_letters(), counter.search_created()
        self.assertEqual(set(letters.mapped("state")), {"to_send"})
        self.assertIn(len(blocks), (3, 4))
        self.assertEqual(set(blocks.mapped("channel")), {"root.collection.letters"})
        # whatever becomes of the jobs, the letters job looks again until all are written
        asked = self.env["crm.collection.run.ask"].sudo().search([("kind", "=", "letters")])
        self.assertEqual(asked.company_id, self.company)
        again = self._tick("letters")
        self._perform(blocks)
        self._perform(again | blocks)
        self.assertEqual(set(letters.mapped("state")), {"sent"})
        self.assertEqual(self._get_letters(), letters)
        self.assertEqual(len(session.accepted), NUMBER)
        self.assertFalse(any(letters.mapped("kills")))

    def test_nobody_takes_the_jobs(self):
        """Where the runner stands still the scheduler does the work, as without the queue.

        Seen to fail with jobs that wait for any time.
        """
        self.assertEqual(len(self._tick("allocate")), 1)
        with freeze_time(f"{TODAY} 09:16:00"):
            self.assertFalse(self._tick("allocate"))
        items = self.env["crm.collection.item"].search([("partner_id", "in", self.customers.ids)])
        self.assertEqual(items.phase_id, self.phase_first)

    def test_killed(self):
        """A letter over which jobs are killed holds up none of the others, and is set apart.

        Seen to fail without the note that is made before.
        """
        self._perform(self._tick("allocate"))
        [job] = self._tick("letters")
        counter = JobCounter(self.env(su=True))
        self._perform_one(job)
        letters = self._get_letters()
        deadly = letters[2]
        Letter = self.registry["crm.collection.letter"]
        queue_by = Letter._queue_by

        def kill(records, channel, template):
            if deadly.id in records.ids:
                raise Killed
            return queue_by(records, channel, template)

        with patch.object(Letter, "_queue_by", kill):
            for _number in range(MAX_KILLS + 1):
                for block in counter.search_created().filtered(
                    lambda one: one.method_name == "_issue_in_queue"
                ):
                    with suppress(Killed):
                        self._perform_one(block)
                    self._end_transaction()
        self.assertEqual(deadly.state, "failed")
        self.assertIn(f"{MAX_KILLS} times", deadly.failure_reason)
        self.assertEqual(set((letters - deadly).mapped("state")), {"outgoing"})
