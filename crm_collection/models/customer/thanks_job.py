import logging
from datetime import timedelta

import psycopg2

from odoo import api, models
from odoo.fields import Command

from ...tools.retry import in_transaction, start_anew
from . import thanks_queries

_logger = logging.getLogger(__name__)

TEMPLATE = "crm_collection.mail_template_thanks"
# What was settled longer ago is not thanked for any more: nobody expects it.
DAYS = timedelta(days=3)


class CrmCollectionThanks(models.Model):
    """With the letters of the day leave the thanks for what was paid after earlier ones."""

    _inherit = "crm.collection.thanks"

    @api.model
    def _thank_customers(self, run):
        """:return: whether all were (false: time is up, the next call goes on)"""
        company, today = run.company_id, run.date
        self.env.flush_all()
        query = thanks_queries.to_thank(company.id, today - DAYS, today)
        for partner_id, settlement_ids in self.env.execute_query(query):
            try:
                in_transaction(self.env, self._thank, company, today, partner_id, settlement_ids)
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                start_anew(self.env)
                _logger.info("Customer %s was not thanked: %s", partner_id, error)
                run._log_exception(" ".join(str(error).split()), partner_id=partner_id)
            if not run._commit(0):
                return False
        return True

    @api.model
    def _thank(self, company, today, partner_id, settlement_ids):
        """The mail waits in the queue. Who has no address, or asked for no mail, is not thanked,
        and nobody is troubled with that."""
        own = self.with_company(company)
        recipient = own.env["res.partner"].browse(partner_id)._get_collection_recipient()
        if not recipient:
            return
        thanks = own.create(
            {
                "company_id": company.id,
                "partner_id": partner_id,
                "date": today,
                "line_ids": [Command.create({"settlement_id": id_}) for id_ in settlement_ids],
            }
        )
        mail_id = own.env.ref(TEMPLATE).send_mail(
            thanks.id,
            email_values={
                "recipient_ids": [Command.set(recipient.ids)],
                "record_company_id": company.id,
                "auto_delete": False,
            },
            email_layout_xmlid="crm_collection.mail_layout",
        )
        thanks.mail_id = mail_id
