from datetime import date, timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import hash_sign, verify_hash_signed

SCOPE = "crm_collection.letter"
# A letter whose link may be in somebody's hands: it was handed to a mail server, or may have been.
ONLINE_STATES = ("outgoing", "sent", "uncertain", "bounced", "failed")


class CrmCollectionLetter(models.Model):
    """The letter's page: opened without a login by the signed link in the letter, for a time.

    The last day is part of what is signed, so that a genuine link that has expired can be told
    from a forged one: its reader is told whom to ask, a forger is told nothing.
    """

    _inherit = "crm.collection.letter"

    # === Link === #

    def _get_online_until(self):
        """:return: the last day a link written today works."""
        self.ensure_one()
        company = self.company_id
        return company._get_collection_today() + timedelta(days=company.collection_link_days)

    def _get_online_token(self):
        self.ensure_one()
        values = [self.id, self._get_online_until().isoformat()]
        return hash_sign(self.sudo().env, SCOPE, values)

    def _get_online_url(self):
        """:return: the address of the letter's page with its key; of a letter that is only
        shown before it is written, an address that opens nothing"""
        if not isinstance(self.id, int):
            return self._get_base_url()
        path = f"/collections/letter/{self.id}?token={self._get_online_token()}"
        return self._get_base_url() + path

    @api.model
    def _find_online(self, letter_id, token):
        """Find the letter that a link opens.

        :param str token: as it came with the address
        :return: ``(letter in sudo, whether the link still works)``; no letter where the key is
            not genuine or not the letter's, or the letter was taken back
        """
        none_sudo = self.sudo().browse()
        try:
            values = verify_hash_signed(none_sudo.env, SCOPE, token or "")
        except (ValueError, TypeError, AttributeError):  # nothing that was ever signed
            values = None
        if not values or values[0] != letter_id:
            return none_sudo, False
        letter_sudo = none_sudo.browse(letter_id).exists()
        if letter_sudo.state not in ONLINE_STATES or letter_sudo.anonymised_on:
            return none_sudo, False
        today = letter_sudo.company_id._get_collection_today()
        return letter_sudo, today <= date.fromisoformat(values[1])

    # === Page === #

    def _get_sent_subject(self):
        """Return the subject as it was mailed, for readers of the letter."""
        self.ensure_one()
        return self.sudo()._get_text("subject")

    def _get_online_open_items(self):
        """Return the items of the letter as they are now, as ``crm.collection.statement`` gives
        them; of one that is not owed any more only ``number``, ``date_maturity`` and the status
        ``settled``. An item that is another customer's by now is left out.
        """
        self.ensure_one()
        statement = self.env["crm.collection.statement"]
        current = statement._get_open_items(self._get_online_lines())
        still_open = {open_item["line"]: open_item for open_item in current}
        open_items = []
        for line in self.line_ids:
            item = line.item_id
            if item.partner_id != self.partner_id:
                continue
            settled = {
                "line": item.line_id,
                "number": line.name,
                "installment": "",
                "date_maturity": line.date_maturity,
                "currency": line.currency_id,
                "status": "settled",
            }
            open_items.append(still_open.get(item.line_id, settled))
        return open_items

    def _get_online_lines(self):
        """:return: the journal items of the letter that are open and the customer's still."""
        statement = self.env["crm.collection.statement"]
        customers = statement._get_customer_domain(self.partner_id)
        # of all companies that are one creditor with the letter's
        domain = statement._get_open_items_domain(customers, self.line_ids.company_id)
        domain &= Domain("id", "in", self.line_ids.item_id.line_id.ids)
        return self.env["account.move.line"].search(domain, order="date_maturity, id")
