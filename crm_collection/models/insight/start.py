from odoo import api, models
from odoo.fields import Domain
from odoo.tools import formatLang

from .status import SEVERITY

ROLES = ("user", "approver", "manager")


class CrmCollectionStatus(models.AbstractModel):
    """What there is to look at before the first letter leaves, in the order in which one does it:
    each checked, each with the page that mends it."""

    _inherit = "crm.collection.status"

    @api.model
    def _get_start(self):
        """:return: as :meth:`get_status`, of the way to the first letter"""
        self.env["crm.collection.run"].check_access("read")
        checks = [
            self._start_roles(),
            self._check_clock(),
            self._start_mail_server(),
            self._check_sender(),
            self._start_charges(),
            self._start_bank(),
            self._start_rules(),
            self._check_phases(),
            self._check_other_dunning(),
            self._check_run("allocation_run", self.env._("Overdue items"), "allocation"),
            self._start_addresses(),
            self._start_look(),
            self._start_golive(),
        ]
        level = max((check["level"] for check in checks), key=SEVERITY.index)
        return {"level": level, "checks": checks}

    # === Steps === #

    def _get_step(self, key, title, level, message, action):
        """A check that leads to its page whether all is well there or not."""
        return {**self._get_check(key, title, level, message), "action": action or False}

    def _start_roles(self):
        """Whether people other than administrators work here, and somebody approves where it is
        asked for."""
        company = self.env.company
        people = {role: self._get_people(role, company) for role in ROLES}
        _ = self.env._
        names = {"user": _("User"), "approver": _("Approver"), "manager": _("Manager")}
        counts = ", ".join(f"{names[role]}: {len(people[role])}" for role in ROLES)
        guarded = self.env["crm.collection.phase"].search_count(
            [("approval_rule_id", "!=", False)], limit=1
        )
        level, message = "ok", counts
        if not people["user"]:
            level = "warning"
            message = self.env._("Nobody but administrators works the portfolio yet.")
        elif guarded and not people["approver"]:
            level = "warning"
            message = self.env._("%s. Phases ask for an approval, and nobody approves.", counts)
        if level != "ok" and not self.env["res.users"].has_access("write"):
            message += " " + self.env._("An administrator gives roles.")
        action = self.env["res.users"].has_access("write") and self._get_action("res.users")
        return self._get_step("roles", self.env._("Roles"), level, message, action)

    def _get_people(self, role, company):
        """:return: who has a role in the company, without administrators"""
        group_sudo = self.env.ref(f"crm_collection.group_crm_collection_{role}").sudo()
        return group_sudo.all_user_ids.filtered(
            lambda user: company in user.company_ids and not user._is_system()
        )

    def _start_mail_server(self):
        """Before going live, and whoever asks: only an administrator sets one up."""
        check = self._check_mail_server()
        if check["level"] != "ok" and not check["action"]:
            check["message"] += " " + self.env._("An administrator sets one up.")
        return check

    def _start_charges(self):
        company = self.env.company
        fine, interest = company.collection_fine_percent, company.collection_interest_percent
        if fine or interest:
            message = self.env._(
                "Letters ask for a fine of %(fine)s %% and interest of %(interest)s %% per month.",
                fine=formatLang(self.env, fine),
                interest=formatLang(self.env, interest),
            )
        else:
            message = self.env._("Letters ask for no fine and no interest.")
        if self.env["crm.collection.charge.rate"]._get_companies(company):
            message = self.env._("Fine and interest follow the rates of late charges.")
        return self._get_step(
            "charges", self.env._("Late charges"), "ok", message, self._get_settings()
        )

    def _get_settings(self):
        action = self._get_action("crm.collection.settings")
        return action and {**action, "target": "current"}

    def _start_bank(self):
        """Whether a letter says how to pay: by the invoices' bank account, or online."""
        company_sudo = self.env.company.sudo()
        accounts = company_sudo.partner_id.bank_ids
        if accounts:
            level = "ok"
            message = self.env._(
                "Customers pay to %s, where the invoice names it.",
                ", ".join(accounts.mapped("acc_number")),
            )
        else:
            level = "warning"
            message = self.env._(
                "%s has no bank account: letters do not say where to pay to.", company_sudo.name
            )
        action = self._get_action("res.partner.bank")
        return self._get_step("bank", self.env._("Bank account"), level, message, action)

    def _start_rules(self):
        company = self.env.company
        default = self.env["crm.collection.rule"]._get_default_rule(company)
        never = self.env["crm.collection.engine"]._get_rules(company).filtered("is_never_reached")
        level, message = "ok", self.env._("The default rule is %s.", default.name)
        if not default.step_ids:
            level = "danger"
            message = self.env._("There is no default rule with a step: nobody is written to.")
        elif never:
            level = "warning"
            message = self.env._("Never reached: %s.", ", ".join(never.mapped("name")))
        action = self._get_action("crm.collection.rule")
        return self._get_step("rules", self.env._("Sending rules"), level, message, action)

    def _start_addresses(self):
        """Customers who owe something and whom no letter can reach, before anybody tries."""
        partners = self.env["res.partner"].search(self._get_unreachable_domain())
        title = self.env._("Addresses")
        if not partners:
            message = self.env._("Every customer who owes something has an e-mail address.")
            return self._get_step("addresses", title, "ok", message, False)
        message = self.env._(
            "Customers who owe something and have no e-mail address: %s. No letter reaches them.",
            len(partners),
        )
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Customers without an Address"),
            "res_model": "res.partner",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", partners.ids)],
        }
        return self._get_step("addresses", title, "warning", message, action)

    @api.model
    def _get_unreachable_domain(self):
        """:return: the domain of customers with open items of the active company none of whose
        contacts for letters has an e-mail address"""
        no_mail = Domain("email", "in", [False, ""])
        typed = Domain("type", "in", ["collection", "invoice"]) & ~no_mail
        items = Domain("company_id", "=", self.env.company.id) & Domain("state", "=", "open")
        return (
            Domain("collection_item_ids", "any", items)
            & no_mail
            & Domain("child_ids", "not any", typed)
        )

    def _start_look(self):
        return self._get_step(
            "look",
            self.env._("The first letters"),
            "ok",
            self.env._("Look at who would move and who would get which letter, on any day."),
            self._get_action("crm.collection.simulate"),
        )

    def _start_golive(self):
        check = self._check_auto_send()
        return {**check, "title": self.env._("Go live")}
