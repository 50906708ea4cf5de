from markupsafe import escape

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools.mail import html2plaintext

from .address import EMAIL

TODO = "mail.mail_activity_data_todo"
STATE_FAULTS = {"no_address": "address", "blacklisted": "address", "bounced": "address"}


class CrmCollectionLetter(models.Model):
    """Who is told that a letter did not arrive, and in which words: those of the company's
    people.

    What is about one customer is on a list for each letter. A broken text and a mail server that
    refuses are one matter, however many letters wait for it: they are on a list once.
    """

    _inherit = "crm.collection.letter"

    def _set_problem(self, state, reason=False, will_retry=False, **vals):
        """Keep why letters did not arrive, and put them on somebody's list.

        :param vals: what else is known: ``fault``, ``failure_detail``
        """
        by_reason = self.grouped(lambda letter: letter._get_state_reason(state) or reason or "")
        for said, letters in by_reason.items():
            letters.write(
                {
                    "fault": STATE_FAULTS.get(state, False),
                    "failure_detail": False,
                    "date_failed": state == "failed" and fields.Datetime.now(),
                    **vals,
                    "state": state,
                    "failure_reason": said[:500],
                    "will_retry": will_retry,
                }
            )
        if state in ("bounced", "failed"):
            self.filtered(lambda letter: letter.fault == "address")._note_tried()
        for letter in self:
            letter._put_on_list()

    def _get_state_reason(self, state):
        """:return: why a letter has nobody to go to"""
        env = self._in_office_language().env
        if state == "blacklisted":
            return env._("The address is on the blacklist.")
        if state != "no_address":
            return False
        chain, channels = self._get_chain(), self.with_env(env)._get_channels()
        if chain != [EMAIL]:
            names = ", ".join(channels[one] for one in chain)
            said = env._("None of the customer's contacts can be reached by: %s.", names)
            return f"{said} {self.passed_over or ''}".strip()
        if self.passed_over:
            return self.passed_over
        if not self.partner_id.email:
            return env._("The customer has no e-mail address.")
        return env._("This is no valid e-mail address: %s. Correct it.", self.partner_id.email)

    # === Somebody's list === #

    def _put_on_list(self):
        """Of what is on it already stays what says the same."""
        self.ensure_one()
        user, summary = self._get_reader(), self._get_summary()
        old = self.activity_search([TODO])
        same = old.filtered(lambda activity: self._is_said(activity, user, summary))[:1]
        (old - same).unlink()
        if same or self._is_told(user, summary):
            return
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            TODO, summary=summary, note=escape(self.failure_reason or ""), user_id=user.id
        )

    def _get_summary(self):
        env = self._in_office_language().env
        if self.state == "uncertain":
            return env._("Did this letter arrive?")
        if self.fault == "text":
            return env._("Mend the text: letters cannot be written")
        if self.fault == "server":
            return env._("Letters wait for the mail server")
        return env._("The letter did not arrive")

    def _get_reader(self):
        """:return: who works the letter; of a text that is broken, who may change it"""
        if self.fault == "text":
            template = self.template_id
            asked = self.company_id.collection_manager_id | self._get_managers() | self.user_id
            for user in asked.filtered(self._is_workable_by):
                if template.with_user(user).has_access("write"):
                    return user
        return self._get_responsible()

    def _is_told(self, user, summary):
        """Whether somebody has the same matter on his list with another letter: one that failed,
        or that is on its way again and may fail once more."""
        if self.state != "failed" or self.fault not in ("text", "server"):
            return False
        if self.fault == "server" and self.env["crm.collection.fuse"]._is_told(self._get_manager()):
            return True
        activities_sudo = self.env["mail.activity"].sudo()
        told = activities_sudo.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "not in", self.ids),
                ("user_id", "=", user.id),
                ("summary", "=", summary),
            ]
        ).filtered(lambda activity: self._is_said(activity, user, summary))
        return self.company_id in self.browse(told.mapped("res_id")).company_id

    def _leave_to_alarm(self):
        """The manager has the mail server on his list: letters of these companies that wait for
        it are on nobody's beside that."""
        waiting = self.search(
            Domain("company_id", "in", self.company_id.ids)
            & Domain("state", "=", "failed")
            & Domain("fault", "=", "server")
            & Domain("will_retry", "=", True)
        )
        waiting.activity_unlink([TODO])

    def _is_said(self, activity, user, summary):
        return (
            activity.user_id == user
            and activity.summary == summary
            and html2plaintext(activity.note or "").split() == self.failure_reason.split()
        )
