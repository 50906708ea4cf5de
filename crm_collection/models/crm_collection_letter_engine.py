import logging

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from ..sql import letters
from .crm_collection_engine import MAX_TRIES, RETRIED

_logger = logging.getLogger(__name__)

CUSTOMERS_PER_BATCH = 1000  # letters decided and written in one transaction
LETTERS_PER_BATCH = 50  # letters rendered and queued in one transaction


class CrmCollectionLetter(models.Model):
    """Writing letters: decide (SQL, locks, unique index), then issue (text, PDF, mail queue).

    Deciding and issuing are transactions of their own: a job killed between them finds the
    letters ``to send`` and goes on. Issuing reads the money again, and so does delivery
    (:mod:`.mail_mail`): what was paid in between is not asked for.
    """

    _inherit = "crm.collection.letter"

    # === Job === #

    @api.model
    def _run_letters(self, run):
        """The letters job for one company; commits after each batch.

        :return: whether everything was done (false: time is up, the next call goes on)
        """
        company, today = run.company_id, run.date
        self._sweep_outgoing()
        done = True
        if company.collection_auto_send:
            done = self._create_all_due(run, company, today)
        done = done and self._issue_all(run, company)
        self._trigger_mail_queue()
        return done

    def _create_all_due(self, run, company, today):
        self.env.flush_all()
        partner_ids = [
            row[0] for row in self.env.execute_query(letters.due_partners(company.id, today))
        ]
        run._set_total(len(partner_ids))
        skipped = {}
        for batch in split_every(CUSTOMERS_PER_BATCH, partner_ids, list):
            created, line_count = self._create_safely(run, company, today, batch, skipped)
            run._add(letter_count=len(created), letter_line_count=line_count)
            if not run._commit(len(batch)):
                return False
        run._log_skipped(skipped)
        return True

    def _create_safely(self, run, company, today, partner_ids, skipped, tries=1):
        try:
            with self.env.cr.savepoint():
                return self._create_batch(company, today, partner_ids, skipped=skipped)
        except psycopg2.Error as error:
            if error.pgcode in RETRIED and tries < MAX_TRIES:
                self.env.cr.rollback()
                self.env.invalidate_all(flush=False)
                return self._create_safely(run, company, today, partner_ids, skipped, tries + 1)
            if len(partner_ids) == 1:
                run._log_exception(" ".join(str(error).split()), partner_id=partner_ids[0])
                return self.browse(), 0
        created, line_count, middle = self.browse(), 0, len(partner_ids) // 2
        for half in (partner_ids[:middle], partner_ids[middle:]):
            more, more_lines = self._create_safely(run, company, today, half, skipped)
            created, line_count = created | more, line_count + more_lines
        return created, line_count

    # === Deciding === #

    @api.model
    def _create_due(self, company, today, item_ids=None, origin="automatic", force=False):
        """Write the letters that are due, one per customer.

        :param date today: the company's day
        :param list item_ids: exactly these titles, whatever their next date
        :param bool force: whether customers written to a moment ago (quiet days) get one too
        :return: letters ``to send``
        """
        self.env.flush_all()
        partner_ids = [
            row[0]
            for row in self.env.execute_query(letters.due_partners(company.id, today, item_ids))
        ]
        if not partner_ids:
            return self.browse()
        return self._create_batch(company, today, partner_ids, item_ids, origin, force)[0]

    def _create_batch(
        self,
        company,
        today,
        partner_ids,
        item_ids=None,
        origin="automatic",
        force=False,
        skipped=None,
    ):
        """:return: (letters, number of lines)"""
        partner_ids = self._filter_partners(company, today, partner_ids, force, skipped)
        if not partner_ids:
            return self.browse(), 0
        letter_ids, line_count = self.env.execute_query(
            letters.create(company, today, self.env.uid, origin, partner_ids, item_ids)
        )[0]
        self.env.invalidate_all(flush=False)
        return self.browse(letter_ids), line_count

    def _filter_partners(self, company, today, partner_ids, force=False, skipped=None):
        """Leave out customers who owe nothing in all, and those in their quiet period."""
        skipped = {} if skipped is None else skipped
        owing, covered = self._split_covered(company, today, partner_ids)
        skipped["credit"] = skipped.get("credit", 0) + len(covered)
        if company.collection_quiet_days and not force:
            rows = self.env.execute_query(
                letters.in_quiet_period(company.id, today, company.collection_quiet_days, owing)
            )
            quiet = {row[0] for row in rows}
            skipped["quiet"] = skipped.get("quiet", 0) + len(quiet)
            owing = [partner_id for partner_id in owing if partner_id not in quiet]
        return owing

    def _split_covered(self, company, today, partner_ids):
        """:return: (ids of customers who owe, ids of those whose open credits cover it)"""
        rows = self.env.execute_query(letters.net_owed(company.id, today, list(partner_ids)))
        owing = {
            partner_id
            for partner_id, owed, credit in rows
            if company.currency_id.compare_amounts(owed + credit, 0) > 0
        }
        return (
            [partner_id for partner_id in partner_ids if partner_id in owing],
            [partner_id for partner_id in partner_ids if partner_id not in owing],
        )

    # === Issuing === #

    def _issue_all(self, run, company):
        """Issue the company's letters ``to send``, and those whose address was added since."""
        self._reset_recovered(company)
        ids = self.search([("company_id", "=", company.id), ("state", "=", "to_send")]).ids
        run._set_total(len(ids))
        for batch in split_every(LETTERS_PER_BATCH, ids, list):
            self.browse(batch)._issue(run)
            if not run._commit(len(batch)):
                return False
        return True

    def _reset_recovered(self, company):
        """Letters whose customer has an address now, or that failed for no fault of theirs."""
        in_company = Domain("company_id", "=", company.id)
        waiting = self.search(in_company & Domain("state", "in", ("no_address", "blacklisted")))
        failed = self.search(
            in_company & Domain("state", "=", "failed") & Domain("will_retry", "=", True)
        )
        (waiting.filtered(lambda letter: letter._get_recipients()[0]) | failed)._reset()

    def _reset(self):
        """Make letters that did not leave ready to be issued again, as the same letters."""
        self.write(
            {
                "state": "to_send",
                "failure_reason": False,
                "will_retry": False,
                "mail_id": False,
                "delivery_started": False,
                "pdf_attachment_id": False,
            }
        )

    def _issue(self, run=None):
        """Give letters ``to send`` recipients, text, PDF and a queued mail.

        The money is read again first. A letter that cannot be rendered is set apart as failed,
        the others leave.
        """
        todo = self.try_lock_for_update().filtered(lambda letter: letter.state == "to_send")
        for company, letters_of_company in todo.grouped("company_id").items():
            in_company = letters_of_company.with_company(company)
            in_company._refresh_money(company, company._get_collection_today())
            ready = in_company.filtered(lambda letter: letter.state == "to_send")
            ready = ready._set_recipients()
            for template, letters_of_template in ready.grouped("template_id").items():
                letters_of_template._queue_safely(template, run)

    def _refresh_money(self, company, today):
        """Take out of unsent letters what is not owed any more; cancel those with nothing left."""
        self.env.flush_all()
        rows = self.env.execute_query(letters.recheck(company, today, self.ids))
        gone = [row[0] for row in rows if not row[4]]
        self.env.cr.execute(letters.give_back(gone, today))
        self.env.cr.execute(letters.refresh_lines(company, today, self.ids, self.env.uid))
        self.env.invalidate_all(flush=False)
        shortened = self.browse({row[1] for row in rows if not row[4]})
        shortened.filtered("line_ids")._set_tone()
        empty = self.filtered(lambda letter: not letter.line_ids)
        empty._cancel(self.env._("Nothing is owed any more, or it is held back."))
        self._cancel_covered(company, today)

    def _cancel_covered(self, company, today):
        alive = self.filtered(lambda letter: letter.state == "to_send")
        covered = self._split_covered(company, today, alive.partner_id.ids)[1]
        to_cancel = alive.filtered(lambda letter: letter.partner_id.id in covered)
        self.env.cr.execute(letters.give_back(to_cancel.line_ids.ids, today))
        self.env.invalidate_all(flush=False)
        to_cancel._cancel(self.env._("Open credits cover what is owed."))

    def _set_tone(self):
        """The most severe phase that is left in the letter sets its tone."""
        for letter in self:
            item = letter.line_ids.item_id.sorted(
                lambda item: (item.phase_id.sequence, item.phase_id.id)
            )[-1]
            template = item.step_id.template_id or item.phase_id.template_id
            letter.write(
                {
                    "phase_id": item.phase_id.id,
                    "step_id": item.step_id.id,
                    "template_id": (template or letter.template_id).id,
                }
            )

    def _set_recipients(self):
        """:return: the letters that have an address to go to."""
        ready = self.browse()
        for letter in self:
            partner, problem = letter._get_recipients()
            if problem:
                letter._set_problem(problem)
                continue
            letter.write(
                {
                    "recipient_ids": [fields.Command.set(partner.ids)],
                    "email_to": partner.email_formatted,
                    "lang": partner.lang or letter.lang,
                }
            )
            ready |= letter
        return ready

    def _get_recipients(self):
        """The contact of type Collection, else the invoice address, else the customer itself:
        the first with an address that is not blacklisted.

        :return: (partner, False) or (empty, state that says why)
        """
        self.ensure_one()
        found = self.partner_id.address_get(["collection", "invoice"])
        ids = [found["collection"], found["invoice"], self.partner_id.id]
        with_email = self.env["res.partner"].browse(dict.fromkeys(ids)).filtered("email_normalized")
        allowed = with_email.filtered(lambda partner: not partner.is_blacklisted)
        if allowed:
            return allowed[0], False
        return allowed, "blacklisted" if with_email else "no_address"

    def _queue_safely(self, template, run=None):
        """Queue the mails together, or one by one when one of them cannot be rendered."""
        try:
            with self.env.cr.savepoint():
                return self._queue(template)
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if len(self) == 1:
                _logger.info("Letter %s could not be written: %s", self.id, error)
                self.invalidate_recordset(flush=False)
                self._set_problem("failed", str(error), will_retry=True)
                if run:
                    run._log_exception(str(error), partner_id=self.partner_id.id)
                return None
        for letter in self:
            letter._queue_safely(template, run)
        return None

    def _queue(self, template):
        mails = template.send_mail_batch(
            self.ids, email_values={"auto_delete": False, "scheduled_date": False}
        )
        for letter, mail in zip(self, mails, strict=True):
            letter.write(
                {
                    "state": "outgoing",
                    "mail_id": mail.id,
                    "mail_message_id": mail.mail_message_id.id,
                }
            )
        for user, of_user in self.grouped("user_id").items():
            if user:  # replies reach the collector
                of_user.message_subscribe(user.partner_id.ids)

    @api.model
    def _trigger_mail_queue(self):
        if self.search_count([("state", "=", "outgoing")], limit=1):
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    # === Delivering === #

    def _is_still_true(self):
        """Whether everything the letter asks for is owed at this moment, as it says."""
        self.ensure_one()
        company, today = self.company_id, self.company_id._get_collection_today()
        self.env.flush_all()
        rows = self.env.execute_query(letters.recheck(company, today, self.ids))
        shown = {line.id: line.amount_residual for line in self.line_ids}
        as_written = all(
            owed and not line_currency.compare_amounts(shown[line_id], residual)
            for line_id, owed, residual, line_currency in (
                (row[0], row[4], row[5], self.line_ids.browse(row[0]).currency_id) for row in rows
            )
        )
        return as_written and not self._split_covered(company, today, self.partner_id.ids)[1]

    def _withdraw(self):
        """Take back a letter that is not true any more: it is written anew, or cancelled when
        nothing is owed."""
        mail = self.mail_id
        self._reset()
        mail.write({"state": "cancel"})
        self._issue()
        self._trigger_mail_queue()

    # === States === #

    def _cancel(self, reason):
        """Stop letters: their queued mails, if any, do not leave."""
        if not self:
            return
        self.write({"state": "cancelled", "failure_reason": reason})
        self.mail_id.filtered(lambda mail: mail.state in ("outgoing", "exception")).write(
            {"state": "cancel"}
        )

    def _set_problem(self, state, reason=False, will_retry=False):
        """Keep why letters did not arrive, and put them on somebody's list."""
        reasons = {
            "no_address": self.env._("The customer has no e-mail address."),
            "blacklisted": self.env._("The address is on the blacklist."),
        }
        reason = (reason or reasons.get(state) or "")[:500]
        self.write({"state": state, "failure_reason": reason, "will_retry": will_retry})
        for letter in self.with_context(mail_activity_quick_update=True):
            user = letter.user_id or letter.company_id.collection_manager_id
            letter.activity_unlink(["mail.mail_activity_data_todo"])
            letter.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("The letter did not arrive"),
                note=reason,
                user_id=user.id,
            )

    def _set_sent(self):
        self.write({"state": "sent", "date_sent": fields.Datetime.now(), "failure_reason": False})
        self.activity_unlink(["mail.mail_activity_data_todo"])

    @api.model
    def _sweep_outgoing(self):
        """Settle letters whose mail was dealt with behind our back, or deleted."""
        for letter_id, state, reason, failure_type in self.env.execute_query(
            letters.stale_outgoing()
        ):
            letter = self.browse(letter_id)
            if state == "sent":
                letter._set_sent()
            elif state == "exception":
                letter._set_problem(**letter._get_problem(failure_type, reason))
            else:
                letter._cancel(self.env._("The mail was cancelled or deleted."))

    @api.model
    def _get_problem(self, failure_type, reason):
        """:return: arguments of :meth:`_set_problem` for a failure of the mail system."""
        states = {"mail_bl": "blacklisted", "mail_email_missing": "no_address"}
        return {
            "state": states.get(failure_type, "failed"),
            "reason": reason,
            "will_retry": failure_type == "mail_smtp",
        }

    def _message_receive_bounce(self, email, partner):
        """The mail came back: it was sent, but it did not arrive."""
        super()._message_receive_bounce(email, partner)
        self.sudo()._set_problem("bounced", self.env._("Returned by the server of %s.", email))
