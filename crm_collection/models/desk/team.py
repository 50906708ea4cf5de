from odoo import fields, models


class CrmCollectionTeam(models.Model):
    """Collectors who see each other's work as their own team's."""

    _name = "crm.collection.team"
    _description = "Collection Team"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        comodel_name="res.company",
        index="btree_not_null",
        help="Empty: the team works for every company.",
    )
    leader_id = fields.Many2one(
        comodel_name="res.users",
        string="Head",
        domain="[('share', '=', False)]",
        index="btree_not_null",
    )
    member_ids = fields.Many2many(
        comodel_name="res.users",
        relation="crm_collection_team_user_rel",
        string="Collectors",
        domain="[('share', '=', False)]",
    )
