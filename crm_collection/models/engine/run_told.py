import logging

from markupsafe import Markup

from odoo import fields, models

_logger = logging.getLogger(__name__)


class CrmCollectionRun(models.Model):
    """Who is told of a job that failed or left something out: nobody was there when it ran."""

    _inherit = "crm.collection.run"

    is_told = fields.Boolean(
        readonly=True, help="The collection manager was told of a failure or of exceptions."
    )

    def _finish(self, state, message=False):
        # EXTENDS 'crm.collection.run': it commits, and the telling with it
        if state == "failed" or self.exception_count and self._get_untold():
            self._tell_safely(state, message)
        return super()._finish(state, message)

    def _tell_safely(self, state, message):
        """What the job did is kept, and the next company is worked on, whatever comes of it."""
        try:
            with self.env.cr.savepoint():
                self._tell_manager_once(state, message)
        except Exception:
            self.env.invalidate_all(flush=False)
            _logger.exception("Nobody was told of the run %s", self.id)

    def _get_untold(self):
        """:return: the exceptions that nobody has on his list"""
        exceptions = self.line_ids.filtered(lambda line: line.kind == "exception")
        return exceptions.filtered(lambda line: not line.is_task)

    def _tell_manager_once(self, state, message):
        """Tell the company's collection manager, else one of its managers, once a day: a job that
        fails is tried again every hour."""
        letter = self.env["crm.collection.letter"].new({"company_id": self.company_id.id})
        manager_sudo = letter._get_manager().sudo()
        if self.is_told or not manager_sudo:
            return
        self.is_told = True
        run = self.with_context(lang=manager_sudo.lang)
        subject, text = run._get_told(state)
        said = Markup("<p>%s</p>") % (message or "")
        self.env["mail.thread"].with_context(mail_notify_force_send=False).message_notify(
            partner_ids=manager_sudo.partner_id.ids,
            subject=subject,
            body=Markup('<p>%s <a href="%s">%s</a></p>%s')
            % (text, run._get_link(), run.display_name, said if message else ""),
            email_add_signature=False,
        )

    def _get_told(self, state):
        """:return: subject and text, in the language of the context"""
        values = {"job": self.display_name, "company": self.company_id.name}
        if state == "failed":
            return (
                self.env._("%(company)s: failed: %(job)s", **values),
                self.env._(
                    "The job failed for this company. It is tried again every hour; what it had "
                    "done until then is kept."
                ),
            )
        return (
            self.env._("%(company)s: with exceptions: %(job)s", **values),
            self.env._(
                "Exceptions: %s. What could not be done is left as it was, and tried again by the "
                "next run; the log names each.",
                len(self._get_untold()),
            ),
        )

    def _get_link(self):
        return f"{self.get_base_url()}/odoo/{self._name}/{self.id}"
