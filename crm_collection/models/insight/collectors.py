from odoo import api, fields, models
from odoo.fields import Domain

from .collector_measures import TOTAL
from .month_scope import MonthScope
from .scope import NOBODY
from .work import GROUP_USER

GROUP_MANAGER = "crm_collection.group_crm_collection_manager"


class CrmCollectionCockpit(models.AbstractModel):
    """The collectors, for the head of collections: what each has in his care, and what came of a
    month beside the month before and his target. Managers and who only reads see all of them; a
    collector sees himself, the head of a team its collectors, too.

    All is read with the user's own access, by a constant number of statements; every figure comes
    with its list, as in the cockpit.
    """

    _inherit = "crm.collection.cockpit"

    @api.model
    @api.readonly
    def get_collectors(self, filters=None):
        """The collectors in a month.

        :param dict filters: ``month`` (text of its first day), ``company_id``, ``books_id``; what
            is missing or not allowed falls back to this month of all companies
        :return: dict of ``filters`` as they were applied, ``options`` to choose from, ``rows``,
            ``total`` (``False`` beside one row), ``sees_all`` and ``can_set_targets``
        :raise AccessError: for who may not read items
        """
        self.env["crm.collection.item"].check_access("read")
        self.env.flush_all()
        filters = self._clean_filters(filters)
        companies, chosen, books = self._choose_books(filters)
        scope = MonthScope(companies, self._get_month(filters))
        users = self._get_visible_collectors()
        *rows, total = self._prepare_rows(scope, users)
        return {
            "filters": self._get_month_filters(scope, chosen),
            "options": {
                "months": [fields.Date.to_string(month) for month in scope.get_months()],
                "companies": self._get_pairs(self.env.companies),
                "books": self._get_pairs(books),
            },
            "currency_id": companies[:1].currency_id.id,
            "sees_all": users is None,
            "can_set_targets": self.env.user.has_group(GROUP_MANAGER),
            "rows": rows,
            "total": len(rows) > 1 and total,
        }

    # === Filters === #

    @api.model
    def _get_month(self, filters):
        """:return: the day that is named, ``None`` where it is none"""
        try:
            return fields.Date.to_date(filters.get("month")) or None
        except (TypeError, ValueError):
            return None

    @api.model
    def _get_month_filters(self, scope, chosen):
        company = scope.companies[:1]
        names = ("start", "end", "before_start", "before_end")
        days = (*scope.get_bounds(company), *scope.get_bounds(company, is_before=True))
        return {
            "month": fields.Date.to_string(scope.month),
            "company_id": chosen.id,
            "books_id": company.currency_id.id,
            **dict(zip(names, map(fields.Date.to_string, days), strict=True)),
        }

    @api.model
    def _get_visible_collectors(self):
        """:return: the collectors the user sees; ``None``: all of them"""
        user = self.env.user
        if user.has_group(GROUP_MANAGER) or not user.has_group(GROUP_USER):
            return None
        teams_sudo = self.env["crm.collection.team"].sudo()  # who works with whom is no secret
        return user | teams_sudo.search([("leader_id", "=", user.id)]).member_ids.with_env(self.env)

    @api.model
    def _get_collector_domain(self, users, user_field="user_id"):
        return Domain.TRUE if users is None else Domain(user_field, "in", users.ids)

    # === The rows === #

    def _prepare_rows(self, scope, users):
        """:return: a row for each collector with a figure, by name, one for what is nobody's, and
        one of what they come to"""
        measures = self._get_measures(scope)
        domains = self._get_domains(measures, users)
        found = {key: self._read_measure(key[0], domain) for key, domain in domains.items()}
        care_domain = Domain("state", "=", "open") & Domain("company_id", "in", scope.companies.ids)
        care_domain &= self._get_collector_domain(users)
        care = self._read_care(care_domain)
        targets = self._read_targets(scope, users)
        ids = {id_ for figures in (care, targets, *found.values()) for id_ in figures}
        ids |= set(users.ids if users is not None else ())
        rows = [
            {
                **self._prepare_collector(key),
                "care": self._prepare_care(care_domain, key, care.get(key, (0, 0, 0.0))),
                **self._prepare_measures(measures, domains, found, key),
                "target": self._prepare_target(scope, users, key, targets),
            }
            for key in self._sort_collectors(ids)
        ]
        return [{**row, **self._get_rates(row, rows)} for row in rows]

    def _get_domains(self, measures, users):
        """:return: {(measure, whether of the month before): domain of all rows}"""
        return {
            (measure, is_before): measure.get_domain(is_before)
            & self._get_collector_domain(users, measure.user_field)
            for measure in measures
            for is_before in (False, True)[: 1 + measure.has_before]
        }

    def _sort_collectors(self, ids):
        """:return: ids of users by name, what is nobody's, and the total"""
        # only names, also of people of another company, and of who has left
        users_sudo = self.env["res.users"].sudo().browse(ids - {NOBODY, TOTAL})
        names = {user.id: user.name or "" for user in users_sudo}
        by_name = sorted(names, key=lambda id_: (names[id_].lower(), id_))
        return [*by_name, *({NOBODY} & ids), TOTAL]

    def _prepare_collector(self, key):
        user_sudo = self.env["res.users"].sudo().browse(key if key > 0 else [])
        name = {TOTAL: self.env._("All"), NOBODY: self.env._("Nobody")}.get(key, user_sudo.name)
        return {"id": key, "name": name, "has_left": bool(user_sudo) and not user_sudo.active}

    def _prepare_care(self, domain, key, care):
        customers, count, amount = care
        figure = self._get_figure(
            "crm.collection.item",
            self.env._("In Care"),
            self._narrow(domain, "user_id", key),
            count,
            amount,
            "amount_residual",
            group_by=["partner_id"],
        )
        return {**figure, "customers": customers}

    def _prepare_measures(self, measures, domains, found, key):
        """The figures of a row, each with its list, and what it was in the month before."""
        figures = {}
        for measure in measures:
            count, more = found[measure, False].get(key, (0, 0))
            before = found.get((measure, True), {}).get(key, (0, 0))
            figure = self._get_figure(
                measure.model,
                measure.name,
                self._narrow(domains[measure, False], measure.user_field, key),
                count,
                float(more) if measure.measure else None,
                measure.measure,
            )
            figures[measure.key] = {
                **figure,
                "customers": False if measure.measure else more,
                "before": {"count": before[0], "amount": float(before[1])},
            }
        return figures

    def _get_rates(self, row, rows):
        """What comes of a row's figures, in per cent; ``False`` where there is nothing to divide
        by. Of attempts those that reached somebody; of what was promised and is judged what was
        kept; of the target what was collected: of all rows by those who have one."""

        def rate(part, whole):
            return round(100 * part / whole, 1) if whole else False

        reached, tried, kept, judged = (row[key] for key in ("reached", "tried", "kept", "judged"))
        if target := row["target"]:
            asked = [one for one in rows if one["target"] and one["id"] != TOTAL]
            of_row = asked if row["id"] == TOTAL else [row]
            amount = sum(one["collected"]["amount"] for one in of_row)
            target = {**target, "reached": rate(amount, target["target"])}
        return {
            "reached_rate": rate(reached["count"], tried["count"]),
            "reached_rate_before": rate(reached["before"]["count"], tried["before"]["count"]),
            "kept_rate": rate(kept["amount"], judged["amount"]),
            "kept_rate_before": rate(kept["before"]["amount"], judged["before"]["amount"]),
            "target": target,
        }

    # === Targets === #

    def _read_targets(self, scope, users):
        """:return: {collector's id or TOTAL: (his target of the month, targets that led to it)}"""
        targets = self.env["crm.collection.target"]._get_in_force(scope.companies, scope.month)
        found = {
            user.id: target for user, target in targets.items() if users is None or user in users
        }
        total = [sum(column) for column in zip(*found.values(), strict=True)]
        return {**found, TOTAL: total or (0, 0)}

    def _prepare_target(self, scope, users, key, targets):
        """A row's target with the list of all that led to it; ``False`` without one."""
        amount, count = targets.get(key, (0, 0))
        if not amount:
            return False
        domain = Domain("company_id", "in", scope.companies.ids)
        if key == TOTAL:
            domain &= Domain("user_id", "in", [id_ for id_ in targets if id_ != TOTAL])
        domain &= Domain("date", "<=", fields.Date.to_string(scope.month))
        domain = self._narrow(domain & self._get_collector_domain(users), "user_id", key)
        Target = self.env["crm.collection.target"]
        figure = self._get_figure(Target._name, self.env._("Targets"), domain, count)
        return {**figure, "target": amount}
