import logging
import time
from datetime import timedelta
from functools import partial

from markupsafe import escape
from psycopg2.errorcodes import UNIQUE_VIOLATION

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_datetime

from ...tools import smtp_answer
from ...tools.retry import RETRIED, in_transaction

_logger = logging.getLogger(__name__)

# Letters in a row that the server did not take: then nothing more is handed to it for a while.
LIMIT = 3
# A failure that took this long is not repeated: the scheduler ends jobs after two minutes.
SLOW = 10
# Minutes to the next attempt, with one letter; the last one again and again.
PAUSES = (1, 2, 5, 10, 20, 60)


class Sending:
    """What one call of the mail queue has come to so far, over all its connections."""

    def __init__(self, commit):
        self.commit = commit
        self.tried = set()  # ids of the mails that had their turn
        self.waiting = None  # mails for the server that is spoken to
        self.restart()

    def restart(self, waiting=None):
        """Begin with a session, or with a letter in it."""
        self.waiting = self.waiting if waiting is None else waiting
        self.refusal = False  # why the server could not be spoken to
        self.begun = time.monotonic()

    def get_seconds(self):
        """:return: how long that has taken"""
        return time.monotonic() - self.begun


class CrmCollectionFuse(models.Model):
    """A mail server, and whether letters are handed to it.

    Where it takes none of three letters in a row, the others stay in the queue: it is tried again
    with one letter, after pauses that grow, and with all once it took one. Meanwhile one activity
    tells each company's manager; it goes when the server works again. Written by the mail queue
    alone.
    """

    _name = "crm.collection.fuse"
    _inherit = ["crm.collection.thread", "mail.activity.mixin"]
    _description = "Letters by Mail Server"
    _order = "state desc, date_open desc, id desc"
    _mail_post_access = "read"  # whoever sees it sees its alarm, and says what he knows

    name = fields.Char(string="Mail Server", required=True, readonly=True)
    mail_server_id = fields.Many2one(
        comodel_name="ir.mail_server",
        string="Settings",
        readonly=True,
        ondelete="cascade",
        groups="base.group_system",
        help="Empty: the mail server of Odoo's configuration.",
    )
    state = fields.Selection(
        selection=[("closed", "Takes letters"), ("open", "Stopped")],
        default="closed",
        required=True,
        readonly=True,
    )
    failures = fields.Integer(
        string="Failures in a Row", aggregator=None, readonly=True, help="None of them was taken."
    )
    attempts = fields.Integer(
        string="Attempts since", aggregator=None, readonly=True, help="Each with one letter."
    )
    date_open = fields.Datetime(string="Stopped on", readonly=True)
    date_next_try = fields.Datetime(string="Next Attempt", readonly=True)
    reason = fields.Char(string="What the Server Says", readonly=True)
    letter_count = fields.Integer(
        string="Letters in the Queue",
        compute="_compute_letter_count",
        aggregator=None,
        help="Of the active companies.",
    )

    _server_uniq = models.UniqueIndex("(COALESCE(mail_server_id, 0))")

    @api.depends_context("allowed_company_ids")
    def _compute_letter_count(self):
        waiting = [("state", "=", "outgoing"), ("company_id", "in", self.env.companies.ids)]
        self.letter_count = self.env["crm.collection.letter"].search_count(waiting)

    # === Actions === #

    def action_try_now(self):
        """Have the mail server tried again at once."""
        if not self.env.user.has_group("crm_collection.group_crm_collection_user"):
            raise AccessError(self.env._("Only collection users send letters."))
        fuses_sudo = self.sudo()  # the mail queue's; the user's right was checked
        fuses_sudo.filtered(lambda fuse: fuse.state == "open").date_next_try = fields.Datetime.now()
        self.env["mail.mail"]._trigger_queue()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "The server gets one letter within a minute; reload to see what it says."
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === Asked by the mail queue === #

    @api.model
    def _find(self, server_id):
        return self.sudo().search([("mail_server_id", "=", server_id or False)], limit=1)

    @api.model
    def _count_allowed(self, server_id):
        """:return: how many letters may be handed to the server now; ``None`` for all"""
        fuse = self._find(server_id)
        if fuse.state != "open":
            return None
        return int(fuse.date_next_try <= fields.Datetime.now())

    @api.model
    def _begin_attempt(self, server_id):
        """Of all senders one tries a server that is stopped, with one letter. The next pause
        begins before it does: a server that hangs may cost the process.

        :return: whether it is this one
        """
        fuse = self._find(server_id)
        if fuse.state != "open" or fuse.date_next_try > fields.Datetime.now():
            return fuse.state != "open"
        fuse.attempts += 1
        fuse._put_off()
        return True

    def _put_off(self):
        minutes = PAUSES[min(self.attempts, len(PAUSES) - 1)]
        self.date_next_try = fields.Datetime.now() + timedelta(minutes=minutes)
        self.env["mail.mail"]._trigger_queue(self.date_next_try)

    # === Told by the mail queue === #

    @api.model
    def _note_failure(self, server_id, reason, letters, sending):
        """The server did not take a letter, for no fault of the letter's or its address's.

        :param letters: those that wait for this server, whose companies are told
        """
        slow = sending.get_seconds() > SLOW
        fail = partial(self._fail, server_id, reason, letters, slow)
        # who makes the same row at the same time finds it the next time
        retried = (*RETRIED, UNIQUE_VIOLATION)
        in_transaction(self.env, fail, commit=sending.commit, retried=retried)

    def _fail(self, server_id, reason, letters, slow):
        fuse = self._find(server_id) or self.sudo().create(
            {"mail_server_id": server_id, "name": self._get_server_name(server_id)}
        )
        fuse.failures += LIMIT if slow else 1
        fuse.reason = smtp_answer.judge(reason).describe()[:500]  # without the program around it
        if fuse.state == "closed" and fuse.failures >= LIMIT:
            _logger.info("Letters to %s are stopped: %s", fuse.name, fuse.reason)
            fuse.write({"state": "open", "date_open": fields.Datetime.now(), "attempts": 0})
            fuse._put_off()
        if fuse.state == "open":
            fuse._tell(letters)

    @api.model
    def _get_server_name(self, server_id):
        server_sudo = self.env["ir.mail_server"].sudo().browse(server_id or [])
        return server_sudo.smtp_host or server_sudo.name or self.env._("Odoo's configuration")

    @api.model
    def _note_success(self, server_id, sending):
        """The server answers as it should: whatever was wrong is over."""
        fuse = self._find(server_id)
        if fuse.failures or fuse.state == "open":
            in_transaction(self.env, self._close, server_id, commit=sending.commit)

    def _close(self, server_id):
        fuse = self._find(server_id)
        if fuse.state == "open":
            _logger.info("%s takes letters again", fuse.name)
        fuse.write({"state": "closed", "failures": 0, "attempts": 0, "date_next_try": False})
        fuse._get_alarms().unlink()

    # === Alarm === #

    def _get_alarms(self):
        domain = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        return self.env["mail.activity"].sudo().search(domain)

    def _tell(self, letters):
        """One activity for each company's manager, whatever number of letters waits; one that is
        there says what is true now."""
        alarms = self._get_alarms()
        told = {alarm.user_id: alarm for alarm in alarms}
        for of_company in letters.grouped("company_id").values():
            manager = of_company[0]._get_manager()
            if not manager:
                continue
            note = escape(self._describe(manager))
            if alarm := told.get(manager):
                alarm.note = note
                continue
            told[manager] = self.with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.with_context(lang=manager.lang).env._(
                    "The mail server takes no letters"
                ),
                note=note,
                user_id=manager.id,
            )
        letters._leave_to_alarm()

    @api.model
    def _is_told(self, manager):
        """Whether somebody has a mail server that takes no letters on his list."""
        stopped = self.sudo().search([("state", "=", "open")])
        return manager in stopped._get_alarms().user_id

    def _describe(self, user):
        """:return: what is wrong, for somebody to read"""
        there = self.with_context(lang=user.lang)
        when = partial(format_datetime, there.env, tz=user.tz, dt_format="short")
        return there.env._(
            "%(server)s takes no letters since %(since)s: %(reason)s. They stay in the queue; the "
            "next attempt is at %(next)s. Nothing is lost, and this goes by itself when it works "
            "again.",
            server=self.name,
            since=when(self.date_open),
            reason=self.reason or "",
            next=when(self.date_next_try),
        )
