import logging
from collections import defaultdict

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ...tools.retry import RETRIED
from ...tools.text import get_letters
from . import assignment_queries

_logger = logging.getLogger(__name__)
MANAGER_GROUP = "crm_collection.group_crm_collection_manager"
USER_GROUP = "crm_collection.group_crm_collection_user"


class CrmCollectionAssignment(models.Model):
    """A rule by which customers get a collector who have none.

    The rules are tried in their order: the first that a customer fits chooses, among its
    collectors who work in the company, the one with the fewest open items. What was chosen is
    written on the customer, as if a person had: it stays when the rules change. Managers write,
    users read.
    """

    _name = "crm.collection.assignment"
    _inherit = ["crm.collection.guarded"]
    _description = "Assignment of Customers to Collectors"
    _order = "sequence, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(
        string="Place",
        default=10,
        help="The rules are tried in this order: the lowest comes first.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company", index=True, help="Empty: the rule serves every company."
    )
    user_ids = fields.Many2many(
        comodel_name="res.users",
        relation="crm_collection_assignment_user_rel",
        string="Collectors",
        required=True,
        domain=lambda self: self._get_user_domain(),
        help="Of several, each customer gets the one who works the fewest open items at that time.",
    )
    company_type = fields.Selection(
        selection=[("person", "Individuals"), ("company", "Companies")],
        string="Customer Type",
        help="Empty: both.",
    )
    industry_ids = fields.Many2many(
        comodel_name="res.partner.industry",
        relation="crm_collection_assignment_industry_rel",
        string="Segments",
        help="Customers of any of these industries. Empty: all.",
    )
    category_ids = fields.Many2many(
        comodel_name="res.partner.category",
        relation="crm_collection_assignment_category_rel",
        string="Customer Tags",
        help="Customers with any of these tags. Empty: all.",
    )
    country_ids = fields.Many2many(
        comodel_name="res.country",
        relation="crm_collection_assignment_country_rel",
        string="Countries",
        help="Empty: all.",
    )
    amount_min = fields.Float(
        aggregator=None,
        string="Owed from",
        digits="Account",
        help="What all open items of the customer owe, in the company's currency. 0: whatever.",
    )
    amount_max = fields.Float(
        aggregator=None,
        string="Owed to",
        digits="Account",
        help="As above, this amount included. 0: whatever.",
    )
    letter_from = fields.Char(
        string="Names from",
        help="How the names begin, whatever their case and accents: from A to F. Empty: all.",
    )
    letter_to = fields.Char(string="Names to", help="As above: names that begin with it, too.")

    _amounts_in_order = models.Constraint(
        "CHECK(amount_min >= 0 AND (amount_max = 0 OR amount_max >= amount_min))",
        "The amount that is owed at most is not less than the amount that is owed at least.",
    )

    @api.model
    def _get_user_domain(self):
        group = self.env.ref(USER_GROUP, False)
        return [("share", "=", False), ("all_group_ids", "in", group.ids if group else [])]

    # === Actions === #

    def action_assign_now(self):
        """Show who would get whom, by all rules of the active companies, before customers without
        a collector get theirs, as by the allocation job."""
        self._check_manager()
        return self.env["crm.collection.assign"]._open()

    @api.model
    def _check_manager(self):
        if not self.env.user.has_group(MANAGER_GROUP):
            raise AccessError(self.env._("Only collection managers assign customers."))

    # === Criteria === #

    def _get_partner_domain(self):
        """:return: the criteria as a :class:`Domain` on commercial partners, without what is owed
        and the name"""
        self.ensure_one()
        domain = Domain.TRUE
        if self.company_type:
            domain &= Domain("is_company", "=", self.company_type == "company")
        for fname, partner_field in (
            ("industry_ids", "industry_id"),
            ("category_ids", "category_id"),
            ("country_ids", "country_id"),
        ):
            if self[fname]:
                domain &= Domain(partner_field, "in", self[fname].ids)
        return domain

    def _fits_name(self, name):
        """Whether a name begins between the two: as far as they are written, without case and
        accents."""
        letters, first, last = map(get_letters, (name, self.letter_from, self.letter_to))
        return (not first or letters >= first) and (not last or letters[: len(last)] <= last)

    # === Assigning === #

    @api.model
    def _assign_safely(self, company, run):
        """Assign in the allocation job, which goes on whatever comes of it."""
        try:
            with self.env.cr.savepoint():
                number = self._assign(company)
        except psycopg2.OperationalError as error:
            if error.pgcode not in RETRIED:
                raise
            return _logger.info("The next run assigns customers of %s: %s", company.id, error)
        except Exception as error:
            number = 1
            run._log_exception(" ".join(str(error).split()))
        if number:
            run._commit(0)  # what comes next may have to begin anew
        return None

    @api.model
    def _plan(self, company, pretend=None):
        """
        :param pretend: function that has a statement ask about other items than there are
        :return: {customer: (his collector, number of his open items)} of the company's customers
            who have none, as the rules choose; by their ids
        """
        pretend = pretend or (lambda query: query)
        rules = self._get_rules(company)
        if not rules:
            return {}
        self.env.flush_all()
        partners = self._get_customers(company)
        query = assignment_queries.nobodys(partners, rules, company.id)
        rows = self.env.execute_query(pretend(query))
        chosen = self._choose(company, rules, rows, pretend) if rows else {}
        numbers = {partner_id: number for partner_id, _name, number, _rules in rows}
        return {one: (user_id, numbers[one]) for one, user_id in chosen.items()}

    @api.model
    def _get_customers(self, company, ids=()):
        """:return: in sudo, customers in their company, archived ones, too: they still owe"""
        partners_sudo = self.env["res.partner"].sudo().with_context(active_test=False)
        return partners_sudo.with_company(company).browse(ids)

    @api.model
    def _assign(self, company, planned=None):
        """Give the company's customers without a collector theirs: the same statements for any
        number of them.

        :param dict planned: {customer: collector} as somebody was shown it, by their ids: nobody
            gets another one than that
        :return: how many have one now
        """
        chosen = {
            one: user_id
            for one, (user_id, _number) in self._plan(company).items()
            if planned is None or planned.get(one) == user_id
        }
        if not chosen:
            return 0
        partners = self._get_customers(company)
        self.env.cr.execute(assignment_queries.assign(company.id, chosen))
        self.env["res.partner"].invalidate_model(["collection_user_id"], flush=False)
        by_user = defaultdict(list)
        for partner_id, user_id in chosen.items():
            by_user[user_id].append(partner_id)
        nobody = self.env["res.users"]
        for user_id, partner_ids in by_user.items():
            partners.browse(partner_ids)._hand_over_collection(nobody, nobody.browse(user_id))
        return len(chosen)

    @api.model
    def _get_rules(self, company):
        """:return: in sudo, the rules of the company and those above it, first match first"""
        rules_sudo = self.sudo().with_context(active_test=True)
        domain = Domain("company_id", "in", [False, *company.sudo().parent_ids.ids])
        return rules_sudo.search(domain)

    @api.model
    def _choose(self, company, rules, rows, pretend):
        """:param rows: of :func:`.assignment_queries.nobodys`
        :param pretend: as for :meth:`_plan`
        :return: {id of the customer: id of his collector}
        """
        users = {
            rule.id: [user.id for user in rule.user_ids if rule._is_workable(user, company)]
            for rule in rules
        }
        everybody = list({user_id for ids in users.values() for user_id in ids})
        loads = dict.fromkeys(everybody, 0)
        query = assignment_queries.loads(company.id, everybody)
        loads |= dict(self.env.execute_query(pretend(query)))
        chosen = {}
        for partner_id, name, number, rule_ids in rows:
            fitting = rules.browse(rule_ids).filtered(lambda rule: users[rule.id])
            rule = next((one for one in fitting if one._fits_name(name)), None)
            if rule:
                user_id = min(users[rule.id], key=lambda one: (loads[one], one))
                loads[user_id] += number
                chosen[partner_id] = user_id
        return chosen

    @api.model
    def _is_workable(self, user, company):
        """Whether somebody works in collections of the company."""
        return (
            user.active
            and not user.share
            and company in user.company_ids
            and user.has_group(USER_GROUP)
        )
