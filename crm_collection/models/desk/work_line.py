from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, formatLang

from ...tools.arguments import get_day
from . import news_queries
from .work_queries import BUCKETS, PARTS

MAX_REASONS = 3


class CrmCollectionDesk(models.AbstractModel):
    """How a line of the list is told, and how a customer is put aside."""

    _inherit = "crm.collection.desk"

    # === Lines === #

    def _prepare_lines(self, rows):
        """:return: a dict for each row of :func:`.work_queries.page`"""
        partners = self.env["res.partner"].browse([row["partner_id"] for row in rows])
        # of who became another company's contact the name is shown, as on his items
        partners_sudo, readable = partners.sudo(), partners._filtered_access("read")
        partners_sudo.fetch(["name", "phone"])
        phases = self._get_phases()
        news = self._get_news(rows)
        return [
            self._prepare_line(row, partner_sudo, phases, news)
            | {"phone": partner_sudo.id in readable._ids and partner_sudo.phone}
            for row, partner_sudo in zip(rows, partners_sudo, strict=True)
        ]

    def _prepare_line(self, row, partner_sudo, phases, news):
        company = self.env["res.company"].browse(row["company_id"])
        phase = phases[row["phase_rank"] - 1] if row["phase_rank"] else phases.browse()
        user_sudo = self.env["res.users"].sudo().browse(row["user_id"])
        parts = self._prepare_parts(row, company, phase)
        return {
            "partner_id": partner_sudo.id,
            "company_id": company.id,
            "company": company.name if len(self.env.companies) > 1 else False,
            "name": partner_sudo.name or "",
            "user": {"id": user_sudo.id, "name": user_sudo.name} if user_sudo else False,
            "currency_id": company.currency_id.id,
            "overdue": company.currency_id.round(row["overdue"]),
            "days": (row["today"] - row["oldest"]).days if row["oldest"] else 0,
            "phase": {"name": phase.name, "color": phase.color} if phase else False,
            "points": round(row["points"], 1),
            "parts": parts,
            "reason": self._get_reason(parts, row),
            "next": self._get_next(row),
            "news": news.get((row["company_id"], row["partner_id"]), []),
            "aside_until": row["aside_until"] and format_date(self.env, row["aside_until"]),
        }

    def _prepare_parts(self, row, company, phase):
        """:return: what gave points, the most first, in words"""
        texts = self._get_part_texts(row, company, phase)
        parts = [
            {"key": part, "points": row[f"points_{part}"], "text": texts[part]}
            for part in PARTS
            if row[f"points_{part}"]
        ]
        return sorted(parts, key=lambda part: -part["points"])

    def _get_reason(self, parts, row):
        """:return: what counts most, in words; the phase is shown by itself, and who is trusted as
        anybody else is no reason"""
        silent = {"phase"} if row["trust"] == "bad" else {"phase", "trust"}
        texts = [part["text"] for part in parts if part["key"] not in silent]
        return " · ".join(texts[:MAX_REASONS])

    def _get_part_texts(self, row, company, phase):
        _, env = self.env._, self.env
        amount = formatLang(env, row["overdue"], currency_obj=company.currency_id)
        days = (row["today"] - row["oldest"]).days if row["oldest"] else 0
        since = (row["today"] - row["day_reached"]).days if row["day_reached"] else None
        trusts = dict(env["res.partner"]._fields["trust"]._description_selection(env))
        return {
            "reply": _("a reply waits"),
            "broken": _("promise broken on %s", format_date(env, row["broken_date"])),
            "promise": _("promised for %s", format_date(env, row["promise_date"])),
            "amount": _("%s overdue", amount),
            "age": _("the oldest for a day") if days == 1 else _("the oldest for %s days", days),
            "phase": phase.name or "",
            "silence": self._get_silence_text(since),
            "trust": trusts.get(row["trust"], trusts["normal"]).lower(),
        }

    def _get_silence_text(self, days):
        """:param days: since somebody was reached, ``None`` where nobody was"""
        if days is None:
            return self.env._("never spoken to")
        if days == 1:
            return self.env._("not spoken to for a day")
        return self.env._("not spoken to for %s days", days)

    def _get_next(self, row):
        """:return: dict of ``key`` (of BUCKETS, or ``wait``) and ``text``: what to do next"""
        _, date = self.env._, lambda name: format_date(self.env, row[name])
        texts = {
            "reply": _("Answer what the customer wrote"),
            "promise": _("See whether the payment promised for %s came", date("promise_date")),
            "broken": _("Call: the promise was broken on %s", date("broken_date")),
            "dispute": _("Resolve the dispute: it was to be by %s", date("dispute_date")),
            "call": _("Do what was planned for %s", date("date_activity")),
            "letter": _("Correct the address: a letter reached nobody"),
            "first": _("Call for the first time"),
        }
        for key in BUCKETS:
            if row[f"is_{key}"]:
                return {"key": key, "text": texts[key]}
        if row["date_activity"]:
            return {"key": "wait", "text": _("Planned for %s", date("date_activity"))}
        return {"key": "again", "text": _("Call again")}

    # === What is new === #

    def _get_news(self, rows):
        """:return: {(company id, customer id): what happened since the user looked last}"""
        since = self.env["crm.collection.desk.visit"]._get_since()
        if not since or not rows:
            return {}
        keys = [(row["company_id"], row["partner_id"]) for row in rows]
        result = {}
        for company_id, partner_id, what, count, amount in self.env.execute_query(
            news_queries.news(keys, since)
        ):
            if what == "payment" and amount <= 0:
                continue  # it was undone since
            company = self.env["res.company"].browse(company_id)
            text = self._get_news_text(what, count, amount, company.currency_id)
            result.setdefault((company_id, partner_id), []).append({"key": what, "text": text})
        return result

    def _get_news_text(self, what, count, amount, currency):
        _ = self.env._
        if what == "payment":
            return _("%s paid", formatLang(self.env, amount, currency_obj=currency))
        texts = {
            "reply": _("Replies: %s", count),
            "letter": _("Letters sent: %s", count),
            "moved": _("Items moved: %s", count),
        }
        return texts[what]

    @api.model
    def action_look(self):
        """The user looks at the list: what happens from now on is news when he comes back."""
        self.env["crm.collection.item"].check_access("read")
        self.env["crm.collection.desk.visit"]._look()

    # === Put aside === #

    @api.model
    def action_put_aside(self, partner_id=None, company_id=None, until=None):
        """Take a customer off the list until a day.

        :param until: the day he comes back, as a date or its text; tomorrow where none is given
        :raise UserError: there is no such customer, or the day is not to come
        :raise AccessError: for who only reads
        """
        partner, company = self._get_customer(partner_id, company_id)
        today = company._get_collection_today()
        until = get_day(self.env, until) or today + timedelta(days=1)
        if until <= today:
            raise UserError(self.env._("Choose a day to come."))
        self._get_marks(partner, company).unlink()
        self.env["crm.collection.desk.mark"].sudo().create(
            {
                "company_id": company.id,
                "partner_id": partner.id,
                "user_id": self.env.uid,
                "date": fields.Datetime.now(),
                "date_until": until,
            }
        )

    @api.model
    def action_take_up(self, partner_id=None, company_id=None):
        """Put a customer who was put aside on the list again.

        :raise AccessError: for who only reads
        """
        partner, company = self._get_customer(partner_id, company_id)
        self._get_marks(partner, company).unlink()

    @api.model
    def _get_marks(self, partner, company):
        return (
            self.env["crm.collection.desk.mark"]
            .sudo()
            .search([("partner_id", "=", partner.id), ("company_id", "=", company.id)])
        )

    @api.model
    def _get_customer(self, partner_id, company_id):
        """:return: the customer and the company, both of those the user works with"""
        if not self.env.user.has_group("crm_collection.group_crm_collection_user"):
            raise AccessError(self.env._("Only collection users work the list."))
        return self._find_customer(partner_id, company_id)
