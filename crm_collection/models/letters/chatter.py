import logging

from odoo import models
from odoo.tools import formatLang

from .address import EMAIL

_logger = logging.getLogger(__name__)

# From where a letter becomes sent; one that came back and did arrive was told of before.
BEFORE = ("outgoing", "uncertain", "printed")


class CrmCollectionLetter(models.Model):
    """A letter that was sent is told of where those look who do not work in collections: in the
    chatter of its customer and of the invoices it asks for.

    Two batches of notes a letter, however many invoices: nobody is notified, and no row of
    accounting is touched.
    """

    _inherit = "crm.collection.letter"

    def write(self, vals):
        """Whatever says that letters were sent, it is told."""
        told = self.browse()
        if vals.get("state") == "sent":
            told = self.filtered(lambda letter: letter.state in BEFORE)
        result = super().write(vals)
        for letter in told:
            letter._tell_sent_safely()
        return result

    def _tell_sent_safely(self):
        """The mail server has the letter: that is on record also where it cannot be told."""
        try:
            with self.env.cr.savepoint():
                self.sudo()._in_office_language()._tell_sent()
        except Exception:
            _logger.exception("Letter %s was sent, and its customer's chatter not told.", self.id)

    def _tell_sent(self):
        author = self.env.ref("base.partner_root").id
        if self.partner_id:
            said = self._describe_sent(self.line_ids)
            self.partner_id._message_log_batch({self.partner_id.id: said}, author_id=author)
        bodies = {
            move.id: self._describe_sent(lines)
            for move, lines in self.line_ids.grouped(lambda line: line.item_id.move_id).items()
            if move.is_sale_document(include_receipts=True) and any(lines.mapped("amount_asked"))
        }
        self.env["account.move"].browse(bodies)._message_log_batch(bodies, author_id=author)

    def _describe_sent(self, lines):
        """:param lines: those of the letter that are of a customer or of an invoice
        :return: a sentence, in the language of the company's people
        """
        said = self.env._(
            "%(company)s sent a collection letter: %(phase)s, %(day)s. Asked for: %(amount)s.",
            company=self.company_id.name,
            phase=self.phase_id.name or "",
            day=self._format_day(self.date),
            amount=self._describe_asked(lines),
        )
        if self.channel in (False, EMAIL):
            return said
        return f"{said} {self._get_channels()[self.channel]}."

    def _describe_asked(self, lines):
        main = self.company_id.currency_id
        by_currency = lines.grouped("currency_id")
        amounts = {
            currency: currency.round(sum(of_currency.mapped("amount_asked")))
            for currency, of_currency in by_currency.items()
        }
        asked = {currency: amount for currency, amount in amounts.items() if amount} or {main: 0}
        return " + ".join(
            formatLang(self.env, asked[currency], currency_obj=currency)
            for currency in sorted(asked, key=lambda one: (one != main, one.name))
        )
