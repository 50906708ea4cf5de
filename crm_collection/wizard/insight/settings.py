from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...tools.arguments import check_one


class CrmCollectionSettings(models.TransientModel):
    """The module's settings of one company, for its collection managers.

    Odoo's own settings are for administrators alone. Here a manager changes what is collections',
    and nothing else, of the companies he works in; what he writes is written to the company.
    """

    _name = "crm.collection.settings"
    _inherit = ["crm.collection.company.settings"]
    _description = "Collection Settings"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )

    # === Compute methods === #

    @api.depends("company_id")
    def _compute_display_name(self):
        for settings in self:
            settings.display_name = self.env._(
                "Collection settings of %s", settings.company_id.name
            )

    # === ORM overrides === #

    @api.model_create_multi
    def create(self, vals_list):
        """The settings among the values are the company's, and written there."""
        own = [self._split(dict(vals)) for vals in vals_list]
        pages = super().create([vals for vals, _settings in own])
        for page, (_vals, settings) in zip(pages, own, strict=True):
            page._write_company(settings)
        return pages

    def write(self, vals):
        """As :meth:`create`"""
        vals, settings = self._split(dict(vals))
        result = super().write(vals)
        for page in self:
            page._write_company(settings)
        return result

    # === Actions === #

    @api.model
    def action_open(self):
        """The settings of the active company."""
        return self.create({})._get_open_action()

    def action_golive(self):
        """Open the go-live of the company."""
        check_one(self)
        return self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_golive_action"
        )

    # === Business methods === #

    @api.model
    def _split(self, vals):
        """:return: what of ``vals`` is the page's own, and what is the company's"""
        names = self._get_setting_names()
        settings = {name: vals.pop(name) for name in list(vals) if name in names}
        return vals, settings

    def _write_company(self, settings):
        """Write the settings to the company, which managers of collections do not write otherwise.

        :raise AccessError: it is not for this user, or not a company of his
        """
        self.ensure_one()
        company = self.company_id
        if not self.env.user.has_group("crm_collection.group_crm_collection_manager"):
            raise AccessError(self.env._("Only collection managers change these settings."))
        if not self.env.su and company not in self.env.user.company_ids:
            raise AccessError(self.env._("You do not work in %s.", company.sudo().display_name))
        if settings:
            company.sudo().write(settings)

    def _get_open_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Settings"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "current",
        }
