from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools.arguments import check_one
from ...tools.text import get_file_name


class CrmCollectionHold(models.Model):
    """What a customer promised, as he is told of it: by mail, with the schedule as PDF."""

    _inherit = "crm.collection.hold"

    date_confirmed = fields.Datetime(
        string="Confirmed to the Customer on",
        readonly=True,
        copy=False,
        help="When a confirmation was mailed last.",
    )

    @api.model
    def _is_default_own(self, fname):
        return fname == "date_confirmed" or super()._is_default_own(fname)

    def _is_forged(self):
        return super()._is_forged() or bool(self.date_confirmed)

    def _is_told(self):
        return super()._is_told() or bool(self.date_confirmed or self.date_reminded)

    # === Actions === #

    def action_send_confirmation(self):
        """Open the dialog that confirms a promise to the customer.

        :raise UserError: it is no promise in force, or nobody's in particular
        """
        check_one(self).check_access("write")
        self._check_in_force()
        self._check_confirmed()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Confirm to the Customer"),
            "res_model": "crm.collection.promise.send",
            "view_mode": "form",
            "target": "new",
            "context": {"default_hold_id": self.id},
        }

    def _check_confirmed(self):
        """:raise UserError: there is nothing that could be confirmed, or nobody to confirm it to"""
        if self.kind != "promise" or not self.customer_id:
            raise UserError(self.env._("Only the promise of one customer is confirmed."))

    # === The document === #

    def _get_confirmation_lang(self):
        """:return: the customer's language where it is installed, else the company's"""
        customer = self.customer_id.with_company(self.company_id)
        return customer._get_collection_lang()

    def _get_confirmation_name(self):
        """:return: the name of the file without extension, in the customer's language"""
        self.ensure_one()
        env = self.with_context(lang=self._get_confirmation_lang()).env
        name = env._(
            "Payment agreement %(customer)s %(date)s",
            customer=self.customer_id.name,
            date=format_date(env, self.company_id._get_collection_today()),
        )
        return get_file_name(name)

    def _get_confirmation(self):
        """:return: dict of what the document says: ``letter`` (unsaved: it lends its letterhead
        and its formats), ``partner``, ``date``, ``currency``, ``parts`` (one, where it is not paid
        in parts), ``amount`` of them, and the ``items`` that were named"""
        self.ensure_one()
        own = self.with_context(lang=self._get_confirmation_lang())
        statement = own.env["crm.collection.statement"]
        parts = [{"date": part.date, "amount": part.amount} for part in own.part_ids]
        return {
            "letter": statement._get_letterhead(own.customer_id, own.company_id),
            "partner": own.customer_id,
            "date": own.company_id._get_collection_today(),
            "currency": own.currency_id,
            "parts": parts or [{"date": own.date_until, "amount": own.amount}],
            "amount": own.amount,
            "items": own._get_named_items(),
        }

    def _get_named_items(self):
        """:return: the open items a promise is about, where it names any"""
        items = self.item_id | self.item_ids | self.move_id.collection_item_ids
        return items.filtered(lambda item: item.state == "open").sorted("date_maturity")
