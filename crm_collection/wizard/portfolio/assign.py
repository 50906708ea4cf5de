from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...tools.arguments import check_one
from ...tools.done import get_done, get_undone
from ...tools.text import get_names


class CrmCollectionAssign(models.TransientModel):
    """Assign Now: who would get which customers is shown first, and that is what is done."""

    _name = "crm.collection.assign"
    _inherit = "crm.collection.hand.back"
    _description = "Assign Customers Now"

    # {company: {customer: collector}} as it is shown
    planned = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS)
    customer_count = fields.Integer(string="Customers without a Collector", readonly=True)
    line_ids = fields.One2many(
        comodel_name="crm.collection.assign.line",
        inverse_name="wizard_id",
        string="Who Gets Whom",
        readonly=True,
    )

    @api.model
    def _is_default_own(self, fname):
        return fname == "planned" or super()._is_default_own(fname)

    @api.model
    def _open(self):
        """:return: the action that shows what the rules would do now"""
        Assignment = self.env["crm.collection.assignment"]
        plans = {company: Assignment._plan(company) for company in self.env.companies}
        wizard = self.create({})
        wizard_sudo = wizard.sudo()  # what is shown is what is done: nobody writes it
        wizard_sudo.planned = {
            str(company.id): {str(one): user_id for one, (user_id, _number) in plan.items()}
            for company, plan in plans.items()
        }
        wizard_sudo.customer_count = sum(map(len, plans.values()))
        wizard_sudo.line_ids = [
            Command.create(vals)
            for company, plan in plans.items()
            for vals in self._prepare_lines(company, plan)
        ]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Assign Now"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.model
    def _prepare_lines(self, company, plan):
        """:return: values of a line for each collector, whom most is given to first"""
        Assignment, by_user = self.env["crm.collection.assignment"], defaultdict(list)
        for partner_id, (user_id, number) in plan.items():
            by_user[user_id].append((partner_id, number))
        return [
            {
                "company_id": company.id,
                "user_id": user_id,
                "customer_count": len(given),
                "item_count": sum(number for _id, number in given),
                "names": get_names(Assignment._get_customers(company, [one for one, _n in given])),
            }
            for user_id, given in sorted(by_user.items(), key=lambda one: -len(one[1]))
        ]

    # === Actions === #

    def action_apply(self):
        """Do what is shown. Who has got a collector meanwhile, or would get another one now, is
        left as he is.

        :raise AccessError: who asks is no manager
        """
        check_one(self).check_access("read")
        Assignment = self.env["crm.collection.assignment"]
        Assignment._check_manager()
        number = sum(map(self._assign, self.env.companies))
        if not number:
            raise UserError(self.env._("There is no customer to assign any more."))
        said = self.env._("Customers who have a collector now: %s", number)
        return get_done(said, self if self.sudo().changes else None)

    def _assign(self, company):
        Assignment = self.env["crm.collection.assignment"]
        planned = (self.sudo().planned or {}).get(str(company.id), {})
        planned = {int(one): user_id for one, user_id in planned.items()}
        if not planned:
            return 0
        customers = Assignment._get_customers(company, list(planned)).exists()
        watched = self._watch(customers)
        number = Assignment._assign(company, planned)
        self._remember(customers, watched)
        return number

    def action_undo(self):
        """Take the customers from their collectors again.

        :raise UserError: some of them were handed over since
        """
        check_one(self).check_access("read")
        self.env["crm.collection.assignment"]._check_manager()
        companies = [
            one for one in self.env.companies if str(one.id) in (self.sudo().changes or {})
        ]
        customers = self.env["res.partner"].union(*map(self._hand_back, companies))
        return get_undone(self.env._("Customers without a collector again: %s", len(customers)))
