from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import date_utils

from ..letters.condition_queries import PAPER_STATES
from ..letters.letter import PROBLEM_STATES
from ..portfolio import dispute_queries
from . import queries

GROUP_USER = "crm_collection.group_crm_collection_user"
# What keeps an item from being collected until somebody changes the configuration.
WRONG_BLOCKERS = ("no_rule", "no_partner", "unapproved", "empty", "refund")


class CrmCollectionCockpit(models.AbstractModel):
    """The cards about work: letters, approvals, exceptions, and how fresh the figures are."""

    _inherit = "crm.collection.cockpit"

    # === Letters === #

    def _get_letters(self, scope):
        """The letters of the week, Monday to Sunday, by state."""
        Letter = self.env["crm.collection.letter"]
        start = date_utils.start_of(scope.day, "week")
        end = start + relativedelta(days=6)
        domain = scope.get_domain(currency="line_ids.currency_id")
        domain &= Domain("date", ">=", fields.Date.to_string(start))
        domain &= Domain("date", "<=", fields.Date.to_string(end))
        counts = dict(Letter._read_group(domain, ["state"], ["__count"]))
        states = Letter._fields["state"]._description_selection(self.env)
        return {
            "start": fields.Date.to_string(start),
            "end": fields.Date.to_string(end),
            "total": self._get_figure(
                Letter._name, self.env._("Letters of the Week"), domain, sum(counts.values())
            ),
            "states": [
                {
                    **self._get_figure(
                        Letter._name, name, domain & Domain("state", "=", state), counts[state]
                    ),
                    "key": state,
                    "name": name,
                }
                for state, name in states
                if state in counts
            ],
        }

    # === Waiting for somebody === #

    def _get_approvals(self, scope):
        """The approvals waiting that the user sees, and those among them he may decide; or
        ``False``."""
        if "crm.collection.approval" not in self.env:
            return False
        Approval = self.env["crm.collection.approval"]
        if not Approval.has_access("read"):
            return False
        domain = Domain("state", "=", "pending")
        domain &= Domain("company_id", "in", [False, *scope.companies.ids])
        names = {
            "waiting": (self.env._("Approvals Waiting"), domain),
            "mine": (self.env._("For You to Decide"), domain & Domain("can_decide", "=", True)),
        }
        return {
            key: self._get_figure(Approval._name, name, domain, Approval.search_count(domain))
            for key, (name, domain) in names.items()
        }

    def _get_exceptions(self, scope, open_items):
        """What waits for a person: what the jobs could not do with items and letters, what
        customers wrote, and what the last runs noted."""
        figures = [
            *self._get_open_item_exceptions(scope, open_items),
            *self._get_letter_exceptions(scope),
            self._get_waiting_replies(scope),
            {
                **self._get_run_exceptions(scope),
                "key": "run",
                "name": self.env._("Errors noted by the last runs"),
            },
        ]
        return [figure for figure in figures if figure["count"]]

    def _get_disputed(self, scope):
        """What disputes in force are about, of what is owed today: the list is the aging."""
        Item, Aging = self.env["crm.collection.item"], self.env["crm.collection.aging"]
        days = scope.companies._get_collection_days()
        # asked of the few disputes: the aging would be made of all that is owed
        rows = self.env.execute_query_dict(dispute_queries.disputed_items(days))
        amounts = {row["item_id"]: row["amount"] for row in rows if row["amount"] > 0}
        items = Item.search(scope.get_open_item_domain() & Domain("id", "in", list(amounts)))
        amount = float(sum(amounts[item_id] for item_id in items.ids))
        domain = scope.get_domain() & Domain("amount_disputed", ">", 0)
        name = self.env._("Disputed")
        return self._get_figure(Aging._name, name, domain, len(items), amount, "amount_disputed")

    def _get_broken(self, scope):
        """Promises of the period that were broken, by who set them."""
        Hold = self.env["crm.collection.hold"]
        domain = scope.get_domain(currency=None) & Domain("kind", "=", "promise")
        domain &= Domain("state", "=", "broken")
        domain &= Domain("date_closed", ">=", fields.Date.to_string(scope.start))
        domain &= Domain("date_closed", "<=", fields.Date.to_string(scope.end))
        return self._get_figure(
            Hold._name, self.env._("Promises Broken"), domain, Hold.search_count(domain)
        )

    def _get_proposals(self, scope, open_items):
        """Items whose rule proposes a phase that only a person decides about."""
        return self._get_open_item_figure(
            self.env._("Proposed for a Manual Phase"),
            scope.get_open_item_domain() & Domain("proposed_step_id", "!=", False),
            [open_item for open_item in open_items if open_item.proposed_step_id],
        )

    def _get_open_item_exceptions(self, scope, open_items):
        Item = self.env["crm.collection.item"]
        names = dict(Item._fields["blocker"]._description_selection(self.env))
        for blocker in WRONG_BLOCKERS:
            figure = self._get_open_item_figure(
                names[blocker],
                scope.get_open_item_domain() & Domain("blocker", "=", blocker),
                [open_item for open_item in open_items if open_item.blocker == blocker],
            )
            yield {**figure, "key": blocker, "name": names[blocker]}
        name = self.env._("Failed in the last run")
        figure = self._get_open_item_figure(
            name,
            scope.get_open_item_domain() & Domain("exception", "!=", False),
            [open_item for open_item in open_items if open_item.exception],
        )
        yield {**figure, "key": "failed_open_item", "name": name}

    def _get_letter_exceptions(self, scope):
        """Letters that reached nobody, however long ago: they wait until somebody acts."""
        Letter = self.env["crm.collection.letter"]
        domain = scope.get_domain(currency="line_ids.currency_id")
        asked = Domain("state", "=", "uncertain") & Domain("nobody_knows", "=", False)
        problems = Domain("state", "in", (*PROBLEM_STATES, *PAPER_STATES)) | asked
        counts = dict(Letter._read_group(domain & problems, ["state"], ["__count"]))
        names = {
            "uncertain": self.env._("Letters that may have left: did they arrive?"),
            "to_print": self.env._("Letters to print"),
            "printed": self.env._("Letters printed and not posted"),
            "no_address": self.env._("Letters without an address"),
            "bounced": self.env._("Letters that bounced"),
            "failed": self.env._("Letters that could not be sent"),
            "blacklisted": self.env._("Letters to blacklisted addresses"),
        }
        for state, name in names.items():
            of_state = asked if state == "uncertain" else Domain("state", "=", state)
            figure = self._get_figure(Letter._name, name, domain & of_state, counts.get(state, 0))
            yield {**figure, "key": state, "name": name}

    def _get_waiting_replies(self, scope):
        """What customers wrote, whichever currency it is about: nobody has answered yet."""
        Contact = self.env["crm.collection.contact"]
        domain = scope.get_domain(currency=None) & Domain("state", "=", "waiting")
        name = self.env._("Customers who wait for an answer")
        figure = self._get_figure(Contact._name, name, domain, Contact.search_count(domain))
        return {**figure, "key": "reply", "name": name}

    def _get_run_exceptions(self, scope):
        Run, Line = self.env["crm.collection.run"], self.env["crm.collection.run.line"]
        runs = Run.union(
            *(
                Run.search([("company_id", "=", company.id), ("kind", "=", kind)], limit=1)
                for company in scope.companies
                for kind in ("allocation", "letters")
            )
        )
        domain = Domain("run_id", "in", runs.ids) & Domain("kind", "=", "exception")
        return self._get_figure(
            Line._name, self.env._("Exceptions"), domain, Line.search_count(domain)
        )

    # === Freshness === #

    def _get_freshness(self, scope, open_items):
        """When the figures were read, and whether the job is behind them.

        :param open_items: the rows of all companies
        :return: dict of ``time`` (UTC), ``last_run`` (UTC, ``False``: never; of several
            companies, the one longest ago), ``waiting`` (items the job has to look at) and
            ``is_stale``
        """
        runs = {run.company_id: run for run in self._get_last_runs(scope)}
        self.env["account.move.line"].flush_model()
        waiting = sum(
            open_item.count
            for open_item in open_items
            if open_item.to_evaluate and open_item.company_id in scope.today
        )
        for company in scope.companies:
            waiting += self._count_unseen(company, scope.today[company.id], runs.get(company))
        is_late = any(
            company not in runs or runs[company].date < scope.today[company.id]
            for company in scope.companies
        )
        ends = [run.date_end for run in runs.values() if run.date_end]
        is_complete = len(ends) == len(scope.companies)
        return {
            "time": fields.Datetime.to_string(fields.Datetime.now()),
            "last_run": fields.Datetime.to_string(min(ends)) if is_complete else False,
            "waiting": waiting,
            "is_stale": bool(is_late or waiting),
            "can_run": self.env.user.has_group(GROUP_USER),
        }

    def _get_last_runs(self, scope):
        """:return: the last complete allocation of each company that has one"""
        Run = self.env["crm.collection.run"]
        domain = Domain("kind", "=", "allocation") & Domain("state", "=", "done")
        return Run.union(
            *(
                Run.search(domain & Domain("company_id", "=", company.id), limit=1)
                for company in scope.companies
            )
        )

    def _count_unseen(self, company, today, run):
        """Overdue items that are no open items yet, as far as they are younger than ``run``."""
        since = (run.date, run.date_start) if run else (None, None)
        return self.env.execute_query(queries.unseen(company.id, today, *since))[0][0]

    # === A fresh database === #

    def _get_next_steps(self):
        """What makes the first items appear, each with the screen the user may open for it."""
        steps = [*self._get_steps_to_items(), *self._get_steps_to_service()]
        return [
            {"title": title, "text": text, "action": self._get_step_action(xmlid, model)}
            for title, text, xmlid, model in steps
        ]

    def _get_steps_to_items(self):
        """:return: list of (title, text, xml id of the action, its model)"""
        return [
            (
                self.env._("Post your invoices"),
                self.env._("Every installment that passes its due date becomes an item by itself."),
                "account.action_move_out_invoice_type",
                "account.move",
            ),
            (
                self.env._("Look through phases and sending rules"),
                self.env._("Who is written to after how many days, in which words."),
                "crm_collection.crm_collection_rule_action",
                "crm.collection.rule",
            ),
            (
                self.env._("Go live"),
                self.env._(
                    "Choose where debt that is old already starts, and whether letters leave."
                ),
                "crm_collection.crm_collection_golive_action",
                "crm.collection.golive",
            ),
        ]

    def _get_steps_to_service(self):
        """:return: the same, of the service"""
        return [
            (
                self.env._("Check the service"),
                self.env._("Whether the jobs run and mail can leave, in plain words."),
                "crm_collection.crm_collection_status_view_action",
                "crm.collection.status.view",
            ),
            (
                self.env._("Settings"),
                self.env._("Quiet days, late fine and interest, who is told of exceptions."),
                "crm_collection.crm_collection_settings_page_action",
                "crm.collection.settings",
            ),
        ]

    @api.model
    def _get_step_action(self, xmlid, model):
        """:return: the action, where the user may use it, else ``False``"""
        operation = "create" if self.env[model]._transient else "read"
        return xmlid if self.env[model].has_access(operation) else False
