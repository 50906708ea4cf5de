from collections import defaultdict

from markupsafe import Markup

from odoo import api, models
from odoo.tools import format_date, formatLang

TOLD = ("promise", "dispute")  # blocks are the company's own affair
MAX_NAMES = 10  # documents named in a note


class CrmCollectionHold(models.Model):
    """Promises and disputes are told of where those look who do not work in collections: in the
    chatter of the customer, and of the invoice where it is about one.

    What is set together is told together, in two batches of notes: nobody is notified, and no row
    of accounting is touched. A hold of the whole customer is told on the customer alone.
    """

    _inherit = "crm.collection.hold"

    @api.model_create_multi
    def create(self, vals_list):
        """What a customer says is told when it is set."""
        holds = super().create(vals_list)
        for company, told in holds.grouped("company_id").items():
            said = told.filtered(lambda hold: hold.kind in TOLD)
            if said:
                # who sets it need not be allowed to write there
                said.sudo().with_context(lang=company._get_collection_lang())._tell_set()
        return holds

    def _tell_set(self):
        self._tell(lambda holds: holds._describe_set())

    def _tell(self, describe):
        """:param describe: (holds) → sentences, for each customer and each invoice"""
        by_move = defaultdict(self.browse)
        for hold in self:
            for move in hold.move_id | (hold.item_id | hold.item_ids).move_id:
                by_move[move] |= hold
        for records in (
            self.grouped("customer_id"),
            {move: of for move, of in by_move.items() if move.is_sale_document(True)},
        ):
            bodies = {
                record.id: Markup("<br/>").join(describe(holds))
                for record, holds in records.items()
                if record
            }
            for record in list(records)[:1]:
                record.browse(bodies)._message_log_batch(bodies)

    def _describe_set(self):
        """:return: a sentence for each thing that was said, whatever number of items it is about"""
        return [
            holds._describe_group()
            for holds in self.grouped(
                lambda hold: (hold.kind, hold.date_until, hold.reason)
            ).values()
        ]

    def _describe_group(self):
        first = self[0]
        names = list(dict.fromkeys(name for hold in self for name in hold._get_document_names()))
        about = ", ".join(names[:MAX_NAMES])
        if more := names[MAX_NAMES:]:
            about = self.env._("%(names)s and %(count)s more", names=about, count=len(more))
        what = {
            "company": first.company_id.name,
            "about": about or self.env._("all that is owed"),
            "reason": first.reason,
        }
        if first.kind == "dispute":
            return self.env._("%(company)s noted a dispute of %(about)s: %(reason)s", **what)
        return self.env._(
            "%(company)s noted a promise to pay %(amount)s by %(day)s, of %(about)s: %(reason)s",
            amount=self._describe_promised(),
            day=format_date(self.env, first.date_until),
            **what,
        )

    def _describe_promised(self):
        """:return: the amount; one hold of them without an amount is about all it covers"""
        if not all(self.mapped("amount")):
            return self.env._("everything")
        currency = self.company_id.currency_id
        return formatLang(self.env, sum(self.mapped("amount")), currency_obj=currency)

    def _get_document_names(self):
        """:return: what it is about, by name; nothing where it is about all of the customer's"""
        items = self.item_id | self.item_ids
        return [name for name in (items.mapped("name") or [self.move_id.name]) if name]
