from odoo import api, models
from odoo.fields import Domain

EXPECTED = "crm.collection.expected"
PARTS = ("promised", "behaviour")
UNCOUNTED = ("disputed", "refund")
PERIODS = ("30", "60", "90", "later")


class CrmCollectionCockpit(models.AbstractModel):
    """Expected cash, as a table: what is owed today by when it is expected, promised and by payment
    behaviour, and what is not counted. The definition is ``crm.collection.expected``'s."""

    _inherit = "crm.collection.cockpit"

    @api.model
    @api.readonly
    def get_expected(self, filters=None):
        """The table.

        :param dict filters: ``company_id``, ``books_id``; what is missing or not allowed falls
            back to all companies. A collector is told of his own customers, the head of a team
            of its collectors', too
        :return: dict of ``periods`` and ``parts`` (a figure for each period, and their ``total``),
            ``total`` (what the parts come to), ``uncounted`` and ``owed`` (all of it); ``amount``
            is what is expected, ``owed`` of a figure what is owed of it; ``behaviour_note``
        :raise AccessError: for who may not read items
        """
        self.env["crm.collection.item"].check_access("read")
        self.env.flush_all()
        companies, _chosen, _books = self._choose_books(self._clean_filters(filters))
        domain = Domain("company_id", "in", companies.ids)
        domain &= self._get_collector_domain(self._get_visible_collectors())
        found = self._read_expected(domain)
        names = self._get_expected_names()
        return {
            "currency_id": companies[:1].currency_id.id,
            "periods": [{"id": period, "name": names[period]} for period in PERIODS],
            "parts": [
                {
                    "id": part,
                    "name": names[part],
                    **self._prepare_expected(domain, found, (part,), names[part]),
                }
                for part in PARTS
            ],
            "total": self._prepare_expected(domain, found, PARTS, self.env._("Expected Cash")),
            "uncounted": [
                {"id": part, "name": names[part], **self._prepare_owed(domain, found, (part,))}
                for part in UNCOUNTED
            ],
            "owed": self._prepare_owed(domain, found, PARTS + UNCOUNTED),
            "behaviour_note": self._explain_behaviour(companies),
        }

    def _explain_behaviour(self, companies):
        """:return: as of when it is how late customers pay, in words"""
        days = self.env["res.company"]._get_collection_days()
        kept_ids = self.env["crm.collection.behaviour"]._get_kept_today(days)[0]
        if companies.ids and set(companies.ids) <= set(kept_ids):
            return self.env._("How late customers pay is as of the first allocation of today.")
        if set(companies.ids) & set(kept_ids):
            return self.env._(
                "How late customers pay is as of the first allocation of today, where there was "
                "one; else as of now."
            )
        return self.env._("How late customers pay is as of now.")

    def _read_expected(self, domain):
        """:return: {(part, period): (number, owed, expected)}"""
        specs = ["__count", "amount:sum", "amount_expected:sum"]
        groups = self.env[EXPECTED]._read_group(domain, ["part", "period"], specs)
        return {(part, period): figures for part, period, *figures in groups}

    def _get_expected_names(self):
        """:return: {part or period: its name}"""
        selections = [
            self.env[EXPECTED]._fields[fname]._description_selection(self.env)
            for fname in ("part", "period")
        ]
        return {key: name for selection in selections for key, name in selection}

    @api.model
    def _add_expected(self, found, parts, periods):
        """:return: number, what is owed, and what is expected, of some parts and periods"""
        rows = [
            figures
            for (part, period), figures in found.items()
            if part in parts and period in periods
        ]
        return [sum(column) for column in zip(*rows, strict=True)] if rows else [0, 0.0, 0.0]

    def _prepare_expected(self, domain, found, parts, name):
        """:return: dict of ``figures``, one for each period, each with all up to it (``by_then``),
        and ``total``"""
        of_parts = domain & Domain("part", "in", parts)
        figures, by_then = [], 0.0
        for period in PERIODS:
            count, owed, amount = self._add_expected(found, parts, (period,))
            by_then += float(amount)
            of_period = of_parts & Domain("period", "=", period)
            figure = self._get_figure(
                EXPECTED, name, of_period, count, float(amount), "amount_expected"
            )
            figures.append({**figure, "owed": float(owed), "by_then": round(by_then, 4)})
        count, owed, amount = self._add_expected(found, parts, PERIODS)
        total = self._get_figure(EXPECTED, name, of_parts, count, float(amount), "amount_expected")
        return {"figures": figures, "total": {**total, "owed": float(owed)}}

    def _prepare_owed(self, domain, found, parts):
        """A figure of what is owed, expected or not."""
        names = self._get_expected_names()
        count, owed, _expected = self._add_expected(found, parts, (*PERIODS, "none"))
        return self._get_figure(
            EXPECTED,
            names[parts[0]] if len(parts) == 1 else self.env._("Owed Today"),
            domain & Domain("part", "in", parts),
            count,
            float(owed),
            "amount",
        )
