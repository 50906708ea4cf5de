import logging
from typing import NamedTuple

import psycopg2

from odoo import models

_logger = logging.getLogger(__name__)

PDF = b"%PDF-"


class PaySlip(NamedTuple):
    """What a bank issued to pay one open item with: a boleto, for one.

    ``name`` is what customers call it; ``line`` what they type or copy into their bank's app;
    ``amount`` what it asks for, in the currency of the item; ``pdf`` the slip as a file, if there
    is one.
    """

    name: str
    line: str
    amount: float
    pdf: bytes = b""

    def check(self):
        """:raise ValueError: for what nobody could pay with"""
        if not (self.name and self.line):
            raise ValueError("A slip needs a name and a line.")
        if type(self.amount) not in (int, float):
            raise ValueError(f"Slip {self.line} does not say what it asks for.")
        if self.pdf and not self.pdf.startswith(PDF):
            raise ValueError(f"The file of slip {self.line} is no PDF.")


class AccountMoveLine(models.Model):
    """Open items and the slips that banks issued for them."""

    _inherit = "account.move.line"

    def _get_collection_pay_slips(self):
        """Override to say with which slips these open items are paid: here there are none.

        It is asked in the language of the customer and with all rights, several times for a
        letter, for all of its items at once, and whenever a statement or a page of the portal is
        shown. It only reads: what a bank has to be asked for was asked before. Where it fails, the
        letter leaves without the slip, and says so.

        :return: {id of the journal item: :class:`PaySlip`}, of those that have one
        """
        return {}

    def _may_have_collection_pay_slips(self):
        """Whether a localisation knows any: elsewhere nothing is asked for them."""
        return type(self)._get_collection_pay_slips is not AccountMoveLine._get_collection_pay_slips

    def _find_collection_pay_slips(self, asked):
        """
        :param dict asked: {id: what is asked for of each, charges included}
        :return: ({journal item: :class:`PaySlip`}, the journal items whose slip is of no use: it
            could not be had, or asks for more than is asked for)
        """
        if not self._may_have_collection_pay_slips():
            return {}, self.browse()
        lines = self.filtered(lambda line: asked.get(line.id, 0.0) > 0)
        found, left_out = lines._ask_collection_pay_slips()
        slips = {}
        for line in lines:
            slip = found.get(line.id)
            if slip and line.currency_id.compare_amounts(slip.amount, asked[line.id]) > 0:
                left_out |= line
            elif slip:
                slips[line] = slip
        return slips, left_out

    def _ask_collection_pay_slips(self):
        """:return: ({id: slip}, those of which it failed): where it fails for several, each is
        asked for by itself"""
        try:
            with self.env.cr.savepoint():
                slips = self.sudo()._get_collection_pay_slips()
                for slip in slips.values():
                    slip.check()
                return slips, self.browse()
        except psycopg2.OperationalError:
            raise  # the transaction is lost, not the slip
        except Exception:
            if len(self) > 1:
                return self._ask_collection_pay_slips_one_by_one()
            _logger.warning("The slip of journal item %s failed", self.id, exc_info=True)
            return {}, self

    def _ask_collection_pay_slips_one_by_one(self):
        slips, left_out = {}, self.browse()
        for line in self:
            of_line, failed = line._ask_collection_pay_slips()
            slips |= of_line
            left_out |= failed
        return slips, left_out

    def _get_collection_slip_name(self, slip):
        """:return: the name of the slip's file, without extension"""
        return f"{slip.name} {self._get_collection_name()}"
