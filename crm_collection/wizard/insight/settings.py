from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...tools.arguments import check_one


class CrmCollectionSettings(models.TransientModel):
    """The module's settings of one company, for its collection managers.

    Odoo's own settings are for administrators alone. Here a manager changes what is collections',
    and nothing else, of the companies he works in; what he writes is written to the company.
    """

    _name = "crm.collection.settings"
    _description = "Collection Settings"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    live_note = fields.Text(string="Another Database", compute="_compute_live_note")

    collection_auto_send = fields.Boolean(related="company_id.collection_auto_send", readonly=False)
    collection_quiet_days = fields.Integer(
        related="company_id.collection_quiet_days", readonly=False
    )
    collection_returned_max = fields.Integer(
        related="company_id.collection_returned_max", readonly=False
    )
    collection_processing_days = fields.Integer(
        related="company_id.collection_processing_days", readonly=False
    )
    collection_promise_days = fields.Integer(
        related="company_id.collection_promise_days", readonly=False
    )
    collection_promise_longest = fields.Integer(
        related="company_id.collection_promise_longest", readonly=False
    )
    collection_hold_longest = fields.Integer(
        related="company_id.collection_hold_longest", readonly=False
    )
    collection_link_days = fields.Integer(related="company_id.collection_link_days", readonly=False)
    collection_tz = fields.Selection(related="company_id.collection_tz", readonly=False)
    collection_hour = fields.Float(related="company_id.collection_hour", readonly=False)
    collection_letters_hour = fields.Float(
        related="company_id.collection_letters_hour", readonly=False
    )
    collection_manager_id = fields.Many2one(
        related="company_id.collection_manager_id", readonly=False
    )
    collection_fine_percent = fields.Float(
        related="company_id.collection_fine_percent", readonly=False
    )
    collection_interest_percent = fields.Float(
        related="company_id.collection_interest_percent", readonly=False
    )
    collection_charges_workday = fields.Boolean(
        related="company_id.collection_charges_workday", readonly=False
    )
    collection_phases_workday = fields.Boolean(
        related="company_id.collection_phases_workday", readonly=False
    )
    collection_attribution_days = fields.Integer(
        related="company_id.collection_attribution_days", readonly=False
    )
    collection_aging_days_1 = fields.Integer(
        related="company_id.collection_aging_days_1", readonly=False
    )
    collection_aging_days_2 = fields.Integer(
        related="company_id.collection_aging_days_2", readonly=False
    )
    collection_aging_days_3 = fields.Integer(
        related="company_id.collection_aging_days_3", readonly=False
    )
    collection_aging_days_4 = fields.Integer(
        related="company_id.collection_aging_days_4", readonly=False
    )

    # === Compute methods === #

    @api.depends("company_id")
    def _compute_display_name(self):
        for settings in self:
            settings.display_name = self.env._(
                "Collection settings of %s", settings.company_id.name
            )

    @api.depends("company_id", "collection_auto_send")
    def _compute_live_note(self):
        """What is not the database any more in which sending was switched on."""
        for settings in self:
            settings.live_note = settings.company_id._explain_collection_copy()

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
    def _get_setting_names(self):
        """:return: the names of the fields that are the company's"""
        return {
            name
            for name, field in self._fields.items()
            if field.related == f"company_id.{name}" and name.startswith("collection_")
        }

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
