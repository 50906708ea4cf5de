from odoo import api, fields, models
from odoo.tools import formatLang, html2plaintext

from ...tools.arguments import get_text
from . import timeline_queries
from .timeline_queries import KINDS

PAGE = 30
MAX_TEXT = 300
MODELS = {
    "letter": "crm.collection.letter",
    "contact": "crm.collection.contact",
    "hold": "crm.collection.hold",
    "payment": "crm.collection.settlement",
    "move": "crm.collection.allocation",
    "approval": "crm.collection.approval.decision",
    "note": "mail.message",
    "task": "crm.collection.task",
    "thanks": "crm.collection.thanks",
}
DANGER = (
    *("returned", "bounced", "failed", "no_address", "blacklisted", "broken", "refused"),
    "exception",
)
GOOD = ("sent", "payment", "kept", "approved")


class CrmCollectionDesk(models.AbstractModel):
    """A customer's story in one line of time: letters, replies, calls, notes, promises, disputes,
    payments and returned ones, thanks, moves, approvals and tasks."""

    _inherit = "crm.collection.desk"

    @api.model
    @api.readonly
    def get_timeline(self, partner_id=None, company_id=None, kinds=None, before=None):
        """A page of what happened with a customer, the latest first.

        :param list kinds: of what: names of KINDS; all where none is given
        :param list before: ``next`` of the page before
        :return: dict of ``entries`` and ``next``, ``False`` where that was all
        :raise UserError: there is no such customer among the user's
        """
        partner, company = self._find_customer(partner_id, company_id)
        companies = company._get_collection_family() & self.env.companies
        self.env.flush_all()
        query = timeline_queries.timeline(
            partner.id, companies.ids, self._get_kinds(kinds), self._get_before(before), PAGE + 1
        )
        rows = self.env.execute_query_dict(query)
        more, rows = len(rows) > PAGE, rows[:PAGE]
        last = rows[-1] if rows else None
        return {
            "entries": self._prepare_entries(rows),
            "next": [fields.Datetime.to_string(last["moment"]), last["kind"], last["ref"]]
            if more
            else False,
        }

    @api.model
    def _get_kinds(self, kinds):
        given = kinds if isinstance(kinds, list) else []
        return [kind for kind in KINDS if kind in given] or list(KINDS)

    @api.model
    def _get_before(self, before):
        """:return: the place in the line of time, or ``None`` for its beginning"""
        if not isinstance(before, list) or len(before) != 3:
            return None
        moment, kind, ref = before
        try:
            moment = fields.Datetime.to_datetime(get_text(self.env, moment))
        except ValueError:
            return None
        known = moment and kind in KINDS and type(ref) is int and abs(ref) < 2**31
        return (moment, kind, ref) if known else None

    # === Entries === #

    def _prepare_entries(self, rows):
        """:return: a dict for each row: ``title``, ``text``, ``by``, what it looks like, and the
        record behind it; what the user may not read is left out"""
        records = {
            kind: self._get_readable(kind, [row["ref"] for row in rows if row["kind"] == kind])
            for kind in {row["kind"] for row in rows}
        }
        return [
            self._prepare_entry(row, records[row["kind"]][row["ref"]])
            for row in rows
            if row["ref"] in records[row["kind"]]
        ]

    def _get_readable(self, kind, ids):
        records = self.env[MODELS[kind]].browse(ids)._filtered_access("read")
        return {record.id: record for record in records}

    def _prepare_entry(self, row, record):
        told = getattr(self, f"_tell_{row['kind']}")(row, record)
        level = "danger" if row["what"] in DANGER else "success" if row["what"] in GOOD else "info"
        return {
            "kind": row["kind"],
            "key": f"{row['kind']}-{row['ref']}-{row['what']}",
            "moment": fields.Datetime.to_string(row["moment"]),
            "level": level,
            "model": record._name if row["kind"] != "note" else record.model,
            "id": record.id if row["kind"] != "note" else record.res_id,
            "by": False,
            "text": False,
            **told,
        }

    def _get_label(self, record, fname, value=None):
        """:return: what a selection is called"""
        names = dict(record._fields[fname]._description_selection(self.env))
        return names.get(value or record[fname], "")

    def _get_money(self, amount, currency):
        return formatLang(self.env, amount, currency_obj=currency)

    def _tell_letter(self, row, letter):
        state = self._get_label(letter, "state")
        title = self.env._("Letter: %(phase)s (%(state)s)", phase=letter.phase_id.name, state=state)
        where = letter._get_where() or letter.failure_reason or ""
        text = f"{letter.asked_label or ''} {where}".strip()
        if not letter.is_reversed:
            return {"title": title, "text": text}
        reason = self.env._("Sent in error: %s", letter.reversal_reason or "")
        return {"title": title, "text": f"{reason} · {text}", "level": "warning"}

    def _tell_contact(self, row, contact):
        channel = self._get_label(contact, "channel")
        state = contact.outcome_id.name or self._get_label(contact, "state")
        text = " · ".join(filter(None, [contact.person_id.name, contact.note]))
        return {
            "title": f"{channel}: {state}",
            "text": text[:MAX_TEXT],
            "by": contact.user_id.sudo().name,
            "direction": contact.direction,
            "is_void": contact.state == "void",
        }

    def _tell_hold(self, row, hold):
        if row["what"] == "set":
            text = hold.reason
            if hold.kind == "promise" and hold.amount:
                text = f"{self._get_money(hold.amount, hold.currency_id)} · {text}"
            return {
                "title": hold.display_name,
                "text": text,
                "by": hold.user_id.sudo().name,
                "is_void": hold.state == "void",
            }
        state = self._get_label(hold, "state")
        title = f"{hold.display_name}: {state}"
        return {"title": title, "text": hold.reason, "is_void": hold.state == "void"}

    def _tell_payment(self, row, settlement):
        currency = settlement.company_id.currency_id
        if row["what"] == "returned":
            title = self.env._("Undone: %s", self._get_money(-row["amount"], currency))
        else:
            kind = self._get_label(settlement, "kind")
            title = f"{kind}: {self._get_money(row['amount'], currency)}"
        return {"title": title, "text": self._get_names(row, settlement.name)}

    def _get_names(self, row, name):
        """:return: the item it is about, and how many there are beside it"""
        others = row["number"] - 1
        return (
            self.env._("%(name)s and %(others)s more", name=name, others=others) if others else name
        )

    def _tell_move(self, row, allocation):
        title = self.env._("Moved to %s", allocation.phase_id.name)
        names = self._get_names(row, allocation.name)
        reason = allocation.reason
        return {
            "title": title,
            "text": f"{names}: {reason}" if reason else names,
            "by": allocation.user_id.sudo().name if allocation.origin == "manual" else False,
        }

    def _tell_approval(self, row, decision):
        kind = self._get_label(decision, "decision")
        return {
            "title": f"{kind}: {decision.phase_name or ''}",
            "text": decision.reason or False,
            "by": decision.user_id.sudo().name,
        }

    def _tell_task(self, row, task):
        kind = task.activity_kind_id.name or ""
        return {
            "title": f"{kind}: {self._get_label(task, 'state')}",
            "text": task.feedback or task.phase_id.name,
            "by": task.done_by_id.sudo().name,
        }

    def _tell_thanks(self, row, thanks):
        state = self._get_label(thanks.mail_id.sudo(), "state", row["what"])
        return {
            "title": self.env._("Thanked for a payment (%s)", state),
            "text": f"{thanks.received_label} · {thanks.item_names}",
        }

    def _tell_note(self, row, message):
        return {
            "title": self.env._("Note"),
            "text": html2plaintext(message.body or "")[:MAX_TEXT],
            "by": message.author_id.name,
        }
