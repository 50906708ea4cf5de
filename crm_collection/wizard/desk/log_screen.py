from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmCollectionContactLog(models.TransientModel):
    """What the dialog shows beside what is asked: telephone and address of who is called, who had
    contact today, and the script of the phase. All of it as the user sees it."""

    _inherit = "crm.collection.contact.log"

    person_phone = fields.Char(string="Phone", related="person_id.phone")
    person_email = fields.Char(string="E-mail", related="person_id.email")
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", compute="_compute_phase_id", compute_sudo=False
    )
    script_html = fields.Html(
        string="Call Script", compute="_compute_script_html", compute_sudo=False
    )
    contacts_today = fields.Text(
        string="Contact Today", compute="_compute_contacts_today", compute_sudo=False
    )

    @api.depends("item_ids")
    def _compute_phase_id(self):
        """The most severe phase of the items."""
        for wizard in self:
            phases = wizard.item_ids.phase_id
            wizard.phase_id = phases.sorted(lambda phase: (phase.sequence, phase.id))[-1:]

    @api.depends("item_ids", "partner_id", "person_id", "company_id")
    @api.depends_context("uid", "lang")
    def _compute_script_html(self):
        for wizard in self:
            wizard.script_html = wizard._fill_in_script() if wizard.phase_id else False

    def _fill_in_script(self):
        phase = self.phase_id._get_call_script(self.partner_id)
        if not phase.call_script:
            return False
        call = phase.env["crm.collection.call"]._prepare(
            self.company_id.with_env(phase.env),
            self.partner_id.with_env(phase.env),
            self.item_ids._origin.with_env(phase.env),
            self.person_id.with_env(phase.env),
        )
        try:
            return call._fill_in(phase.call_script)
        except UserError as error:  # one that was written before another module was taken out
            return str(error)

    @api.depends("partner_id", "company_id")
    @api.depends_context("uid", "lang")
    def _compute_contacts_today(self):
        Contact = self.env["crm.collection.contact"]
        for wizard in self:
            wizard.contacts_today = Contact._describe_today(wizard.partner_id, wizard.company_id)
