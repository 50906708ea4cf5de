from odoo import fields, models, tools
from odoo.fields import Domain


class ResCompany(models.Model):
    _inherit = "res.company"

    collection_auto_send = fields.Boolean(
        string="Send Letters Automatically",
        help="Off: items are allocated to their phases, no letter leaves by itself.",
    )
    collection_quiet_days = fields.Integer(
        string="Quiet Days",
        help="The least number of days between two automatic letters to one customer.",
    )
    collection_fine_percent = fields.Float(
        string="Late Fine (%)",
        digits=(5, 2),
        help="Shown on the letters, once per item, on what is overdue. Never posted. Half a cent "
        "is rounded up.",
    )
    collection_interest_percent = fields.Float(
        string="Late Interest (% per month)",
        digits=(5, 2),
        help="Shown on the letters, by the day, on what is overdue: a thirtieth of it a day. Never "
        "posted. Half a cent is rounded up.",
    )
    collection_attribution_days = fields.Integer(
        string="Days of Attribution",
        default=7,
        help="What is settled within so many days after a letter is attributed to it in reports.",
    )
    collection_manager_id = fields.Many2one(
        comodel_name="res.users",
        domain="[('share', '=', False)]",
        help="Is told when a job fails or leaves exceptions behind.",
    )

    _collection_quiet_days_positive = models.Constraint(
        "CHECK(collection_quiet_days >= 0)", "The quiet days cannot be negative."
    )
    _collection_charges_positive = models.Constraint(
        "CHECK(collection_fine_percent >= 0 AND collection_interest_percent >= 0)",
        "The late fine and the late interest cannot be negative.",
    )
    _collection_attribution_days_positive = models.Constraint(
        "CHECK(collection_attribution_days >= 0)", "The days of attribution cannot be negative."
    )
    _collection_days_in_calendar = models.Constraint(
        "CHECK(collection_quiet_days <= 36500 AND collection_attribution_days <= 36500)",
        "Days are at most 36500: a hundred years.",
    )

    def _get_collection_family(self):
        """:return: the companies that are one creditor with these, these first: accounting
        reconciles across a root and all its branches"""
        self_sudo = self.sudo()
        roots = self_sudo.root_id
        return self_sudo | self_sudo.browse(self._get_collection_family_ids(*roots.ids))

    @tools.ormcache("root_ids")
    def _get_collection_family_ids(self, *root_ids):
        """:return: ids of companies with these roots, archived ones among them; asked many times
        for each letter, and core forgets it where a company is made, changed or deleted"""
        search_sudo = self.sudo().with_context(active_test=False).search
        return search_sudo(Domain("id", "child_of", root_ids)).ids

    def _get_collection_visible(self):
        """:return: of the companies that are one creditor with these, those whose documents the
        reader may see: where he works, and all of them in sudo"""
        family_sudo = self._get_collection_family()
        if self.env.su:
            return family_sudo
        return (family_sudo & (self | self.env.user.company_ids)).sudo(False)

    def _has_collection_charges(self):
        """:return: whether letters of any of the companies ask for a fine or interest"""
        return any(
            company.collection_fine_percent or company.collection_interest_percent
            for company in self
        )

    def _get_collection_lang(self):
        """:return: the language of what jobs and mail servers write for the company's people: its
        collection manager's, else that of its own contact, else the current one"""
        self.ensure_one()
        company_sudo = self.sudo()  # a portal or branch user need not see the contact
        langs = (company_sudo.collection_manager_id.lang, company_sudo.partner_id.lang)
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        return next((lang for lang in langs if lang in installed), self.env.lang)
