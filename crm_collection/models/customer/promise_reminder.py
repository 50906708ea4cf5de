import logging

import psycopg2

from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import format_amount, format_date

from ...tools.retry import in_transaction, start_anew
from ..portfolio import promise_queries

_logger = logging.getLogger(__name__)

TEMPLATE = "crm_collection.mail_template_promise_reminder"


class CrmCollectionHold(models.Model):
    """A customer is reminded the day before something is to be paid that he promised, or the last
    working day before it where letters leave on these only: once, and not of what is paid already.
    """

    _inherit = "crm.collection.hold"

    date_reminded = fields.Date(
        string="Customer Reminded of",
        readonly=True,
        copy=False,
        help="The day for which the customer was last reminded of his promise.",
    )

    @api.model
    def _is_default_own(self, fname):
        return fname == "date_reminded" or super()._is_default_own(fname)

    def _is_forged(self):
        return super()._is_forged() or bool(self.date_reminded)

    @api.model
    def _remind_customers(self, run):
        """:return: whether all were (false: time is up, the next call goes on)"""
        return all(self._remind_of(run, day) for day in self._get_reminded_days(run))

    @api.model
    def _get_reminded_days(self, run):
        """:return: the days that customers are reminded of: the next one and, where letters leave
        on working days only, all up to the next of these"""
        working_days = run.company_id._get_collection_letter_days()
        first = last = fields.Date.add(run.date, days=1)
        if working_days:
            last = working_days.get_next(first)
        return [fields.Date.add(first, days=number) for number in range((last - first).days + 1)]

    @api.model
    def _remind_of(self, run, day):
        """:return: as :meth:`_remind_customers`, of what is to be paid on a day"""
        self._flush_money()
        rows = self.env.execute_query(promise_queries.to_remind(run.company_id.id, day))
        for hold_id, amount in rows:
            hold = self.browse(hold_id)
            if hold.date_reminded and hold.date_reminded > run.date:
                continue  # of an earlier part, a moment ago
            try:
                in_transaction(self.env, hold._remind_customer, run, day, float(amount))
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                start_anew(self.env)
                _logger.info("Nobody was reminded of promise %s: %s", hold_id, error)
                run._log_exception(f"{hold.display_name}: {error}")
            if not run._commit(0):
                return False
        return True

    def _remind_customer(self, run, day, amount):
        """The mail waits in the queue; that it was written is kept with it. Who has no address is
        on the run's log."""
        self.sudo().write({"date_reminded": day})
        own = self.with_company(self.company_id)
        recipient = own.customer_id and own.customer_id._get_collection_recipient()
        if not recipient:
            nobody = self.env._("%s: there is no address for the reminder.", self.display_name)
            return run._log_exception(nobody, partner_id=self.customer_id.id)
        template = own.env.ref(TEMPLATE).with_context(**own._get_reminder_words(day, amount))
        moment = self.company_id._get_collection_leaving_moment(recipient)
        template.send_mail(
            self.id,
            email_values={
                "recipient_ids": [Command.set(recipient.ids)],
                "record_company_id": self.company_id.id,
                "auto_delete": False,
                "scheduled_date": moment,
            },
            email_layout_xmlid="crm_collection.mail_layout",
        )
        if moment:
            self.env["mail.mail"]._trigger_queue(moment)
        return None

    def _is_mail_true(self, mail):
        """Whether a mail about the promise may leave: the last reminder, where it is true."""
        of_hold = Domain("model", "=", self._name) & Domain("res_id", "=", self.id)
        last = mail.search(
            of_hold & Domain("is_notification", "=", False), limit=1, order="id desc"
        )
        return mail == last and self._is_reminder_true()

    def _is_reminder_true(self):
        """Whether what a reminder says is so still: it is due tomorrow at the earliest, and not
        paid. Asked when it is handed to the mail server, as letters are asked."""
        self.ensure_one()
        day, company = self.date_reminded, self.company_id
        if not day or day <= company._get_collection_today():
            return False
        self._flush_money()
        return bool(self.env.execute_query(promise_queries.to_remind(company.id, day, self.ids)))

    def _get_reminder_words(self, day, amount):
        """:return: what the text says of the day and the amount, in the customer's language"""
        env = self.with_context(lang=self._get_confirmation_lang()).env
        return {
            "promised_day": format_date(env, day),
            "promised_amount": amount and format_amount(env, amount, self.currency_id),
        }
