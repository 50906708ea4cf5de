"""A company that begins to collect with the first version: see ``update_fill.py``."""

from datetime import date, timedelta

from odoo.fields import Command

TODAY = date(2026, 3, 16)  # a Monday, and the last day that the first version lives
FIRST, SECOND = TODAY - timedelta(days=20), TODAY - timedelta(days=8)
OWN_TEMPLATE = "Own words"


class People:
    """The company before anybody owes it anything: people, companies, rules, phases, letters."""

    def __init__(self, env, smtp_port):
        self.env = env
        self.company = env.company
        self.smtp_port = smtp_port
        self.users, self.partners, self.moves = {}, {}, {}

    def set_up(self):
        self._set_up_mail()
        self._set_up_currency()
        self._set_up_companies()
        self._set_up_users()
        self._set_up_phases()
        self._set_up_letter()
        # a file for the milder letters says no more, and takes its time
        steps = self.env.ref("crm_collection.rule_default").step_ids
        steps.filtered(lambda step: step.days < 30).attach_pdf = False
        self._set_up_own_rule()
        self._set_up_rule()
        self.env.cr.commit()

    def _set_up_mail(self):
        self.env["ir.mail_server"].search([]).action_archive()
        vals = {"smtp_host": "127.0.0.1", "smtp_port": self.smtp_port, "smtp_encryption": "none"}
        self.env["ir.mail_server"].create({"name": "Sink", **vals})
        domain = self.env["mail.alias.domain"].create({"name": "creditor.example"})
        self.company.alias_domain_id = domain

    def _set_up_currency(self):
        self.euro = self.env.ref("base.EUR")
        self.euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"currency_id": self.euro.id, "name": day, "rate": rate}
                for day, rate in ((TODAY - timedelta(days=90), 0.9), (SECOND, 1.0))
            ]
        )

    def _set_up_companies(self):
        vals = {"collection_auto_send": True, "collection_fine_percent": 2.0}
        self.company.write(
            {"email": "billing@creditor.example", "collection_interest_percent": 1.0, **vals}
        )
        companies = self.env["res.company"]
        self.branch = companies.create({"name": "Branch", "parent_id": self.company.id, **vals})
        self.second = companies.create({"name": "Segunda Ltda", "currency_id": self.euro.id})
        self.env["account.chart.template"].try_loading("generic_coa", self.second, False)
        # not with the name: core asks a service elsewhere about new companies with an address
        self.second.write({"email": "billing@segunda.example", "collection_auto_send": True})
        self.companies = self.company | self.branch | self.second

    def _set_up_users(self):
        roles = {"cora": "user", "max": "manager", "ada": "approver", "bob": "approver"}
        for login, role in {**roles, "dora": "approver"}.items():
            self.users[login] = self._create_user(login, role)
        self.company.collection_manager_id = self.users["max"]
        xmlids = ("group_crm_collection_manager", "group_crm_collection_approver")
        groups = [self.env.ref(f"crm_collection.{name}") for name in xmlids]
        groups.append(self.env.ref("account.group_account_manager"))
        self.env.ref("base.user_admin").write(
            {
                "group_ids": [Command.link(group.id) for group in groups],
                "company_ids": [Command.link(company.id) for company in self.companies],
            }
        )

    def _create_user(self, login, role):
        group = self.env.ref(f"crm_collection.group_crm_collection_{role}")
        return self.env["res.users"].create(
            {
                "name": login.title(),
                "login": login,
                "email": f"{login}@creditor.example",
                "company_id": self.company.id,
                "company_ids": [Command.set(self.companies.ids)],
                "group_ids": [Command.link(group.id)],
            }
        )

    def _set_up_phases(self):
        """The module's own last phase lets nobody in unasked, two of the company's own act only
        once they are approved: one is, with a change that waits, the other is refused."""
        manager, approver = self.users["max"], self.users["ada"]
        levels = [
            {"sequence": 1, "user_ids": [Command.set((approver | self.users["dora"]).ids)]},
            {"sequence": 2, "user_ids": [Command.set(self.users["bob"].ids)], "amount_min": 1000},
        ]
        rules = self.env["crm.collection.approval.rule"].with_user(manager)
        levels = [Command.create(level) for level in levels]
        open_items = rules.create(
            {"name": "Open Items", "governs": "allocation", "level_ids": levels}
        )
        self.env.ref("crm_collection.phase_final").with_user(manager).approval_rule_id = open_items
        self.bureau, refused = self._create_phases(rules, ("Credit bureau", "Newspaper"))
        (self.bureau | refused).action_request_approval()
        self.bureau.with_user(approver).action_approve("Agreed")
        refused.with_user(approver).action_refuse("Never")

    def _create_phases(self, rules, names):
        definition = rules.create({"name": "Phases", "governs": "definition"})
        return rules.env["crm.collection.phase"].create(
            [
                {
                    "name": name,
                    "sequence": 35,
                    "template_id": self.env.ref("crm_collection.mail_template_final").id,
                    "approval_rule_id": definition.id,
                }
                for name in names
            ]
        )

    def _set_up_letter(self):
        """A copy of a letter with words of the company's own, and with all that words may be put
        together of."""
        letters = self.env["crm.collection.letter"]
        allowed = [
            expression
            for expression in letters.mail_allowed_qweb_expressions()
            if expression.split(".")[1] in letters._fields
            and expression not in ("object.partner_id", "object.user_id")
        ]
        body = "".join(f'<div>§{name}§<t t-out="{name}"/></div>' for name in allowed)
        stock = self.env.ref("crm_collection.mail_template_friendly")
        self.template = stock.with_user(self.users["max"]).copy(
            {
                "name": OWN_TEMPLATE,
                "subject": "{{ object.company_id.name }} {{ object.totals_label }} by "
                "{{ object.deadline_label }} for {{ object.line_count }}",
                "body_html": body,
            }
        )

    def _set_up_own_rule(self):
        """Customers are under it because they are given it, and go one step at a time."""
        friendly, firm = (
            self.env.ref(f"crm_collection.phase_{name}") for name in ("friendly", "firm")
        )
        call = self.env.ref("mail.mail_activity_data_call")
        again = {"resend_interval": 1, "resend_unit": "week", "resend_max": 3}
        steps = [
            {"days": 1, "phase_id": friendly.id, "template_id": self.template.id, **again},
            {"days": 20, "phase_id": firm.id, "template_id": self.template.id, **again},
            {"days": 25, "phase_id": self.bureau.id, "activity_type_id": call.id},
        ]
        rules = self.env["crm.collection.rule"].with_user(self.users["max"])
        self.rule = rules.create(
            {
                "name": "One after the other",
                "sequence": 2000,
                "partner_domain": "[('ref', '=', 'nobody')]",
                "escalation": "step",
                "step_ids": [Command.create({"attach_pdf": False, **step}) for step in steps],
            }
        )

    def _set_up_rule(self):
        """A rule that catches its customers by what they are."""
        self.kind = {
            "category_id": self.env["res.partner.category"].create({"name": "Public sector"}).id,
            "country_id": self.env.ref("base.br").id,
            "industry_id": self.env["res.partner.industry"].create({"name": "Schools"}).id,
        }
        friendly, firm = (
            self.env.ref(f"crm_collection.phase_{name}").id for name in ("friendly", "firm")
        )
        steps = [{"days": 2, "phase_id": friendly}, {"days": 35, "phase_id": firm}]
        self.env["crm.collection.rule"].with_user(self.users["max"]).create(
            {
                "name": "Public sector",
                "sequence": 5,
                "category_ids": [Command.set([self.kind["category_id"]])],
                "country_ids": [Command.set([self.kind["country_id"]])],
                "industry_ids": [Command.set([self.kind["industry_id"]])],
                "grace_days": 2,
                "step_ids": [Command.create({"attach_pdf": False, **step}) for step in steps],
            }
        )
