from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from ...tools.retry import in_transaction


class CrmCollectionForewarning(models.Model):
    """Who is told in the evening of what leaves tomorrow, and what becomes of it."""

    _inherit = "crm.collection.forewarning"

    @api.model
    def _tell_all(self, run):
        """The forewarning job of one company: one message for each who looks after customers to
        whom something leaves, and to nobody else. Before days on which no letter leaves it tells
        of the day after them, and on these nothing.

        :return: true: everything was done
        """
        company = run.company_id
        self._drop(company, run.date)
        if company._is_collection_letter_day(run.date):
            day = company._get_collection_next_letter_day(run.date + timedelta(days=1))
            in_transaction(self.env, self._tell_day, company, day)
        return True

    @api.model
    def _tell_day(self, company, day):
        self._refresh(company, day)
        told = self.search(
            Domain("company_id", "=", company.id)
            & Domain("date", "=", day)
            & Domain("state", "!=", "stays")
        )
        readers = self._get_readers(told.user_id, company)
        by_reader = told.filtered("user_id").grouped(lambda one: readers[one.user_id])
        for reader, of_reader in by_reader.items():
            if "leaves" in of_reader.mapped("state"):
                of_reader._tell_user(reader, company)

    @api.model
    def _get_readers(self, users, company):
        """:return: {user: who does his work today: himself, or a colleague where he is absent}"""
        delegations = self.env["crm.collection.approval.delegation"]._get_all()
        absent = delegations.search([("user_id", "in", users.ids)]).filtered(
            lambda one: company.id in one._get_company_ids()
        )
        by_user = absent.grouped(lambda one: one.user_id.id)
        return {
            user: by_user[user.id].delegate_id[:1].with_env(self.env)
            if user.id in by_user
            else user
            for user in users
        }

    def _tell_user(self, user, company):
        """:param user: who looks after these customers"""
        env = self.with_context(lang=user.lang).env
        leaving = self.filtered(lambda one: one.state == "leaves")
        values = {
            "forewarnings": leaving.with_env(env),
            "waiting": len(self - leaving),
            "day": format_date(env, leaving[0].date),
            "bank_note": company.with_env(env)._explain_collection_bank(),
        }
        body = env["ir.qweb"]._render("crm_collection.forewarning_message", values)
        today = company._get_collection_today()
        subject = leaving.with_env(env)._tell_count(len(leaving), leaving[0].date, today)
        thread = env["mail.thread"].with_context(mail_notify_force_send=False)
        thread.message_notify(
            partner_ids=user.partner_id.ids,
            subject=subject,
            body=body,
            email_add_signature=False,
        )

    @api.model
    def _tell_count(self, count, day, today):
        """:return: how many letters leave on a day, in words"""
        _ = self.env._
        if day == today:
            return _("A letter leaves today") if count == 1 else _("%s letters leave today", count)
        if day == today + timedelta(days=1):
            if count == 1:
                return _("A letter leaves tomorrow")
            return _("%s letters leave tomorrow", count)
        said = format_date(self.env, day)
        if count == 1:
            return _("A letter leaves on %s", said)
        return _("%(count)s letters leave on %(day)s", count=count, day=said)

    @api.model
    def _drop(self, company, before):
        """Forget what was to leave before a day: what left is on record as letters."""
        self.sudo().search(
            Domain("company_id", "=", company.id) & Domain("date", "<", before)
        ).unlink()

    @api.model
    def _follow(self, holds):
        """Somebody set holds, changed or ended them: what leaves next of these customers is worked
        out anew, where it was told."""
        customers = holds.sudo().customer_id.commercial_partner_id
        if not customers:
            return
        self_sudo = self.sudo()
        told = self_sudo.search(
            Domain("company_id", "in", holds.company_id.sudo()._get_collection_family().ids)
            & Domain("partner_id", "in", customers.ids)
            & Domain("date", ">=", fields.Date.today() - timedelta(days=1))
        )
        for (company, day), of_day in told.grouped(lambda one: (one.company_id, one.date)).items():
            if day >= company._get_collection_today():
                self_sudo._refresh(company, day, of_day.partner_id.ids)
