from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import formatLang

LEVELS = ("level_ids",)
NAMES_ONLY = {"name"}  # what may change without changing who decides


class CrmCollectionApprovalLevel(models.Model):
    """One step of an approval: who decides, how many of them, from which amount on."""

    _name = "crm.collection.approval.level"
    _inherit = ["crm.collection.guarded"]
    _description = "Collection Approval Level"
    _order = "sequence, id"

    rule_id = fields.Many2one(
        comodel_name="crm.collection.approval.rule", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(translate=True, help="Such as: head of finance.")
    company_id = fields.Many2one(related="rule_id.company_id", store=True)
    group_id = fields.Many2one(
        comodel_name="res.groups",
        string="Approver Group",
        help="Members of this group who have the role Approver may approve, as long as they are "
        "members.",
    )
    user_ids = fields.Many2many(
        comodel_name="res.users",
        string="Approvers",
        domain=lambda self: self.env["crm.collection.approval.rule"]._get_approver_domain(),
        help="People with the role Approver who may approve beside the members of the group.",
    )
    approver_count = fields.Integer(
        aggregator=None,
        string="How Many Approve",
        default=1,
        help="So many of them must approve. One may refuse.",
    )
    company_currency_id = fields.Many2one(
        comodel_name="res.currency", compute="_compute_company_currency_id"
    )
    amount_min = fields.Monetary(
        aggregator=None,
        string="From Amount",
        currency_field="company_currency_id",
        help="In company currency, at the rate of the day. The first level always applies. The "
        "definition of a phase needs every level.",
    )

    people_count = fields.Integer(
        aggregator=None,
        string="People",
        compute="_compute_people_count",
        help="Who has the power to decide here at the moment.",
    )

    _values_positive = models.Constraint(
        "CHECK (approver_count >= 1 AND amount_min >= 0)",
        "At least one must approve, and the amount cannot be negative.",
    )

    @api.depends("rule_id.company_id")
    @api.depends_context("company")
    def _compute_company_currency_id(self):
        for level in self:
            level.company_currency_id = (level.company_id or self.env.company).currency_id

    @api.depends("group_id", "user_ids", "company_id", "rule_id.configured_by_ids")
    def _compute_people_count(self):
        for level in self:
            # while it is edited, what is chosen are copies of the users
            chosen = level.sudo().user_ids._origin | level.sudo().group_id._origin.all_user_ids
            company = level.company_id._origin
            free = chosen - level.sudo().rule_id._get_writers()
            level.people_count = len(
                free.filtered(lambda user, company=company: user._is_collection_approver(company))
            )

    @api.depends("name", "rule_id.level_ids.sequence")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for level in self:
            ids = level.rule_id.level_ids.sorted().ids
            position = ids.index(level.id) + 1 if level.id in ids else 1
            level.display_name = level.name or self.env._("Level %s", position)

    def _get_text(self):
        """:return: the level in words, such as "1 × Approver, Ana, ≥ 500.00" """
        self_sudo = self.sudo()  # groups and users are not everybody's to read
        names = [*self_sudo.group_id.mapped("name"), *self_sudo.user_ids.mapped("name")]
        text = f"{self.approver_count} × {', '.join(names)}"
        if not self.amount_min:
            return text
        company = self.company_id or self.env.company
        env = self.with_context(lang=company.partner_id.lang or "en_US").env  # of all readers
        amount = formatLang(env, self.amount_min, currency_obj=self.company_currency_id)
        return f"{text}, ≥ {amount}"

    @api.constrains("group_id", "user_ids", "approver_count")
    def _check_approvers(self):
        for level in self:
            if not level.group_id and not level.user_ids:
                raise ValidationError(
                    self.env._("%s: name a group or people who approve.", level.display_name)
                )
            if not level.group_id and level.approver_count > len(level.user_ids):
                raise ValidationError(
                    self.env._(
                        "%(level)s: %(count)s must approve, but only %(people)s are named.",
                        level=level.display_name,
                        count=level.approver_count,
                        people=len(level.user_ids),
                    )
                )

    @api.constrains("user_ids")
    def _check_roles(self):
        for level in self:
            level.rule_id._check_roles(level.user_ids)

    @api.constrains("amount_min", "sequence")
    def _check_amount_min(self):
        for level in self:
            if level.amount_min and level == level.rule_id.level_ids.sorted()[:1]:
                raise ValidationError(
                    self.env._(
                        "The first level applies to every amount: leave its amount empty. Nothing "
                        "under an approval rule goes unapproved."
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Who says who decides is remembered by the rule."""
        levels = super().create(vals_list)
        levels.rule_id._remember_writer(fnames=LEVELS)
        return levels

    def write(self, vals):
        """As :meth:`create`; a level's name alone says nothing about who decides."""
        rules = self.rule_id
        if any(level.rule_id.id != vals.get("rule_id", level.rule_id.id) for level in self):
            self._check_not_awaited()
            rules._check_level_ids_later()
        result = super().write(vals)
        if not vals.keys() <= NAMES_ONLY:
            (rules | self.rule_id)._remember_writer(fnames=LEVELS)
        return result

    def unlink(self):
        """As :meth:`create`; a rule keeps at least one level."""
        self.rule_id._check_level_ids_later()
        self.rule_id._remember_writer(fnames=LEVELS)
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_awaited(self):
        self._check_not_awaited()

    def _check_not_awaited(self):
        """:raise UserError: requests wait for one of these, and nobody could decide about them"""
        requests_sudo = self.env["crm.collection.approval"].sudo()  # of every company
        waiting = [("level_id", "in", self.ids), ("state", "=", "pending")]
        if count := requests_sudo.search_count(waiting):
            raise UserError(
                self.env._(
                    "%(count)s requests wait for %(levels)s: they are decided or withdrawn first.",
                    count=count,
                    levels=", ".join(self.mapped("display_name")),
                )
            )

    @api.model
    def _get_all(self):
        """:return: the levels of every approval rule, a handful"""
        return self.search([("rule_id", "!=", False)])

    def _is_approver(self, user, company=None):
        """Whether ``user`` has the power to decide here, as of now: one who left, lost the group
        or the role, or does not work in the company has not."""
        self.ensure_one()
        # users do not read other users' groups
        named = user in self.user_ids or self.group_id in user.sudo().all_group_ids
        return named and user._is_collection_approver(company)

    def _get_approvers(self, company=None):
        """:return: the users who may decide at this level for ``company``; nobody at none."""
        self_sudo = self.sudo()
        users = self_sudo.user_ids | self_sudo.group_id.all_user_ids
        return users.filtered(lambda user: self_sudo._is_approver(user, company)).sorted("id")
