from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_time

from ...models.letters.condition_queries import LEFT_STATES


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
        """Nobody likes to be called twice a day, or an hour after a letter."""
        for wizard in self:
            said = wizard._describe_letters() + wizard._describe_contacts()
            wizard.contacts_today = "\n".join(sentence for _moment, sentence in sorted(said))

    def _get_today_domain(self, fname):
        company = self.company_id
        midnight = company._get_collection_midnight(company._get_collection_today())
        return (
            Domain("partner_id", "=", self.partner_id.id)
            & Domain("company_id", "=", company.id)
            & Domain(fname, ">=", midnight)
        )

    def _describe_letters(self):
        left = self._get_today_domain("date_sent") & Domain("state", "in", LEFT_STATES)
        return [
            (
                letter.date_sent,
                self.env._(
                    "%(time)s: letter %(phase)s, sent by %(user)s",
                    time=self._format_time(letter.date_sent),
                    phase=letter.phase_id.name or "",
                    user=letter.create_uid.name,
                )
                if letter.origin == "manual"
                else self.env._(
                    "%(time)s: letter %(phase)s, sent by itself",
                    time=self._format_time(letter.date_sent),
                    phase=letter.phase_id.name or "",
                ),
            )
            for letter in self.env["crm.collection.letter"].search(left)
        ]

    def _describe_contacts(self):
        channels = dict(self._get_selection("channel"))
        said = self._get_today_domain("date") & Domain("state", "!=", "void")
        return [
            (
                contact.date,
                self.env._(
                    "%(time)s: %(channel)s with %(user)s, %(outcome)s",
                    time=self._format_time(contact.date),
                    channel=channels.get(contact.channel, ""),
                    user=contact.user_id.name,
                    outcome=contact.outcome_id.name or self.env._("no answer yet"),
                ),
            )
            for contact in self.env["crm.collection.contact"].search(said)
        ]

    def _format_time(self, moment):
        """By the clock whose day it is."""
        zone = self.company_id._get_collection_tz()
        return format_time(self.env, moment, tz=zone, time_format="short")
