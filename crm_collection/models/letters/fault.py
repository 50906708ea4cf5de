import hashlib
import logging
import re

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.mail import email_normalize_all

from ...tools import smtp_answer
from .address import EMAIL
from .mail_render_mixin import TextRefused

_logger = logging.getLogger(__name__)

FAULTS = [
    ("text", "Our text"),
    ("server", "Our mail server"),
    ("address", "Their address"),
]
# So many letters in a row with the same answer at different places: the answer is not about them.
SAME_IN_A_ROW = 3
# What a letter's text is made of, in its template.
TEXT_FIELDS = ("subject", "body_html", "email_from", "email_to", "email_cc", "reply_to", "lang")
FILE_PATH = re.compile(r"""(?<![\w<])(?:/[^\s/'",:;<>]+){2,}""")


class CrmCollectionLetter(models.Model):
    """Whose fault it is that a letter reached nobody, who is told, and when it is tried again.

    Our text (it cannot be written), our mail server (or what it says of our sender, size or
    standing), or their address. The first two are mended once for all letters: the job tries
    again, and one person is told once. An address is tried again when it is another one.
    """

    _inherit = "crm.collection.letter"

    fault = fields.Selection(
        selection=FAULTS,
        readonly=True,
        help="What has to be mended: our text (the letter cannot be written), our mail server (it "
        "cannot be reached, or refuses what is ours) or their address.",
    )
    failure_detail = fields.Text(
        string="In Its Own Words", readonly=True, help="What the server or the program said."
    )
    date_failed = fields.Datetime(string="Failed on", readonly=True)
    text_tried = fields.Char(readonly=True, help="A checksum of the text that was broken.")

    # === Failures === #

    def _set_failed(self, reason, failure_type=None):
        """The mail system could not deliver.

        :param reason: what it noted of the exception
        """
        self.ensure_one()
        states = {"mail_bl": "blacklisted", "mail_email_missing": "no_address"}
        state, answer = states.get(failure_type), smtp_answer.judge(reason, failure_type)
        if answer.is_open and self.delivery_started and not state:
            return self._set_interrupted()
        self.delivery_started = False
        if state:
            return self._set_problem(state)
        if answer.fault == "address" and (others := self._find_same_answer(answer)):
            answer = answer._replace(fault="server", kind="everybody")
            others.filtered(lambda letter: letter.fault == "address")._set_refused(answer)
        return self._set_refused(answer)

    def _set_refused(self, answer):
        for letter in self:
            env = letter._in_office_language().env
            letter._set_problem(
                "failed",
                letter._get_refusal(env, answer.kind),
                fault=answer.fault,
                will_retry=answer.fault == "server",
                failure_detail=letter.failure_detail
                if answer.kind == "everybody" and letter.failure_detail
                else answer.describe(),
            )

    def _get_refusal(self, env, kind):
        """:return: what went wrong and what mends it, in a sentence"""
        address = ", ".join(email_normalize_all(self.email_to or ""))
        return {
            "connection": env._("The mail server cannot be reached."),
            "login": env._("The mail server refuses our login: check user and password."),
            "sender": env._(
                "The mail server does not take mail from our sender: check the addresses of "
                "company and collector."
            ),
            "later": env._("The mail server asks to try again later."),
            "size": env._(
                "The mail server takes no mail of this size, or not so much: check its limits."
            ),
            "policy": env._(
                "The mail server does not take mail from us: check its rules, and whether it is "
                "on a blacklist."
            ),
            "everybody": env._(
                "The mail server gives the same answer to all addresses: it is not the "
                "customer's address, check the mail server."
            ),
            "unknown": env._("There is no such address: %s. Correct it.", address),
            "full": env._("The mailbox is full: %s. Use another address, or ask.", address),
            "invalid": env._("This is no valid e-mail address: %s. Correct it.", address),
        }.get(kind) or env._("The mail server does not take the letter.")

    def _find_same_answer(self, answer):
        """:return: the letters right before this one where the server gave the same answer about
        other places, if they are so many that it is not about these; else none

        A mailbox that is full is another place, of an address that is unknown its domain is.
        """
        self.flush_model(["state", "fault", "date_failed", "date_sent"])
        of_day = Domain("company_id", "=", self.company_id.id) & Domain("date", "=", self.date)
        sent = of_day & Domain("date_sent", "!=", False) & Domain("email_to", "!=", False)
        last = self.search(sent, limit=1, order="date_sent desc")
        since = Domain("date_failed", ">", last.date_sent) if last else Domain.TRUE
        others = self.search(
            of_day & since & Domain("state", "=", "failed") & Domain("id", "!=", self.id),
            limit=SAME_IN_A_ROW - 1,
            order="date_failed desc, id desc",
        )
        answers = [smtp_answer.judge(letter.failure_detail) for letter in others]
        places = {letter._get_place(answer) for letter in others | self}
        in_a_row = len(places) == SAME_IN_A_ROW and all(map(answer.is_same, answers))
        return others if in_a_row else self.browse()

    def _get_place(self, answer):
        address = ",".join(email_normalize_all(self.email_to or ""))
        return address if answer.kind == "full" else address.rpartition("@")[2]

    # === Our text === #

    def _set_unwritable(self, error, run=None):
        """The letter cannot be written: its text is broken, or what belongs to it."""
        self.ensure_one()
        _logger.info("Letter %s could not be written: %s", self.id, error)
        cause = _get_cause(error)
        env = self._in_office_language().env
        names = {"letter": self.template_id.name or "-", "phase": self.phase_id.name or "-"}
        if isinstance(cause, (OSError, MemoryError)):  # a full disk is not the text's fault
            fault, reason = "server", env._("Our server could not write the letter.")
        else:
            fault, reason = (
                "text",
                env._("The text “%(letter)s” of the phase “%(phase)s” cannot be written.", **names),
            )
        detail = _describe(cause, env)
        self._set_problem("failed", reason, will_retry=True, fault=fault, failure_detail=detail)
        self.text_tried = fault == "text" and self._get_text_key()
        if run:
            run._log_exception(f"{reason} {detail}", partner_id=self.partner_id.id, is_task=True)

    def _get_text_key(self):
        """:return: a checksum of the text the letter would have now"""
        template = self._get_expected_template().sudo()
        values = [template.id, template.report_template_ids.ids]
        for name in TEXT_FIELDS if template else ():
            field = template._fields[name]
            values.append(
                field._get_stored_translations(template) if field.translate else template[name]
            )
        return hashlib.sha256(repr(values).encode()).hexdigest()

    def _get_expected_template(self):
        """:return: the text its phase has for the letter now, else the one it was written with"""
        expected = self.phase_id._get_letter(self.step_id, self.partner_id, self.date)
        return expected or self.template_id

    def _get_expected_templates(self):
        return self.env["mail.template"].union(
            *(letter._get_expected_template() for letter in self)
        )

    # === Trying again === #

    def _is_recovered(self):
        """Whether what kept a letter from reaching anybody may be mended, so that the job tries
        again."""
        self.ensure_one()
        if self.state in ("no_address", "blacklisted"):
            return not self._get_route().problem
        if self.state != "failed":
            return False
        if self.fault == "address":
            return self._is_elsewhere(self._get_route())
        if self.fault == "text":
            # each day once, too: other things may be wrong than the text itself
            today = self.company_id._get_collection_today()
            return self.date < today or self.text_tried != self._get_text_key()
        return self.will_retry

    def _is_elsewhere(self, route):
        """Whether a route leads to another address than the one the letter failed at."""
        channel = self.channel or EMAIL
        used = self.email_to if channel == EMAIL else self.address
        tried = channel, self._get_keys(channel, used)
        return not route.problem and tried != (
            route.channel,
            self._get_keys(route.channel, route.address),
        )


def _get_cause(error):
    """:return: what was raised first; what came of it tells of our templates and their places"""
    while error.__cause__ or (error.__context__ and not error.__suppress_context__):
        error = error.__cause__ or error.__context__
    return error


def _describe(error, env):
    """:return: an exception in one line, without places on our server; what is said to people is in
    their language, and without its name"""
    if isinstance(error, TextRefused):
        return env["mail.render.mixin"]._describe_faults(error.faults)[:500]
    said = (isinstance(error, OSError) and error.strerror) or str(error)
    said = FILE_PATH.sub("…", " ".join(said.split()))
    if isinstance(error, UserError):
        return said[:500]
    return f"{type(error).__name__}: {said}"[:500]
