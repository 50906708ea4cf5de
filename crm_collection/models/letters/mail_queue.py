import logging
import smtplib
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial

import psycopg2

from odoo import api, fields, models, modules
from odoo.exceptions import LockError
from odoo.fields import Domain

from ...tools.retry import MAX_TRIES, RETRIED, in_transaction, start_anew
from ...tools.smtp import Watch, is_alive
from ..evidence.evidence import WRITING
from . import queue_queries
from .fuse import PAUSES, Sending

_logger = logging.getLogger(__name__)

# Seconds the queue goes on after the ten of Odoo's scheduler, which ends jobs after two minutes:
# a server may let the last letter wait for one.
PATIENCE = 20
# When letters that others were working on are tried again.
COME_BACK_AFTER = timedelta(minutes=1)


class Stale(smtplib.SMTPServerDisconnected):
    """Somebody paid while the letter was handed over. Of the session's errors: those core leaves
    to who sends."""


class MailMail(models.Model):
    """Letters leave through the mail queue alone, one by one: each is checked once more, and
    marked in a transaction of its own before it is handed to the mail server. A process killed
    after the server's answer leaves the mark, and the letter is not sent a second time.

    What happens to one letter is none of the others' business: a conflict is tried again on a new
    snapshot, an error is the letter's own, and a server that takes none is left alone for a while
    (:mod:`.fuse`).
    """

    _inherit = "mail.mail"

    # === The queue === #

    @api.model
    def process_email_queue(self, email_ids=(), batch_size=1000):
        """Core delivers one batch an hour; while letters leave, the queue goes on."""
        before = self._count_queued_letters()
        result = super().process_email_queue(email_ids, batch_size)
        after = self._count_queued_letters()
        if 0 < after < before:
            self._trigger_queue()
        return result

    def _count_queued_letters(self):
        domain = Domain("collection_letter_id", "!=", False) & Domain("state", "=", "outgoing")
        now = fields.Datetime.now()
        due = Domain("scheduled_date", "=", False) | Domain("scheduled_date", "<=", now)
        return self.sudo().search_count(domain & due)

    @api.model
    def _trigger_queue(self, moment=None):
        """Have the mail queue run, now or at a moment; whoever asks may not see scheduled actions
        himself."""
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger(moment)

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        """EXTENDS 'mail': what fails leaves a transaction that can be used; core goes on in it."""
        sending = Sending(commit=auto_commit)
        queue = self.with_context(crm_collection_sending=sending)
        try:
            return super(MailMail, queue).send(
                auto_commit=auto_commit,
                raise_exception=raise_exception,
                post_send_callback=post_send_callback,
            )
        except Exception:
            if auto_commit:
                start_anew(self.env)
                if self._count_queued_letters():
                    self._trigger_queue(fields.Datetime.now() + COME_BACK_AFTER)
            raise

    def _split_by_mail_configuration(self):
        """Letters by themselves, and before all others, as many at once as the server's fuse lets
        through: a mail that core stumbles over ends the queue."""
        sending, others = self.env.context.get("crm_collection_sending"), []
        for configuration in super()._split_by_mail_configuration():
            *server, ids = configuration
            # letters take their time: others may have left from elsewhere since, and be deleted
            mails = self.browse(ids).exists()
            of_letters = mails._only_letters()
            if not isinstance(sending, Sending):
                of_letters = self.browse()
            for batch in of_letters._let_through(server[0], sending):
                yield *server, batch.ids
            if rest := mails - of_letters:
                others.append((*server, rest.ids))
        for *server, ids in others:
            if there := self.browse(ids).exists():
                yield *server, there.ids

    def _let_through(self, server_id, sending):
        """Yield the mails of letters that may be handed to a server, and see what became of them
        before the next: a session that ended is begun anew, one that fails counts."""
        Fuse = self.env["crm.collection.fuse"].sudo()
        todo = self
        while todo and self._is_time_left():
            allowed = Fuse._count_allowed(server_id)
            if allowed is not None and not in_transaction(
                self.env, Fuse._begin_attempt, server_id, commit=sending.commit
            ):
                break
            sending.restart(waiting=todo)
            yield todo[:allowed]
            if sending.refusal:
                letters = todo._get_letters()
                Fuse._note_failure(server_id, sending.refusal, letters, sending)
            left = todo.filtered(lambda mail: mail.id not in sending.tried)
            if left == todo and not sending.refusal:
                break  # somebody else puts them off
            todo = left

    @api.model
    def _is_time_left(self):
        end = self.env.context.get("cron_end_time")
        return end is None or time.monotonic() < end + PATIENCE

    def _only_letters(self):
        return self.sudo().filtered("collection_letter_id").sudo(self.env.su)

    # === One letter after the other === #

    def _send(self, auto_commit=False, **kwargs):
        # the mail system writes on the message what it was sent as, in whoever's name it sends
        self = self.with_context(crm_collection_writing=WRITING)  # noqa: PLW0642
        of_letters = self._only_letters()
        if not of_letters or self.env["ir.mail_server"]._disable_send():
            return super()._send(auto_commit=auto_commit, **kwargs)
        sending = self.env.context.get("crm_collection_sending") or Sending(auto_commit)
        used = False
        for mail in self:
            if mail not in of_letters:
                super(MailMail, mail)._send(auto_commit=auto_commit, **kwargs)
            elif not (auto_commit or modules.module.current_test):
                self._trigger_queue()  # this transaction may be run again, the mail queue's is not
            elif not mail._send_letter(sending, kwargs, used):
                break
            used = True
        return True

    @api.model
    def _may_go_on(self, mail_server):
        server_id = mail_server and mail_server.id
        is_stopped = self.env["crm.collection.fuse"]._count_allowed(server_id) is not None
        return self._is_time_left() and not is_stopped

    def _send_letter(self, sending, kwargs, used):
        """Hand one letter to the mail server, and let nobody else bear what comes of it.

        :param bool used: whether the session was good for another one before
        :return: whether the session is good for the next one
        """
        if used and not self._may_go_on(kwargs.get("mail_server")):
            return False
        if not is_alive(kwargs.get("smtp_session")):
            # it has not seen this one: the letter stays in the queue, unmarked
            if not used:
                sending.refusal = self.env._("The mail server ended the session.")
            return False
        sending.tried.add(self.id)
        if sending.commit:
            self.env.cr.commit()  # pylint: disable=invalid-commit
        if not self.env.execute_query(queue_queries.lock(self.id))[0][0]:
            return True  # somebody else is at it
        try:
            for _attempt in range(MAX_TRIES):
                owed = self._mark(sending)
                is_good = not owed or self._hand_over(sending, kwargs, owed)
                if is_good is not None:
                    return is_good
            self._trigger_queue(fields.Datetime.now() + COME_BACK_AFTER)
            return True
        finally:
            with suppress(psycopg2.Error):  # what went wrong is on its way already
                self.env.execute_query(queue_queries.unlock(self.id))

    def _mark(self, sending):
        """Check the letter, mark it as handed over, and commit that.

        :return: what was on the customer's account then; nothing where it may not leave
        """
        letter = self._get_letters()
        try:
            return in_transaction(self.env, self._prepare, letter, commit=sending.commit)
        except Exception as error:
            # without a code it is the connection to the database that is gone
            if not sending.commit or (isinstance(error, psycopg2.Error) and not error.pgcode):
                raise
            start_anew(self.env)
            if getattr(error, "pgcode", None) in RETRIED:
                self._trigger_queue(fields.Datetime.now() + COME_BACK_AFTER)
            else:
                in_transaction(self.env, self._note_error, letter, error)
        return False

    def _prepare(self, letter):
        may_leave = self.state == "outgoing" and self._prepare_delivery(letter)
        return may_leave and self.env.execute_query(queue_queries.owed(letter))

    def _check_owed(self, query, owed):
        """Right before the text is sent, seen from outside the transaction that sends it.

        :raise Stale: somebody paid since the letter was checked
        """
        with self.env.registry.cursor() as cr:
            cr.execute(query)
            if cr.fetchall() != owed:
                raise Stale(self.env._("The customer's account changed."))

    def _hand_over(self, sending, kwargs, owed):
        """:return: whether the session is good for the next one; ``None`` where the letter has to
        be checked again"""
        letter, server = self._get_letters(), kwargs.get("mail_server")
        check = partial(self._check_owed, queue_queries.owed(letter), owed)
        sending.restart()
        watch = Watch(kwargs.get("smtp_session"), sending.commit and check)
        try:
            with watch:
                if sending.commit:
                    # nobody writes to it between the server's answer and the commit
                    letter.lock_for_update(allow_referencing=True)
                # an administrator who sends the queue need not be allowed to read its attachments
                super(MailMail, self.sudo())._send(auto_commit=sending.commit, **kwargs)
        except Stale:
            start_anew(self.env)
            in_transaction(self.env, self._unmark, letter)
            with suppress(smtplib.SMTPException):
                kwargs["smtp_session"].rset()
            return None
        except Exception as error:
            if sending.commit:
                start_anew(self.env)
            note = partial(self._note_end, letter, error, watch)
            in_transaction(self.env, note, commit=sending.commit)
            if isinstance(error, smtplib.SMTPServerDisconnected):
                self._tell_fuse(server, sending, str(error))
                return False
            return True
        self._tell_fuse(server, sending, self.failure_reason)
        return True

    # === What became of it === #

    def _note_end(self, letter, error, watch):
        """Core did not come to its end: write down what is known of the letter."""
        is_lost = isinstance(error, smtplib.SMTPServerDisconnected)
        if watch.accepted:
            self.write({"state": "sent", "failure_type": False, "failure_reason": False})
            self._postprocess_sent_message(list(self.recipient_ids), [])
        elif watch.handed or (watch.handed is None and is_lost):
            self._note_interrupted(letter)
        elif is_lost:
            self._unmark(letter)
            self._put_off(letter, str(error)) or self._note_error(letter, error)
        elif isinstance(error, LockError) or getattr(error, "pgcode", None) in RETRIED:
            self._unmark(letter)
            self._trigger_queue(fields.Datetime.now() + COME_BACK_AFTER)
        else:
            self._note_error(letter, error)

    def _unmark(self, letter):
        letter.delivery_started = False

    def _note_error(self, letter, error):
        """It could not be handed over; the others can."""
        _logger.info("Letter %s could not be handed over: %s", letter.id, error)
        self._unmark(letter)
        self.write({"state": "exception", "failure_reason": str(error)})
        letter._set_failed(str(error))

    def _note_interrupted(self, letter):
        letter._set_interrupted()
        self.write({"state": "exception", "failure_reason": letter.failure_reason})

    def _put_off(self, letter, reason):
        """The letter waits a while in the queue, longer each time, and no other behind it.

        :return: whether it does: false where it did often enough
        """
        tries = letter.delivery_tries
        if tries >= len(PAUSES) - 1:
            return False
        letter.write({"delivery_tries": tries + 1, "delivery_started": False})
        moment = fields.Datetime.now() + timedelta(minutes=PAUSES[tries])
        self.write({"state": "outgoing", "scheduled_date": moment, "failure_reason": reason})
        self._trigger_queue(moment)
        return True

    def _tell_fuse(self, server, sending, reason):
        """Whether the server does what it should; that an address is none is not its fault."""
        Fuse, server_id = self.env["crm.collection.fuse"], server and server.id
        letter = self._get_letters()
        if self.state == "sent" or (self.state == "exception" and letter._is_about_address()):
            Fuse._note_success(server_id, sending)
        else:
            letters = (sending.waiting or self)._get_letters()
            Fuse._note_failure(server_id, reason, letters, sending)

    def _keep_in_queue(self):
        """Nobody could speak to the server: nothing is known about letters, and nothing changes."""
        of_letters = self._only_letters()
        sending = self.env.context.get("crm_collection_sending")
        if of_letters and isinstance(sending, Sending):
            sending.refusal = of_letters[0].failure_reason
            of_letters.write({"state": "outgoing", "failure_reason": False})
