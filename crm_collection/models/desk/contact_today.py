from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_time

from ..letters.condition_queries import LEFT_STATES
from .res_partner import STATEMENT

MAX_LINES = 10  # said of several customers together


class CrmCollectionContact(models.Model):
    """Who had contact with a customer today: nobody likes to be called twice a day, or an hour
    after a letter. Whatever leads to a contact asks here, and the customer's page does.

    The day is the company's. It is told as the user sees it: what he may not read is left out.
    """

    _inherit = "crm.collection.contact"

    @api.model
    def _get_today(self, customers, company):
        """Calls, meetings and mails of today, answers to mails, letters that left, statements and
        confirmations that were mailed, and reminders of promises.

        :param customers: commercial partners
        :return: {customer: sentences, in the order of the day}; who had none is not in it
        """
        if not customers or not company:
            return {}
        companies = company._get_collection_family()
        midnight = company._get_collection_midnight(company._get_collection_today())
        scope = Domain("company_id", "in", companies.ids) & Domain(
            "partner_id", "in", customers.ids
        )
        told = [
            *self._tell_contacts(scope, midnight, company),
            *self._tell_letters(scope, midnight, company),
            *self._tell_mailed(customers, companies, midnight, company),
            *self._tell_reminded(customers, companies, midnight, company),
        ]
        by_customer = defaultdict(list)
        for customer, _moment, sentence in sorted(told, key=lambda one: one[1]):
            by_customer[customer].append(sentence)
        return dict(by_customer)

    @api.model
    def _describe_today(self, customers, company):
        """:return: the same in lines, with the names where several customers are asked for; an
        empty text where none of them had contact"""
        today = self._get_today(customers, company)
        if len(customers) == 1:
            return "\n".join(today.get(customers, ()))
        lines = [
            f"{customer.display_name}: {'; '.join(sentences)}"
            for customer, sentences in today.items()
        ]
        if more := lines[MAX_LINES:]:
            lines = [*lines[:MAX_LINES], self.env._("and %s more", len(more))]
        return "\n".join(lines)

    # === What there was === #

    @api.model
    def _tell_contacts(self, scope, midnight, company):
        """Also customers' mails of other days that were answered today."""
        today = Domain("date", ">=", midnight) | Domain("date_answered", ">=", midnight)
        for contact in self.search(scope & today & Domain("state", "!=", "void")):
            moment, answered = contact.date, contact.date_answered
            if moment >= midnight:
                time = self._get_time(moment, company)
                yield contact.partner_id, moment, contact._tell_said(time)
            if answered and answered >= midnight:
                time = self._get_time(answered, company)
                yield contact.partner_id, answered, contact._tell_answered(time)

    def _tell_said(self, time):
        said = {
            "time": time,
            "channel": self._get_channel_name(),
            "user": self.user_id.sudo().name,
            "outcome": self.outcome_id.name or self.env._("no answer yet"),
        }
        if self.message_id or self.page_kind:  # nobody of ours was there
            return self.env._("%(time)s: %(channel)s from the customer, %(outcome)s", **said)
        return self.env._("%(time)s: %(channel)s with %(user)s, %(outcome)s", **said)

    def _tell_answered(self, time):
        return self.env._(
            "%(time)s: %(channel)s answered by %(user)s",
            time=time,
            channel=self._get_channel_name(),
            user=self.answered_by_id.sudo().name,
        )

    def _get_channel_name(self):
        return dict(self._fields["channel"]._description_selection(self.env))[self.channel]

    @api.model
    def _tell_letters(self, scope, midnight, company):
        left = scope & Domain("date_sent", ">=", midnight) & Domain("state", "in", LEFT_STATES)
        for letter in self.env["crm.collection.letter"].search(left):
            time = self._get_time(letter.date_sent, company)
            phase = letter.phase_id.name or ""
            if letter.origin == "manual":
                sentence = self.env._(
                    "%(time)s: letter %(phase)s, sent by %(user)s",
                    time=time,
                    phase=phase,
                    user=letter.create_uid.sudo().name,
                )
            else:
                sentence = self.env._(
                    "%(time)s: letter %(phase)s, sent by itself", time=time, phase=phase
                )
            yield letter.partner_id, letter.date_sent, sentence

    @api.model
    def _tell_mailed(self, customers, companies, midnight, company):
        """Statements, and confirmations of promises: both are in the customer's chatter."""
        subtype = self.env.ref(STATEMENT, raise_if_not_found=False)
        messages = self.env["mail.message"].search(
            Domain("model", "=", "res.partner")
            & Domain("res_id", "in", customers.ids)
            & Domain("subtype_id", "in", subtype.ids if subtype else [])
            & Domain("record_company_id", "in", companies.ids)
            & Domain("date", ">=", midnight)
            # what a customer answers to one is a contact by itself
            & Domain("author_id.partner_share", "=", False)
        )
        for message in messages:
            sentence = self.env._(
                "%(time)s: %(subject)s, mailed by %(user)s",
                time=self._get_time(message.date, company),
                subject=message.subject or "",
                user=message.author_id.sudo().name,
            )
            yield customers.browse(message.res_id), message.date, sentence

    @api.model
    def _tell_reminded(self, customers, companies, midnight, company):
        """Reminders that were handed to the mail server: mails of a promise, which nobody of the
        desk may read."""
        promises = self.env["crm.collection.hold"].search(
            Domain("company_id", "in", companies.ids)
            & Domain("customer_id", "in", customers.ids)
            & Domain("date_reminded", ">=", company._get_collection_today())
        )
        mails_sudo = (
            self.env["mail.mail"]
            .sudo()
            .search(
                Domain("model", "=", promises._name)
                & Domain("res_id", "in", promises.ids)
                & Domain("is_notification", "=", False)
                & Domain("state", "=", "sent")
                & Domain("date", ">=", midnight)
            )
        )
        for mail_sudo in mails_sudo:
            promise = promises.browse(mail_sudo.res_id)
            time = self._get_time(mail_sudo.date, company)
            sentence = self.env._("%s: reminded of a promise, by itself", time)
            yield promise.customer_id, mail_sudo.date, sentence

    def _get_time(self, moment, company):
        """By the clock whose day it is."""
        zone = company._get_collection_tz()
        return format_time(self.env, moment, tz=zone, time_format="short")
