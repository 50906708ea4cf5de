from odoo import api, models
from odoo.fields import Domain

from ...tools.arguments import get_text
from . import work_queries
from .work_queries import BUCKETS, PARTS, Ranking

LIMIT = 80
SCOPES = ("mine", "team", "all")


class CrmCollectionDesk(models.AbstractModel):
    """My Work: whom to call first, why, and what to do next.

    Read with the user's own access. Customers are ranked by points (:mod:`.work_queries`); each
    line says which parts they come from. How a line is told is in :mod:`.work_line`.
    """

    _name = "crm.collection.desk"
    _description = "My Work"

    @api.model
    @api.readonly
    def get_work(self, filters=None):
        """A page of the list.

        :param dict filters: ``scope`` (one of SCOPES), ``bucket`` (one of BUCKETS, ``aside``),
            ``search`` (a part of a customer's name), ``company_id``, ``offset``; what is missing or
            not allowed falls back to all of mine
        :return: dict of ``filters`` as they were applied, ``buckets``, each with how many are in
            it, ``lines``, and ``total``, how many there are in the bucket
        :raise AccessError: for who may not read items
        """
        self.env["crm.collection.item"].check_access("read")
        self.env.flush_all()
        filters = self._get_filters(filters)
        companies = self._get_companies(filters)
        rows = self.env.execute_query_dict(self._query_page(companies, filters))
        counts = {key: rows[0][f"count_is_{key}"] for key in BUCKETS}
        counts |= {"all": rows[0]["count_all"], "aside": rows[0]["count_aside"]}
        shown = [row for row in rows if row["partner_id"]]
        return {
            "filters": filters,
            "buckets": self._get_buckets(counts),
            "total": counts[filters["bucket"] or "all"],
            "limit": LIMIT,
            "can_work": self.env.user.has_group("crm_collection.group_crm_collection_user"),
            "lines": self._prepare_lines(shown),
        }

    # === Filters === #

    @api.model
    def _get_filters(self, filters):
        given = filters if isinstance(filters, dict) else {}
        scope, bucket = given.get("scope"), given.get("bucket")
        offset, company_id = given.get("offset"), given.get("company_id")
        return {
            "scope": scope if scope in SCOPES else "mine",
            "bucket": bucket if bucket in (*BUCKETS, "aside") else False,
            "search": get_text(self.env, given.get("search")).strip()[:100],
            "offset": offset if type(offset) is int and 0 <= offset < 2**31 else 0,
            "company_id": company_id if company_id in self.env.companies.ids else False,
        }

    @api.model
    def _get_companies(self, filters):
        if filters["company_id"]:
            return self.env["res.company"].browse(filters["company_id"])
        return self.env.companies

    @api.model
    def _get_buckets(self, counts):
        """What customers are on the list for, each with how many."""
        _ = self.env._
        names = {
            "all": _("All"),
            "reply": _("Replies to answer"),
            "promise": _("Promises due"),
            "broken": _("Promises broken"),
            "dispute": _("Disputes past their day"),
            "call": _("Planned for today"),
            "letter": _("Letters that reached nobody"),
            "first": _("First contacts"),
            "aside": _("Put aside"),
        }
        return [{"id": key, "name": name, "count": counts[key]} for key, name in names.items()]

    # === The list === #

    def _query_page(self, companies, filters):
        user_ids = self._get_user_ids(filters["scope"])
        Item = self.env["crm.collection.item"]
        domain = Domain("state", "=", "open") & Domain("company_id", "in", companies.ids)
        if filters["scope"] != "all":
            own = work_queries.own_customers(companies.ids, user_ids)
            domain &= Domain("partner_id", "in", own)
        work = work_queries.ranked(
            Item._search(domain),
            [self._get_ranking(company) for company in companies],
            self._get_phases().ids,
            user_ids,
        )
        among = None
        if filters["search"]:
            Partner = self.env["res.partner"].with_context(active_test=False)
            among = Partner._search([("complete_name", "ilike", filters["search"])]).subselect()
        return work_queries.page(
            work,
            is_own=filters["scope"] != "all",
            bucket=filters["bucket"],
            among=among,
            limit=LIMIT,
            offset=filters["offset"],
        )

    @api.model
    def _get_user_ids(self, scope):
        """:return: whose customers are asked for: one's own and those of whom one stands in for,
        or those of everybody in one's teams"""
        users = self.env.user._get_collection_substituted()
        if scope == "team":
            users |= self.env.user._get_collection_team()
        return users.ids

    @api.model
    def _get_phases(self):
        Phase = self.env["crm.collection.phase"].with_context(active_test=False)
        return Phase.search([])  # pylint: disable=no-search-all

    @api.model
    def _get_ranking(self, company):
        return Ranking(
            company.id,
            company._get_collection_today(),
            company._get_collection_tz(),
            company.collection_rank_full,
            {part: company[f"collection_rank_{part}"] for part in PARTS},
        )
