from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain

from . import team_queries
from .scope import NOBODY

TOTAL = 0  # the key of what all collectors come to
CONTACTS = "crm.collection.contact.report"
HOLDS = "crm.collection.hold"


class Measure(NamedTuple):
    """What is counted of each collector.

    :ivar get_domain: function of whether the month before is meant
    :ivar user_field: where the model has the collector
    :ivar spec: what is asked for beside the number of records, if anything is
    :ivar measure: the field whose sum its list shows, if it does
    :ivar has_before: whether the month before has something to say
    """

    key: str
    model: str
    name: str
    get_domain: object
    user_field: str = "user_id"
    spec: str = ""
    measure: str = None
    has_before: bool = True


class CrmCollectionCockpit(models.AbstractModel):
    """What is counted of collectors; by whom is said in ``docs/figures.md``."""

    _inherit = "crm.collection.cockpit"

    def _get_measures(self, scope):
        return [
            *self._get_contact_measures(scope),
            *self._get_promise_measures(scope),
            self._get_collected_measure(scope),
            self._get_dispute_measure(scope),
        ]

    def _get_contact_measures(self, scope):
        """Contacts that took place: those that wait for an answer are nobody's work yet."""
        _ = self.env._

        def worked(is_before):
            return Domain("state", "=", "done") & scope.get_moments("date", is_before)

        def tried(is_before):
            return worked(is_before) & Domain("direction", "=", "out")

        def reached(is_before):
            return tried(is_before) & Domain("is_reached", "=", True)

        return [
            Measure("worked", CONTACTS, _("Contacts"), worked, spec="partner_id:count_distinct"),
            Measure("tried", CONTACTS, _("We Called or Wrote"), tried),
            Measure("reached", CONTACTS, _("Customers Reached"), reached),
        ]

    def _get_promise_measures(self, scope):
        """Promises made in the month, and those for a day of the month that are judged."""
        _ = self.env._
        promise = Domain("kind", "=", "promise")
        money = {"spec": "amount_promised:sum", "measure": "amount_promised"}

        def made(is_before):
            return promise & Domain("state", "!=", "ended") & scope.get_days("date_from", is_before)

        def judged(is_before):
            verdicts = Domain("state", "in", ("kept", "broken"))
            return promise & verdicts & scope.get_days("date_until", is_before)

        def kept(is_before):
            return judged(is_before) & Domain("state", "=", "kept")

        return [
            Measure("promised", HOLDS, _("Promised"), made, **money),
            Measure("judged", HOLDS, _("Promises Kept or Broken"), judged, **money),
            Measure("kept", HOLDS, _("Promises Kept"), kept, **money),
        ]

    def _get_collected_measure(self, scope):
        """Payments of items in collection, less those returned, as *settled collections* says."""
        paid = Domain("kind", "=", "payment") & Domain("allocation_id", "!=", False)
        return Measure(
            "collected",
            "crm.collection.settlement",
            self.env._("Collected"),
            lambda is_before: paid & scope.get_days("date", is_before),
            spec="amount:sum",
            measure="amount",
        )

    def _get_dispute_measure(self, scope):
        in_force = Domain("kind", "=", "dispute") & Domain("state", "=", "active")
        return Measure(
            "disputed",
            HOLDS,
            self.env._("Open Disputes"),
            lambda is_before: in_force & Domain("company_id", "in", scope.companies.ids),
            user_field="owner_id",
            has_before=False,
        )

    # === Reading === #

    def _read_measure(self, measure, domain):
        """:return: {collector's id or TOTAL: (number, what ``spec`` asks for or 0)}"""
        specs = ["__count", *filter(None, [measure.spec])]
        Model = self.env[measure.model]
        groups = Model._read_group(domain, [measure.user_field], specs)
        [total] = Model._read_group(domain, [], specs)
        found = {user.id or NOBODY: figures for user, *figures in groups} | {TOTAL: total}
        return {key: (count, more[0] or 0 if more else 0) for key, (count, *more) in found.items()}

    def _read_care(self, domain):
        """What collectors have in their care now.

        :return: {collector's id or TOTAL: (customers, items, amount)}
        """
        query = self.env["crm.collection.item"]._search(domain)
        rows = self.env.execute_query(team_queries.in_care(query))
        return {
            TOTAL if is_total else user_id or NOBODY: (customers, count or 0, float(amount or 0))
            for is_total, user_id, customers, count, amount in rows
        }

    @api.model
    def _narrow(self, domain, user_field, key):
        """:return: the domain of one row, of the one of all rows"""
        if key == TOTAL:
            return domain
        return domain & Domain(user_field, "=", False if key == NOBODY else key)

    @api.model
    def _get_view_types(self, model):
        # EXTENDS: the lists behind the figures of collectors
        return {
            CONTACTS: ("list", "pivot", "graph"),
            HOLDS: ("list", "kanban", "pivot", "form"),
            "crm.collection.expected": ("list", "pivot", "graph"),
            "crm.collection.target": ("list",),
        }.get(model) or super()._get_view_types(model)
