from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import config, format_date, format_datetime
from odoo.tools.mail import email_normalize

SEVERITY = ["ok", "warning", "danger"]
# A job that should have started this long ago is not being started at all.
LATE = relativedelta(hours=2)
RECENT_DAYS = 7  # letters without their files are told of for so long


class CrmCollectionStatus(models.AbstractModel):
    """Says in plain words whether the collection process works, and what keeps it from it.

    Whoever reads the runs may ask; what the user may not read himself (scheduled actions, mail
    servers) is told as a sentence, never as a record.
    """

    _name = "crm.collection.status"
    _description = "Collection Service Status"

    @api.model
    @api.readonly
    def get_status(self):
        """The state of the process in the active company.

        :return: ``{"level": "ok|warning|danger", "checks": [{"key", "level", "title",
            "message", "action"}]}``, where ``action`` opens what mends it, if the user may.
        """
        self.env["crm.collection.run"].check_access("read")
        checks = [
            self._check_job(
                "allocation_job",
                self.env._("Allocation job"),
                "crm_collection.ir_cron_crm_collection_allocate",
            ),
            self._check_run("allocation_run", self.env._("Last allocation"), "allocation"),
            self._check_clock(),
            self._check_auto_send(),
            self._check_live(),
            self._check_job(
                "letters_job",
                self.env._("Letters job"),
                "crm_collection.ir_cron_crm_collection_letters",
            ),
            self._check_run("letters_run", self.env._("Last letters"), "letters"),
            self._check_mail_server(),
            self._check_sender(),
            *self._get_letter_checks(),
            *self._get_forewarning_checks(),
            self._check_job(
                "mail_queue_job",
                self.env._("Mail queue"),
                "mail.ir_cron_mail_scheduler_action",
            ),
            self._check_pdf_engine(),
            self._check_phases(),
            self._check_other_dunning(),
        ]
        level = max((check["level"] for check in checks), key=SEVERITY.index)
        return {"level": level, "checks": checks}

    # === Checks === #

    def _get_forewarning_checks(self):
        """The job that tells what leaves tomorrow, where the company wants it."""
        if not self.env.company.collection_forewarn:
            return []
        xmlid = "crm_collection.ir_cron_crm_collection_forewarn"
        return [self._check_job("forewarning_job", self.env._("Forewarning job"), xmlid)]

    def _check_job(self, key, title, xmlid):
        """Whether a scheduled action is there, active, in time and not failing."""
        # Scheduled actions are readable by administrators only.
        cron_sudo = self.env.ref(xmlid, raise_if_not_found=False)
        cron_sudo = cron_sudo and cron_sudo.sudo()
        if not cron_sudo:
            return self._get_check(key, title, "danger", self.env._("The job does not exist."))
        action = self._get_action("ir.cron", cron_sudo)
        level, message = self._get_job_state(cron_sudo)
        return self._get_check(key, title, level, message, action)

    def _get_job_state(self, cron_sudo):
        """:return: the level and the sentence on an existing scheduled action."""
        last = cron_sudo.lastcall and self._format(cron_sudo.lastcall)
        due = self._format(cron_sudo.nextcall)
        if not cron_sudo.active:
            return "danger", self.env._("The job is switched off: nothing is done by itself.")
        if cron_sudo.failure_count:
            return "danger", self.env._(
                "The job fails: %(count)s times in a row, last success %(last)s.",
                count=cron_sudo.failure_count,
                last=last or self.env._("never"),
            )
        if cron_sudo.nextcall < fields.Datetime.now() - LATE:
            return "danger", self.env._(
                "The job should have run at %(due)s and did not (last run: %(last)s). Does the "
                "server run scheduled actions?",
                due=due,
                last=last or self.env._("never"),
            )
        if not last:
            return "warning", self.env._("The job has not run yet; it will at %s.", due)
        return "ok", self.env._("Last run %(last)s, next run %(due)s.", last=last, due=due)

    def _check_run(self, key, title, kind):
        """How the last run of one kind went in this company."""
        run = self.env["crm.collection.run"].search(
            [("kind", "=", kind), ("company_id", "=", self.env.company.id)],
            order="date desc, id desc",
            limit=1,
        )
        level, message = self._get_run_state(run)
        return self._get_check(key, title, level, message, self._get_action(run._name, run))

    def _get_run_state(self, run):
        """:return: the level and the sentence on the last run (may be none)."""
        day = format_date(self.env, run.date)
        if not run:
            return "warning", self.env._("None yet for %s.", self.env.company.name)
        if run.state == "failed":
            return "danger", self.env._(
                "The run of %(day)s failed: %(error)s", day=day, error=run.message or ""
            )
        if run.state != "done":
            return self._get_unfinished_state(run, day)
        if run.exception_count:
            return "warning", self.env._(
                "The run of %(day)s went through with %(count)s exceptions; they are tried again.",
                day=day,
                count=run.exception_count,
            )
        return "ok", self.env._("The run of %s went well.", day)

    def _get_unfinished_state(self, run, day):
        """:return: the level and the sentence on a run that has not come to its end"""
        if run.state == "waiting":
            return self._get_waiting_state(run, day)
        stopped_at = run.date_start if run.state == "running" else run.date_end
        if stopped_at and stopped_at > fields.Datetime.now() - LATE:
            return "ok", self.env._("The run of %s is on its way.", day)
        return "warning", self.env._(
            "The run of %s was interrupted; the job goes on where it stopped.", day
        )

    def _get_waiting_state(self, run, day):
        """:return: the level and the sentence on a letters job that has not decided"""
        if not run.company_id._is_collection_letter_day(run.date):  # as the company wants it
            return "ok", self.env._("The run of %s waits for the next working day.", day)
        message = run.company_id._explain_collection_bank()
        return "warning", message or self.env._(
            "The letters of %s wait for the allocation of that day; the job tries again by itself.",
            day,
        )

    def _check_auto_send(self):
        company = self.env.company
        if company.collection_auto_send:
            level, message = "ok", self.env._("On for %s.", company.name)
        else:
            level = "warning"
            message = self.env._("Off for %s: no letter leaves by itself.", company.name)
        return self._get_check(
            "auto_send",
            self.env._("Automatic sending"),
            level,
            message,
            self._get_action("crm.collection.golive"),
        )

    def _check_mail_server(self):
        """Whether somebody set up where outgoing mail goes; Odoo's fallback is no answer."""
        # Mail servers are readable by administrators only.
        server_sudo = self.env["ir.mail_server"].sudo().search([], order="sequence, id", limit=1)
        host = server_sudo.smtp_host or self._get_configured_smtp_host()
        if host:
            level, message = "ok", self.env._("Mail leaves through %s.", host)
        else:
            level = "danger"
            message = self.env._("No outgoing mail server is set up: letters cannot leave.")
        return self._get_check(
            "mail_server",
            self.env._("Outgoing mail"),
            level,
            message,
            self._get_action("ir.mail_server"),
        )

    def _check_sender(self):
        """Whether letters without a collector have somebody to come from."""
        company = self.env.company
        if email_normalize(company.email_formatted):
            level, message = "ok", self.env._("Letters come from %s.", company.email_formatted)
        else:
            level = "danger"
            message = self.env._(
                "%s has no e-mail address: customers do not see who writes to them, and mail "
                "servers may refuse the letters.",
                company.name,
            )
        action = company.has_access("write") and self._get_action(company._name, company)
        return self._get_check("sender", self.env._("Sender"), level, message, action)

    def _get_configured_smtp_host(self):
        """:return: the server of Odoo's configuration, if it is there on purpose."""
        host = config["smtp_server"]
        chosen = any("smtp_server" in source for source in config.options.maps[:-1])
        return host if chosen else False

    def _check_pdf_engine(self):
        engine = self.env["ir.actions.report"]._crm_collection_pdf_engine()
        if engine:
            level, message = "ok", self.env._("Letters are printed by %s.", engine)
        else:
            level = "warning"
            message = self.env._("No PDF engine is found: letters leave without their PDF.")
        without = self._get_letters_without_files()
        if engine and without:
            level = "warning"
            message = self.env._(
                "Letters of the last days that left without a PDF or an invoice that was to go "
                "with them, because it could not be printed: %s.",
                len(without),
            )
        action = self._get_action("crm.collection.letter", without)
        return self._get_check("pdf_engine", self.env._("PDF engine"), level, message, action)

    def _get_letters_without_files(self):
        """:return: the letters of the last days that lack a file that was promised"""
        company = self.env.company
        since = company._get_collection_today() - relativedelta(days=RECENT_DAYS)
        domain = Domain("company_id", "=", company.id) & Domain("date", ">=", since)
        lacks = Domain("pdf_missing", "=", True) | Domain("missing_invoices", "!=", False)
        gone = Domain("state", "in", ("outgoing", "sent"))
        return self.env["crm.collection.letter"].search(domain & lacks & gone)

    def _check_phases(self):
        """Phases that the rules of the company lead to and that must not act."""
        phases = (
            self.env["crm.collection.rule.step"]
            .search(
                Domain("rule_id.active", "=", True)
                & Domain("company_id", "in", [False, *self.env.company.sudo().parent_ids.ids])
            )
            .phase_id.filtered(lambda phase: not phase.can_act)
        )
        if phases:
            level = "warning"
            message = self.env._(
                "Used by sending rules but not approved or archived, so skipped: %s.",
                ", ".join(phases.mapped("name")),
            )
        else:
            level, message = "ok", self.env._("Every phase of the sending rules may act.")
        action = self._get_action("crm.collection.phase", phases)
        return self._get_check("phases", self.env._("Phases"), level, message, action)

    # === Helpers === #

    def _format(self, moment):
        return format_datetime(self.env, moment, dt_format="short")

    def _get_check(self, key, title, level, message, action=False):
        return {
            "key": key,
            "level": level,
            "title": title,
            "message": message,
            "action": action if level != "ok" else False,
        }

    def _get_action(self, model_name, records=None):
        """:return: the action that opens what mends a check, if the user may use it."""
        model = self.env[model_name]
        if not model.has_access("read" if records else "create"):
            return False
        action = {
            "type": "ir.actions.act_window",
            "name": self.env["ir.model"]._get(model_name).name,  # in the user's language
            "res_model": model_name,
            "views": [(False, "list"), (False, "form")],
            "context": {"active_test": False},
        }
        if model._transient:
            action.update(views=[(False, "form")], target="new")
        elif records and len(records) == 1:
            action.update(views=[(False, "form")], res_id=records.id)
        elif records:
            action.update(domain=[("id", "in", records.ids)])
        return action
