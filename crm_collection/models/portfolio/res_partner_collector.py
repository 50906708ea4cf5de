from collections import defaultdict

from odoo import models

from . import collector_queries


class ResPartner(models.Model):
    """A customer's collector is that of what he owes: of his open items, too, but those for which
    a person chose another one."""

    _inherit = "res.partner"

    def write(self, vals):
        """EXTENDS 'base': open items follow their customer's collector"""
        if not {"collection_user_id", "user_id"} & vals.keys():
            return super().write(vals)
        # whoever writes need not see what is owed
        customers_sudo = self.sudo().filtered(lambda one: one == one.commercial_partner_id)
        before = [
            (customer, customer._get_collection_collector())
            for company in customers_sudo._get_companies_collecting(vals)
            for customer in customers_sudo.with_company(company)
        ]
        result = super().write(vals)
        changed = defaultdict(self.browse)
        for customer, old in before:
            new = customer._get_collection_collector()
            if new != old:
                changed[customer.env.company, old, new] |= customer
        for (_company, old, new), customers in changed.items():
            customers._hand_over_collection(old, new)
        return result

    def _get_companies_collecting(self, vals):
        """:return: where something changes: a collector is one company's, a salesperson all's"""
        if "user_id" not in vals:
            return self.env.company
        domain = [("partner_id", "in", self.ids), ("state", "=", "open")]
        groups = self.env["crm.collection.item"]._read_group(domain, ["company_id"])
        return self.env["res.company"].union(*(company for (company,) in groups))

    def _get_collection_collector(self):
        """:return: who works what is new of the customer in the active company, as the jobs find
        him (``rule_queries.customers``)"""
        self.ensure_one()
        for user in (self.collection_user_id, self.user_id):
            # he may work in companies that who asks does not see
            if user.active and self.env.company in user.sudo().company_ids:
                return user
        return self.env["res.users"]

    def _get_collection_worked(self):
        """:return: {model: {id: who works it, or ``None``}} of all that
        :meth:`_hand_over_collection` may give to another collector; every room adds its own"""
        self.env.flush_all()
        scope = (("open",), self.env.company.id, self.ids)
        rows = self.env.execute_query(collector_queries.worked("crm_collection_item", *scope))
        return {"crm.collection.item": dict(rows)}

    def _hand_over_collection(self, old, new, everyone=False):
        """Give what the last collector of these customers had of theirs in the active company to
        the one they have now; the same statements for any number of them.

        :param everyone: also what others work by a person's choice
        """
        self.env.flush_all()
        self.env.cr.execute(
            collector_queries.hand_over(
                *("crm_collection_item", ("open",), self.env.company.id, self.ids),
                *(old.id or None, new.id or None, self.env.uid, everyone),
            )
        )
        self.env["crm.collection.item"].invalidate_model(["user_id"], flush=False)
