from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date
from odoo.tools.mail import email_normalize_all

from ..letters import content_queries
from . import customer_queries

MAX_ITEMS = 200


class CrmCollectionDesk(models.AbstractModel):
    """One page for a customer: how he is reached, what he owes, how he pays, and his open items.

    What he owes is his statement's to say (:mod:`..customer.statement`), and what a letter would
    charge the letters'.
    """

    _inherit = "crm.collection.desk"

    @api.model
    @api.readonly
    def get_customer(self, partner_id=None, company_id=None):
        """The page of a customer as the user may see it.

        :return: dict; amounts in the currency of their group, days as texts of dates
        :raise UserError: there is no such customer among the user's
        """
        partner, company = self._find_customer(partner_id, company_id)
        companies = company._get_collection_family() & self.env.companies
        in_company = self.with_company(company).with_context(allowed_company_ids=companies.ids)
        return in_company._prepare_customer(partner.with_env(in_company.env), company, companies)

    @api.model
    def _get_customer_action(self, partner, company):
        """:return: the action that opens a customer's page
        :raise UserError: there is no customer
        """
        if not partner:
            raise UserError(self.env._("There is no customer to show."))
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_desk_customer_action"
        )
        params = {"partner_id": partner.id, "company_id": company.id}
        return {**action, "name": partner.display_name, "params": params}

    @api.model
    def _find_customer(self, partner_id, company_id):
        self.env["crm.collection.item"].check_access("read")
        company = self.env.companies.filtered(lambda one: one.id == company_id)
        partner = self.env["res.partner"].browse(partner_id if type(partner_id) is int else [])
        partner = partner.exists()
        if not partner or not company:
            raise UserError(self.env._("There is no such customer."))
        partner.check_access("read")
        return partner.commercial_partner_id, company

    def _prepare_customer(self, partner, company, companies):
        statement = self.env["crm.collection.statement"]._get_statement(partner, companies)
        items = self._get_items_by_line(partner, companies)
        charges = self._get_charges(company, partner, items.values())
        return {
            "partner_id": partner.id,
            "company_id": company.id,
            "company": company.name if len(self.env.companies) > 1 else False,
            "name": partner.display_name,
            "vat": " ".join(filter(None, partner._get_collection_vat())),
            "line_id": self._get_line_id(partner, company),
            "rule": self._prepare_rule(partner),
            "user": self._prepare_user(partner._get_collection_collector()),
            "people": self._prepare_people(partner),
            "credit": self._prepare_credit(partner, company),
            "behaviour": self._prepare_behaviour(partner, company, companies),
            "groups": [
                self._prepare_customer_group(group, items, charges) for group in statement["groups"]
            ],
            "broken": partner.collection_broken_note or False,
            "notices": self.env["crm.collection.contact"]
            ._get_today(partner, company)
            .get(partner, []),
            "can_work": self.env.user.has_group("crm_collection.group_crm_collection_user"),
        }

    @api.model
    def _get_line_id(self, partner, company):
        """:return: the number of the customer's line in the list of customers, which dialogs are
        opened on"""
        return customer_queries.get_line_id(partner.id, company.id)

    def _prepare_user(self, user):
        return {"id": user.id, "name": user.sudo().name} if user else False

    def _prepare_rule(self, partner):
        return {
            "name": partner.collection_applied_rule_id.name or False,
            "why": partner.collection_rule_why,
        }

    # === How he is reached === #

    def _prepare_people(self, partner):
        """The customer and his contacts, those for collections first."""
        people = partner | partner.child_ids.filtered("active")
        types = dict(partner._fields["type"]._description_selection(self.env))
        order = {"collection": 0, "invoice": 1}
        emails = {person: set(email_normalize_all(person.email or "")) for person in people}
        refused = self.env["crm.collection.address"]._get_refused(
            self.env.company, set().union(*emails.values())
        )
        not_used = set(refused.mapped("email"))
        return [
            {
                "id": person.id,
                "name": person.name or types.get(person.type, ""),
                "role": person.function or (types.get(person.type) if person != partner else False),
                "phone": person.phone or False,
                "email": person.email or False,
                "is_refused": bool(emails[person] & not_used),
            }
            for person in people.sorted(lambda one: (order.get(one.type, 2), one != partner))
        ]

    # === What he owes === #

    def _get_items_by_line(self, partner, companies):
        """:return: {journal item id: open item}"""
        items = self.env["crm.collection.item"].search(
            [
                ("partner_id", "=", partner.id),
                ("company_id", "in", companies.ids),
                ("state", "=", "open"),
            ]
        )
        return {item.line_id.id: item for item in items}

    def _get_charges(self, company, partner, items):
        """:return: {open item id: fine and interest, if a letter asked for it today}"""
        shown = [
            (
                *(0, partner.id, item.currency_id.id, item.id, item.date_maturity),
                *(item.amount_residual_currency, item.days_overdue),
            )
            for item in items
        ]
        if not shown:
            return {}
        today = company._get_collection_today()
        query = content_queries.asked_of_shown(company, today, shown)
        return {
            row["item_id"]: row["amount_fine"] + row["amount_interest"]
            for row in self.env.execute_query_dict(query)
        }

    def _prepare_customer_group(self, group, items, charges):
        currency = group["currency"]
        shown = [
            self._prepare_customer_item(open_item, items.get(open_item["line"].id), charges)
            for open_item in group["open_items"]
        ]
        charged = currency.round(sum(one["charges"] for one in shown))
        keys = ("residual", "overdue", "credit", "balance")
        return {
            **{key: group[key] for key in keys},
            "currency_id": currency.id,
            "charges": charged,
            "buckets": [{"name": name, "amount": amount} for name, amount in group["buckets"]],
            "items": shown[:MAX_ITEMS],
            "more": max(len(shown) - MAX_ITEMS, 0),
        }

    def _prepare_customer_item(self, open_item, item, charges):
        """An open item as the page lists it; what is not in collection yet has no ``id``."""
        phase = item.phase_id if item else self.env["crm.collection.phase"]
        next_letter = item.date_next_letter if item else False
        return {
            "id": item.id if item else False,
            "move_id": open_item["move"].id,
            "name": " ".join(filter(None, (open_item["number"], open_item["installment"]))),
            "due": format_date(self.env, open_item["date_maturity"]),
            "days": open_item["days_overdue"],
            "original": open_item["original"],
            "residual": open_item["residual"],
            "charges": charges.get(item.id, 0.0) if item else 0.0,
            "status": open_item["status"],
            "phase": {"name": phase.name, "color": phase.color} if phase else False,
            "held": item.hold_id.display_name if item else False,
            "next_letter": format_date(self.env, next_letter) if next_letter else False,
        }

    # === How he pays === #

    def _prepare_credit(self, partner, company):
        """Trust and credit limit, as core has them."""
        trusts = dict(partner._fields["trust"]._description_selection(self.env))
        limited = company.account_use_credit_limit and partner.use_partner_credit_limit
        return {
            "trust": partner.trust or "normal",
            "trust_name": trusts.get(partner.trust or "normal"),
            "limit": partner.credit_limit if limited else False,
            "is_over": bool(limited and partner.credit > partner.credit_limit),
            "currency_id": company.currency_id.id,
        }

    def _prepare_behaviour(self, partner, company, companies):
        """How the customer paid in the last 12 months, beside the 12 before, and after which
        phase's letter."""
        today = company._get_collection_today()
        query = customer_queries.behaviour(partner.id, companies.ids, today)
        [row] = self.env.execute_query_dict(query)
        paid = self.env.execute_query(
            customer_queries.paid_after_letters(partner.id, companies.ids, today)
        )
        total = sum(amount for _phase_id, amount in paid)
        phases = self.env["crm.collection.phase"].browse([id_ for id_, _amount in paid])
        return {
            "days_late": row["days_late"] if row["days_late"] is None else round(row["days_late"]),
            "days_before": row["days_before"]
            if row["days_before"] is None
            else round(row["days_before"]),
            "kept": row["kept"],
            "broken": row["broken"],
            "after": [
                {
                    "name": phase.name or self.env._("No letter"),
                    "share": round(100 * amount / total) if total else 0,
                }
                for phase, (_phase_id, amount) in zip(phases, paid, strict=True)
            ]
            if total > 0
            else [],
        }
