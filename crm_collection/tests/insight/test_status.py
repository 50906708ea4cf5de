from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import config, mute_logger

from ..common import CrmCollectionCommon

ALLOCATE = "crm_collection.ir_cron_crm_collection_allocate"
LETTERS = "crm_collection.ir_cron_crm_collection_letters"
QUEUE = "mail.ir_cron_mail_scheduler_action"


@tagged("post_install", "-at_install")
class TestStatus(CrmCollectionCommon):
    """The service status tells the truth in each of the broken cases, to a plain user.

    Each case was seen to fail with its check returning "ok".
    """

    def setUp(self):
        super().setUp()
        now = fields.Datetime.now()
        self.crons_sudo = {
            xmlid: self.env.ref(xmlid).sudo() for xmlid in (ALLOCATE, LETTERS, QUEUE)
        }
        for cron in self.crons_sudo.values():
            cron.write(
                {
                    "active": True,
                    "failure_count": 0,
                    "lastcall": fields.Datetime.subtract(now, hours=3),
                    "nextcall": fields.Datetime.add(now, hours=21),
                }
            )
        self.env["ir.mail_server"].sudo().search([]).active = False
        self.server_sudo = (
            self.env["ir.mail_server"]
            .sudo()
            .create({"name": "Relay", "smtp_host": "relay.creditor.example"})
        )
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        self._deliver()
        for cron in self.crons_sudo.values():
            cron.nextcall = fields.Datetime.add(now, hours=21)

    def _get_status(self, user=None):
        return self.env["crm.collection.status"].with_user(user or self.collector).get_status()

    def _get_check(self, key, user=None):
        return {check["key"]: check for check in self._get_status(user)["checks"]}[key]

    def _assert_check(self, key, level, words=""):
        check = self._get_check(key)
        self.assertEqual(check["level"], level, check["message"])
        self.assertIn(words, check["message"])

    def test_forewarning_job(self):
        """Where the company wants to be told, and nowhere else."""
        keys = {check["key"] for check in self._get_status()["checks"]}
        self.assertNotIn("forewarning_job", keys)
        self.company.collection_forewarn = True
        cron_sudo = self.env.ref("crm_collection.ir_cron_crm_collection_forewarn").sudo()
        now = fields.Datetime.now()
        cron_sudo.write(
            {"active": True, "lastcall": now, "nextcall": fields.Datetime.add(now, hours=3)}
        )
        self._assert_check("forewarning_job", "ok")
        cron_sudo.active = False
        self._assert_check("forewarning_job", "danger")

    def test_everything_works(self):
        status = self._get_status()
        problems = [check for check in status["checks"] if check["level"] != "ok"]
        self.assertFalse(problems)
        self.assertEqual(status["level"], "ok")
        for check in status["checks"]:
            self.assertEqual(set(check), {"key", "level", "title", "message", "action"})
            self.assertTrue(check["title"] and check["message"])

    def test_company_without_address(self):
        """Letters would come from the system's own user, or not leave at all."""
        for email in (False, "not an address"):
            with self.subTest(email=email):
                self.company.sudo().email = email
                self.env["mail.alias.domain"].sudo().search([]).catchall_alias = False
                self._assert_check("sender", "danger", "no e-mail address")
        self.assertFalse(self._get_check("sender")["action"])
        self.company.sudo().email = "billing@creditor.example"
        self.env.invalidate_all()
        self._assert_check("sender", "ok", "billing@creditor.example")

    # === Jobs === #

    def test_job_inactive(self):
        for xmlid, key in (
            (ALLOCATE, "allocation_job"),
            (LETTERS, "letters_job"),
            (QUEUE, "mail_queue_job"),
        ):
            with self.subTest(key=key):
                self.crons_sudo[xmlid].active = False
                self._assert_check(key, "danger", "switched off")
                self.assertEqual(self._get_status()["level"], "danger")
                self.crons_sudo[xmlid].active = True

    def test_job_failing(self):
        self.crons_sudo[ALLOCATE].failure_count = 3
        self._assert_check("allocation_job", "danger", "3 times in a row")

    def test_job_not_started(self):
        """Nobody runs scheduled actions: the next call is long past."""
        self._move_on(3)
        for key in ("allocation_job", "letters_job", "mail_queue_job"):
            with self.subTest(key=key):
                self._assert_check(key, "danger", "should have run")

    def test_job_new(self):
        self.crons_sudo[LETTERS].lastcall = False
        self._assert_check("letters_job", "warning", "has not run yet")

    def test_job_deleted(self):
        self.crons_sudo[LETTERS].unlink()
        self._assert_check("letters_job", "danger", "does not exist")

    # === Runs === #

    def test_run_failed(self):
        """A job that crashes is told with its error.

        The real job with a real crash: its engine is replaced by one that raises.
        """
        self._move_on(1)
        engine = self.registry["crm.collection.engine"]
        with (
            patch.object(engine, "_allocate", side_effect=ValueError("No room left")),
            self.enter_registry_test_mode(),
            self.assertLogs("odoo.addons.crm_collection", "ERROR"),
        ):
            self.crons_sudo[ALLOCATE].method_direct_trigger()
        self.env.invalidate_all()
        self._assert_check("allocation_run", "danger", "No room left")

    def test_run_with_exceptions(self):
        run_sudo = self._get_run("allocation").sudo()
        run_sudo.exception_count = 4
        self._assert_check("allocation_run", "warning", "4 exceptions")

    def test_run_interrupted_and_on_its_way(self):
        run_sudo = self._get_run("letters").sudo()
        run_sudo.state = "running"
        self._assert_check("letters_run", "ok", "on its way")
        run_sudo.date_start = fields.Datetime.subtract(fields.Datetime.now(), hours=5)
        self._assert_check("letters_run", "warning", "interrupted")

    def test_letters_wait_for_the_allocation(self):
        """Seen to fail with a run that decided nothing taken for one that went well."""
        self._move_on(1)
        self._run_job("ir_cron_crm_collection_letters")
        self._assert_check("letters_run", "warning", "wait for the allocation")
        self._allocate()
        self._run_job("ir_cron_crm_collection_letters")
        self._assert_check("letters_run", "ok")

    def test_no_run_yet(self):
        self._get_run("letters").sudo().unlink()
        self._assert_check("letters_run", "warning", "None yet")

    def _get_run(self, kind):
        return self.env["crm.collection.run"].search(
            [("kind", "=", kind), ("company_id", "=", self.company.id)]
        )

    # === Mail === #

    def test_no_mail_server(self):
        """Odoo's fallback to this very machine is not a mail server somebody set up."""
        self.server_sudo.active = False
        layers = config.options.maps[:-1]
        with patch.dict(layers[0]), patch.dict(layers[1]), patch.dict(layers[3]):
            for layer in layers:
                layer.pop("smtp_server", None)
            self._assert_check("mail_server", "danger", "No outgoing mail server")
            layers[0]["smtp_server"] = "smtp.creditor.example"
            self._assert_check("mail_server", "ok", "smtp.creditor.example")

    def test_no_letter_accepted_yet(self):
        """It is not green, and says nothing of a letter that there was not."""
        self._letters().sudo().write({"state": "cancelled"})
        self._assert_check("mail_accepted", "warning", "yet")

    def test_whose_fault(self):
        """A broken text, a server that refuses and an address that does not work are three
        sentences, each with the door to what mends it; and what nobody knows is a fourth.
        """
        letter_sudo = self._letters().sudo()
        template = letter_sudo.template_id
        letter_sudo.write({"state": "failed", "failure_reason": "It is broken.", "fault": "text"})
        self._assert_check("texts", "danger", "It is broken.")
        self.assertEqual(self._get_check("texts")["action"]["res_id"], template.id)
        self._assert_check("mail_accepted", "warning", "yet")
        letter_sudo.fault = "address"
        self._assert_check("texts", "ok")
        self._assert_check("addresses", "warning", self.customer.name)
        self.assertEqual(self._get_check("addresses")["action"]["res_id"], self.customer.id)
        self._assert_check("mail_accepted", "warning", "yet")
        letter_sudo.write({"fault": "server", "date_failed": fields.Datetime.now()})
        self._assert_check("addresses", "ok")
        self._assert_check("mail_accepted", "danger", "It is broken.")
        self.assertEqual(self._get_check("mail_accepted")["action"]["res_id"], letter_sudo.id)
        administrator = self.env.ref("base.user_admin")
        administrator.sudo().write({"company_ids": [(4, self.company.id)]})
        action = self._get_check("mail_accepted", administrator)["action"]
        self.assertEqual(action["res_model"], "ir.mail_server")
        letter_sudo.write({"state": "uncertain", "fault": False})
        self._assert_check("uncertain", "warning", "log of the mail server")
        letter_sudo.nobody_knows = True
        self._assert_check("uncertain", "ok")

    def test_mail_server_refuses(self):
        """The letters of the day come back: first it is one letter, then it is the server."""
        self._assert_check("mail_accepted", "ok")
        refused = ConnectionRefusedError("relay.creditor.example refuses")
        other = self._create_customer("Other")
        self._create_overdue(6, partner=other)
        self._allocate()
        self._send_letters()
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self._deliver(error=refused)
        self.assertEqual(self._letters(other).state, "failed")
        self._assert_check("mail_accepted", "warning")
        self._letters().sudo().write({"state": "cancelled"})
        self._assert_check("mail_accepted", "danger", "refuses")
        self._letters(other).action_retry()
        self._deliver()
        self._assert_check("mail_accepted", "ok")

    # === Sending, PDF, phases === #

    def test_sending_off(self):
        self.company.collection_auto_send = False
        self._assert_check("auto_send", "warning", "no letter leaves by itself")

    def test_sending_is_asked_of_the_active_company(self):
        company = self.env["res.company"].sudo().create({"name": "Other company"})
        self.collector.sudo().write({"company_ids": [(4, company.id)]})
        status = (
            self.env["crm.collection.status"]
            .with_user(self.collector)
            .with_context(allowed_company_ids=company.ids)
            .get_status()
        )
        checks = {check["key"]: check for check in status["checks"]}
        self.assertEqual(checks["auto_send"]["level"], "warning")
        self.assertEqual(checks["allocation_run"]["level"], "warning")

    def test_no_pdf_engine(self):
        report = self.registry["ir.actions.report"]
        with patch.object(report, "_crm_collection_pdf_engine", lambda self: False):
            self._assert_check("pdf_engine", "warning", "without their PDF")

    def test_phase_not_approved(self):
        approval = self.env["crm.collection.approval.rule"].create({"name": "Four eyes"})
        self.phase_second.approval_rule_id = approval
        self._assert_check("phases", "warning", "Phase 2")
        self.assertEqual(self._get_check("phases")["action"]["res_id"], self.phase_second.id)

    # === Who may, and what opens === #

    def test_plain_user_gets_no_door_he_may_not_use(self):
        """Users may not read scheduled actions: they get the sentence, administrators the door."""
        self.crons_sudo[ALLOCATE].active = False
        self.assertFalse(self._get_check("allocation_job")["action"])
        administrator = self.env.ref("base.user_admin")
        administrator.sudo().write({"company_ids": [(4, self.company.id)]})
        action = self._get_check("allocation_job", administrator)["action"]
        self.assertEqual(action["res_id"], self.crons_sudo[ALLOCATE].id)

    def test_manager_is_shown_the_way_to_turn_sending_on(self):
        self.company.collection_auto_send = False
        self.assertFalse(self._get_check("auto_send")["action"])
        action = self._get_check("auto_send", self.manager)["action"]
        self.assertEqual(action["res_model"], "crm.collection.golive")

    def test_outsiders_may_not_ask(self):
        with self.assertRaises(AccessError):
            self._get_status(self.outsider)

    def test_page(self):
        """The page lists every check, and checks again when asked."""
        action = self.env["crm.collection.status.view"].with_user(self.collector).action_open()
        page = self.env[action["res_model"]].with_user(self.collector).browse(action["res_id"])
        self.assertEqual(page.level, "ok")
        self.assertEqual(len(page.line_ids), len(self._get_status()["checks"]))
        approval = self.env["crm.collection.approval.rule"].create({"name": "Four eyes"})
        self.phase_second.approval_rule_id = approval
        page.action_refresh()
        self.assertEqual(page.level, "warning")
        line = page.line_ids.filtered("has_action")
        self.assertEqual(line.key, "phases")
        self.assertEqual(line.action_open()["res_id"], self.phase_second.id)

    def test_another_module_that_reminds(self):
        """It writes to the same customers: said here, and before letters are switched on."""
        self._assert_check("other_dunning", "ok")
        Module_sudo = self.env["ir.module.module"].sudo()
        Module_sudo.create(
            {"name": "account_credit_control", "shortdesc": "Credit Control", "state": "installed"}
        )
        self._assert_check("other_dunning", "warning", "Credit Control (account_credit_control)")
        golive = self.env["crm.collection.golive"].with_user(self.manager).create({})
        self.assertIn("Credit Control", golive.other_warning)
