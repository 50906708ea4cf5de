from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from .letter import NO_FAILURE


class CrmCollectionLetter(models.Model):
    """Letters of which nobody knows whether they left: handed over, and no answer.

    They count as letters that reached the customer until somebody says otherwise, and leave a
    second time by :meth:`action_not_arrived` alone. What is needed to look for the mail in the
    log of the mail server is on the letter, and each answer is in its chatter.
    """

    _inherit = "crm.collection.letter"

    nobody_knows = fields.Boolean(
        readonly=True,
        help="Somebody looked, and it cannot be told whether the letter left: it counts as one "
        "that may have arrived. The answer can still be given.",
    )

    # === Actions === #

    def action_arrived(self):
        """It left: the letter is sent, as of the time it was handed over."""
        letters_sudo = self._get_uncertain()
        letters_sudo._log_answer(lambda env: env._("It arrived."))
        for letter in letters_sudo:
            letter.date_sent = letter.delivery_started or fields.Datetime.now()
        letters_sudo.write({**NO_FAILURE, "state": "sent"})
        letters_sudo.mail_id.write({"state": "sent", "failure_reason": False})
        letters_sudo.activity_unlink(["mail.mail_activity_data_todo"])

    def action_not_arrived(self):
        """It did not leave: it goes again, as a mail of its own. Whoever asks for this has to be
        asked before: where he is mistaken, the customer has it twice."""
        letters_sudo = self._get_uncertain()
        letters_sudo._log_answer(lambda env: env._("It did not arrive: it is sent again."))
        letters_sudo.activity_unlink(["mail.mail_activity_data_todo"])
        letters_sudo._send_again()

    def action_nobody_knows(self):
        """It cannot be found out: the letter may have arrived, and nobody is asked any more."""
        letters_sudo = self._get_uncertain().filtered(lambda letter: not letter.nobody_knows)
        letters_sudo._log_answer(lambda env: env._("Nobody knows whether it arrived."))
        letters_sudo.nobody_knows = True
        letters_sudo.activity_unlink(["mail.mail_activity_data_todo"])

    def _get_uncertain(self):
        """:return: those of the letters that may be answered about, as superuser: the state is the
        engine's
        :raise UserError: there are none"""
        self._check_user()
        letters = self.filtered(lambda letter: letter.state == "uncertain")
        if not letters:
            raise UserError(
                self.env._("It is known of these letters whether they left: there is no question.")
            )
        return letters.sudo()

    def _check_certain(self):
        """:raise UserError: a letter that may have left is sent again, or called cancelled,
        without the question"""
        uncertain = self.filtered(lambda letter: letter._may_have_left())
        if uncertain:
            raise UserError(
                self.env._(
                    "Nobody knows whether this letter left: %s. Say first whether it arrived.",
                    ", ".join(uncertain[:5].mapped("display_name")),
                )
            )

    def _may_have_left(self):
        """Whether a letter was handed to the mail server, and there is no answer yet."""
        self.ensure_one()
        handed_over = self.state == "outgoing" and self.delivery_started
        return bool(self.state == "uncertain" or handed_over)

    # === States === #

    def _set_interrupted(self):
        """Handed over, and no answer: nobody knows whether it left, so it is not sent again."""
        self.nobody_knows = False
        for letter in self:
            env = letter._in_office_language().env
            letter._set_problem(
                "uncertain",
                env._(
                    "Handed over on %s, and the mail server's answer is missing: look for it in "
                    "the log of the mail server.",
                    letter._format_handed_over(),
                ),
            )

    def _format_handed_over(self):
        """:return: when the letter was handed over, as the company's people write it, and by which
        clock: the log of a mail server may have another"""
        letter = self._in_office_language()
        zone = letter.company_id._get_collection_tz()
        moment = format_datetime(letter.env, letter.delivery_started, tz=zone, dt_format="medium")
        return f"{moment} ({zone})"

    def _log_answer(self, say):
        """Keep who said what about letters, and what was known of the mail he spoke of.

        :param say: function of an environment, in whose language it answers with the sentence
        """
        bodies = {}
        for letter in self:
            env = letter._in_office_language().env
            facts = env._(
                "Handed over on %(time)s to %(recipient)s with Message-Id %(identifier)s.",
                time=letter._format_handed_over(),
                recipient=letter.email_to or "",
                identifier=letter.mail_identifier or "-",
            )
            bodies[letter.id] = Markup("%s<br/>%s") % (say(env), facts)
        if bodies:
            self._message_log_batch(bodies=bodies)
