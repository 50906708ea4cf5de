from collections import deque
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import clean_context

from ...tools.context import without_own_keys
from ...tools.pace import Pace
from ...tools.retry import RETRIED, in_transaction, start_anew
from ..evidence.evidence import WRITING
from . import content_queries, date_queries, unsent_queries
from .letter import NO_FAILURE

FIRST = 5  # letters rendered and queued in the first transaction
LETTERS_PER_BATCH = 100  # and in one that takes no time
RESET_PER_BATCH = 500
MAX_KILLS = 3  # how often the job may be killed over a letter, all but once over it alone
COME_BACK_AFTER = timedelta(minutes=5)
MAIL_VALUES = {
    "auto_delete": False,
    "scheduled_date": False,
    "state": "outgoing",
    "failure_reason": False,
    "headers": False,
    "is_notification": False,
    "message_type": "email_outgoing",
}


class CrmCollectionLetter(models.Model):
    """Issuing letters: the money read again, where they go, and what their channel needs: of
    e-mail text, PDF and a queued mail."""

    _inherit = "crm.collection.letter"

    def _issue_all(self, run, company):
        """Issue the company's letters ``to send``, and those whose address was added since."""
        in_company = Domain("company_id", "=", company.id) & self._get_leaving_domain(company)
        if not self._reset_recovered(in_company, run):
            return False
        self._note_kills(run)
        waiting = self.search(in_company & Domain("state", "=", "to_send"))
        waiting -= waiting._issue_elsewhere(run)
        run._set_total(len(waiting))
        batches, pace = waiting._get_batches(), Pace(FIRST, LETTERS_PER_BATCH)
        while batches:
            batch = pace.take(batches)
            run._note_work(",".join(map(str, batch)))
            if not self._issue_safely(run, batch):
                batches.extendleft([letter_id] for letter_id in reversed(batch))
                continue
            pace.measure(len(batch))
            if not run._commit(len(batch)):
                break
        run._note_work(None)
        if batches:
            return False
        self._come_back(company, in_company)
        return True

    def _issue_elsewhere(self, run):
        """Have these issued by somebody else; override where there is somebody.

        :return: those that are
        """
        return self.browse()

    def _get_batches(self):
        """:return: ids, those that the job did not survive last, each by itself: they hold up
        none of the others"""
        risky = self.filtered("kills").sorted(lambda letter: (letter.kills, letter.id))
        sound = (self - risky).ids
        return deque(([sound] if sound else []) + [[letter_id] for letter_id in risky.ids])

    def _note_kills(self, run):
        """The job was killed while it wrote some letters: one that it did not survive again and
        again is set apart, until somebody tries it."""
        ids = run._take_work()
        if not ids:
            return
        letters = self.search(Domain("id", "in", ids) & Domain("state", "=", "to_send"))
        alone = len(ids) == 1
        for letter in letters.filtered(lambda letter: alone or not letter.kills):
            letter.kills += 1
            if alone and letter.kills >= MAX_KILLS:
                letter._set_deadly()
        run._commit(0)

    def _set_deadly(self):
        """The job did not survive the letter: nobody writes it until somebody tries it."""
        said = self._in_office_language().env._(
            "The job was ended by the system %s times while it wrote this letter: it takes too "
            "long, or too much memory.",
            self.kills,
        )
        self._set_problem("failed", said, fault="server")

    def _come_back(self, company, domain):
        """Letters somebody else was writing to were left out: they do not wait for tomorrow."""
        if self.search_count(domain & Domain("state", "=", "to_send"), limit=1):
            self._ask_for_job(company)

    @api.model
    def _ask_for_job(self, company):
        at = fields.Datetime.now() + COME_BACK_AFTER
        self.env["crm.collection.run"]._ask("letters", company, at)

    def _issue_safely(self, run, letter_ids):
        """Issue letters in a transaction of their own, again on a new snapshot where somebody
        else wrote to one of them. A letter that cannot be issued is set apart.

        :return: whether they were; false where they have to be issued one by one
        """
        try:
            in_transaction(self.env, self._issue_of, run, letter_ids)
        except Exception as error:
            start_anew(self.env)
            contended = isinstance(error, psycopg2.OperationalError)
            if contended and error.pgcode not in RETRIED:
                raise
            if len(letter_ids) > 1:
                return False
            if contended:  # the next run tries again
                run._log_exception(" ".join(str(error).split()))
            else:
                self.browse(letter_ids)._set_unwritable(error, run)
        return True

    def _issue_of(self, run, letter_ids):
        self.browse(letter_ids)._issue(run)

    def _reset_recovered(self, domain, run):
        """Letters that may reach their customer now: what kept them from it may be mended.

        :return: whether all were seen to (false: time is up)
        """
        waiting = self.search(
            domain & Domain("state", "in", ("failed", "no_address", "blacklisted"))
        )
        waiting._prefetch_recipients()
        todo = waiting.filtered(lambda letter: letter._is_recovered())
        batches, pace = deque([todo.ids] if todo else ()), Pace(FIRST, RESET_PER_BATCH)
        while batches:
            batch = pace.take(batches)
            in_transaction(self.env, self.browse(batch)._reset)
            pace.measure(len(batch))
            if not run._commit(0):
                return False
        return True

    def _reset(self):
        """Make letters that did not leave ready to be issued again, as the same letters; the
        mails they had do not leave any more."""
        mails = self.mail_id
        for letter in self.filtered(lambda each: each.fault == "text" and not each.date_sent):
            letter.write(letter._prepare_text(letter.phase_id, letter.step_id))
        names = ("mail_id", "delivery_started", "date_leave", "pdf_attachment_id")
        gone = dict.fromkeys(names, False)
        self.write({**NO_FAILURE, **gone, "state": "to_send", "kills": 0})
        mails.filtered(lambda mail: mail.state in ("outgoing", "exception")).cancel()

    def _issue(self, run=None, anew=False):
        """Give letters ``to send`` recipients, text, PDF and a queued mail.

        The money is read again first. A letter that cannot be rendered is set apart as failed,
        the others leave.

        :param bool anew: what is not true any more is decided anew, also on its own day
        """
        locked = self.try_lock_for_update()
        todo = locked.filtered(lambda letter: letter.state == "to_send")._filter_leaving()
        todo = todo.filtered(lambda letter: letter._is_allocated())
        for company, letters_of_company in todo.grouped("company_id").items():
            in_company = letters_of_company.with_company(company)._in_office_language()
            today = company._get_collection_today()
            in_company._renew(company, today, anew)
            in_company = in_company.filtered(lambda letter: letter.state == "to_send")
            in_company._refresh_money(company, today)
            ready = in_company.filtered(lambda letter: letter.state == "to_send")
            ready = ready._set_recipients()
            for (channel, template), letters in ready.grouped(
                lambda letter: (letter.channel, letter.template_id)
            ).items():
                letters._queue_safely(channel, template, run)

    def _refresh_money(self, company, today):
        """Read the money of unsent letters again, verdict by verdict: what is still to be asked
        for leaves.

        A letter that was sent before is left as it went: it goes again whole, or not.
        """
        self._date_anew(today)
        self._take_out_not_owed(company, today)
        self._take_over_text()
        self._cancel_empty()
        self._take_back_covered(company, today)
        self._set_asked(company, today)
        self._take_back_overtaken(company, today)

    def _date_anew(self, today):
        """A letter that waited is dated anew: its interest and its last day to pay count from the
        day it leaves, and the next one comes that long after it."""
        waited = self.filtered(lambda letter: letter.date != today)
        waited.date = today
        self.env.flush_all()
        if waited:
            after = date_queries.open_items_of_letters(waited.ids)
            working_days = self.env["res.company"]._get_collection_due_days_by_company()
            self.env.cr.execute(date_queries.reschedule(after, self.env.uid, working_days))

    def _take_out_not_owed(self, company, today):
        """Take out what is not owed any more, and bring the amounts of the rest up to date."""
        rows = self.env.execute_query_dict(unsent_queries.recheck(company, today, self.ids))
        gone = [row for row in rows if not row["owed"]]
        changed = self.browse({row["letter_id"] for row in gone})
        went = changed.filtered("date_sent")
        out = [row["id"] for row in gone if row["letter_id"] not in went.ids]
        self.env.cr.execute(unsent_queries.give_back(out))
        self.env.cr.execute(unsent_queries.refresh_lines(company, today, self.ids, self.env.uid))
        self.env.invalidate_all(flush=False)
        went._cancel_unowed()
        (changed - went).filtered("line_ids")._set_tone()

    def _take_over_text(self):
        """Take the text that was approved for the letter's phase meanwhile, where it is another."""
        stale = self.filtered(lambda letter: not letter._has_its_template())
        went = stale.filtered("date_sent")
        went._cancel(self.env._("Another letter was approved for its phase meanwhile."))
        (stale - went).filtered("line_ids")._set_tone()

    def _has_its_template(self):
        """Whether the letter has a text, and that of a phase approved with its texts is the one in
        force: another one may have been approved while it waited."""
        phase = self.phase_id
        approved = phase._get_letters(self.step_id)
        return self.template_id and (not phase.is_governed or self.template_id in approved)

    def _cancel_empty(self):
        self.filtered(lambda letter: not letter.line_ids)._cancel_unowed()

    def _cancel_unowed(self):
        speechless = self.filtered(lambda letter: not letter.phase_id._get_letter(letter.step_id))
        speechless._cancel(self.env._("Its phase has no letter any more."))
        (self - speechless)._cancel(self._get_reason_empty())

    def _get_reason_empty(self):
        return self.env._(
            "There is nothing left to ask for in it: its items were paid, held back or moved, or "
            "no rule sends it any more."
        )

    def _take_back_covered(self, company, today):
        """What open credits pay is not written about, as where letters are decided."""
        alive = self.filtered(lambda letter: letter.state == "to_send")
        covered, lines = alive._get_covered_lines(company, today)
        covered._take_back(self.env._("Open credits cover what is owed."))
        lines = lines.filtered(lambda line: not line.letter_id.date_sent)
        if changed := lines.letter_id:
            self.env.flush_all()
            self.env.cr.execute(unsent_queries.give_back(lines.ids))
            self.env.invalidate_all(flush=False)
            changed._set_tone()

    def _set_asked(self, company, today):
        """Write what is asked for of each item: fine and interest, and what open credits pay."""
        alive = self.filtered(lambda letter: letter.state == "to_send")
        if not alive:
            return
        self.env.flush_all()
        query = content_queries.refresh_asked(company, today, alive.ids, self.env.uid)
        self.env.cr.execute(query)
        self.env.invalidate_all(flush=False)
        for letter in alive:
            credit = letter._sum_credits()
            if company.currency_id.compare_amounts(letter.amount_credit, credit):
                letter.amount_credit = credit

    def _take_back_overtaken(self, company, today):
        """The quiet period is read again too, and how many contacts there were."""
        alive = self.filtered(lambda letter: letter.state == "to_send")
        overtaken = alive._get_overtaken(company, today)
        overtaken._take_back(self.env._("The customer was written to meanwhile: quiet period."))
        over_limit = (alive - overtaken)._get_over_limit(company, today)
        over_limit._take_back(self._get_reason_over_limit())

    def _get_overtaken(self, company, today):
        if not self:
            return self.browse()
        self.flush_model()
        rows = self.env.execute_query(unsent_queries.overtaken(company, today, self.ids))
        return self.browse([letter_id for (letter_id,) in rows])

    def _take_back(self, reason):
        """Cancel letters that were not to be; their items are due as before. Those that went out
        before, and came back, keep their lines: they say what went."""
        if not self:
            return
        went = self.filtered("date_sent")
        self.env.cr.execute(unsent_queries.give_back((self - went).line_ids.ids))
        self.env.invalidate_all(flush=False)
        self._cancel(reason)
        went._free_rounds(as_before=True)

    def _set_tone(self):
        """The most severe phase that is left in the letter sets its tone."""
        for letter in self:
            item = letter.line_ids.item_id.sorted(
                lambda item: (item.phase_id.sequence, item.phase_id.id, item.days_overdue)
            )[-1]
            letter.write(
                {
                    "phase_id": item.phase_id.id,
                    "step_id": item.step_id.id,
                    **letter._prepare_text(item.phase_id, item.step_id),
                    "round": max(letter.line_ids.mapped("round")),
                }
            )

    def _queue_safely(self, channel, template, run=None):
        """Hand letters to their channel together, or one by one when one cannot be rendered."""
        try:
            with self.env.cr.savepoint():
                return self._queue_by(channel, template)
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if len(self) == 1:
                self.invalidate_recordset(flush=False)
                return self._set_unwritable(error, run)
        for letter in self:
            letter._queue_safely(channel, template, run)
        return None

    def _queue(self, template):
        # said, not left to defaults: anybody may set some for himself, or pass keys of ours along
        context = without_own_keys(clean_context(self.env.context))
        bare = template.with_env(template.env(context=context))
        mails = bare.with_context(crm_collection_writing=WRITING).send_mail_batch(
            self.ids, email_values=MAIL_VALUES | self._get_writing_company()
        )
        reply_to = self._get_reply_to(mails)
        for letter, mail in zip(self, mails, strict=True):
            letter._own_files(mail)
            mail.write(
                {
                    "collection_letter_id": letter.id,
                    "reply_to": mail.reply_to or reply_to[letter.id],
                }
            )
            letter.write(
                {
                    "state": "outgoing",
                    "mail_id": mail.id,
                    "mail_message_id": mail.mail_message_id.id,
                }
            )
        self._wait_for_hours()
        for user, of_user in self._group_by_responsible().items():
            if user:  # replies reach the collector
                of_user.message_subscribe(user.partner_id.ids)

    def _get_writing_company(self):
        """:return: what a mail says of the company that writes it: sender and return path follow.
        Core says it where a message is posted, not where a template is sent; what is left open is
        whatever company the mail queue runs in."""
        company = self.company_id  # letters are queued company by company
        domains = self._mail_get_alias_domains(default_company=company)
        return {
            "record_company_id": company.id,
            "record_alias_domain_id": domains[self[:1].id].id,
        }

    def _get_reply_to(self, mails):
        """:return: {letter id: address} of the chatter; core asks for it only where a message is
        posted, not where a template is sent."""
        authors = {
            letter.id: (letter._get_signing_user() or letter.company_id).partner_id.id
            for letter in self
        }
        senders = {letter.id: mail.email_from for letter, mail in zip(self, mails, strict=True)}
        return self._notify_get_reply_to_batch(defaults=senders, author_ids=authors)

    def _sum_credits(self):
        """:return: what the letter takes off for open credits, in company currency, at the rates
        its items are booked at"""
        return self.company_id.currency_id.round(
            sum(line._to_company_currency(line.amount_credit) for line in self.line_ids)
        )

    @api.model
    def _trigger_mail_queue(self):
        if self.search_count([("state", "=", "outgoing")], limit=1):
            self.env["mail.mail"]._trigger_queue()
