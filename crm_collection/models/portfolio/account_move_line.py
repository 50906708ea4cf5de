from odoo import api, models
from odoo.fields import Domain

from . import queries

# Written on a posted journal item, these change its open item.
OPEN_ITEM_FIELDS = {"account_id", "date_maturity", "no_followup", "partner_id"}


# What decides whether a journal item is open (see queries.line_is_owed): written before it is read.
OPEN_FIELDS = (
    *("parent_state", "reconciled", "balance"),
    *("amount_residual", "amount_residual_currency"),
)


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_collection_name(self):
        """What the customer knows this by, without the installment (``queries.document_name``)."""
        self.ensure_one()
        move = self.move_id
        if self.journal_id.type in queries.MONEY_JOURNALS and self.id:
            return self._read_collection_name()
        own = "" if move.origin_payment_id else self.name
        names = (own, move.ref) if move.move_type == "entry" else ()
        return next(filter(None, (" ".join((name or "").split()) for name in names)), move.name)

    def _read_collection_name(self):
        """:return: the name where it takes more than the entry: what was refunded"""
        self.env.flush_all()
        return self.env.execute_query(queries.name_of_line(self.id))[0][0]

    def _get_collection_reference(self):
        """The entry's reference beside the name, where it is not the name itself."""
        reference = " ".join((self.move_id.ref or "").split())
        return reference if reference != self._get_collection_name() else ""

    def _get_collection_issued(self):
        """The day a document was issued, or False: an entry has none, and the day of one that was
        entered after it was due says nothing to the customer."""
        self.ensure_one()
        move = self.move_id
        issued = move.move_type != "entry" and move.invoice_date
        return issued if issued and issued <= (self.date_maturity or issued) else False

    @api.model
    def _get_collection_owed_domain(self):
        """:return: the domain of what customers owe, in collection or not"""
        return self._get_collection_open_domain(queries.line_is_owed)

    @api.model
    def _get_collection_credit_domain(self):
        """:return: the domain of the open credits of customers"""
        return self._get_collection_open_domain(queries.line_is_credit)

    @api.model
    def _get_collection_unclaimed_domain(self):
        """:return: the domain of money that went to customers and that nobody asks for"""

        def to_sql(lines, alias, _query):
            read = [lines._fields["journal_id"]]
            return queries.that_reads(read, queries.line_is_unclaimed(alias))

        return Domain.custom(to_sql=to_sql)

    def _filter_collection_unclaimed(self):
        """:return: those of these that are money that went to customers (see above)"""
        unclaimed = self._get_collection_unclaimed_domain()
        return self & self.search(Domain("id", "in", self.ids) & unclaimed)

    def _get_collection_open_domain(self, condition):
        def to_sql(lines, alias, _query):
            read = [lines._fields[name] for name in OPEN_FIELDS]
            return queries.that_reads(read, condition(alias))

        receivable = Domain("account_id.account_type", "=", "asset_receivable")
        return receivable & Domain.custom(to_sql=to_sql)

    def write(self, vals):
        """What an item copies of its journal item is brought up to date; of a draft when it is
        posted."""
        result = super().write(vals)
        if not OPEN_ITEM_FIELDS.isdisjoint(vals):
            posted = self.filtered(lambda line: line.parent_state == "posted")
            self.env["crm.collection.item"]._sync_lines(posted)
        return result

    def unlink(self):
        """A deleted journal item cancels its open item; the history keeps what it was."""
        known = self.filtered(
            lambda line: line.move_id.posted_before or line.move_id.state != "draft"
        )
        items_sudo = self.env["crm.collection.item"]._get_of_lines(known)
        result = super().unlink()
        if items_sudo:
            self.env.flush_all()
            items_sudo._sync_deleted()
        return result
