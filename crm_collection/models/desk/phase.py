from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmCollectionPhase(models.Model):
    """What a collector says on the telephone to who is in the phase.

    The script is no part of what an approval of the phase covers (``approval/phase.py``,
    ``APPROVED_FIELDS``): approvers agree to what is sent to customers, and this is not sent. A
    manager changes it at any time, and nothing waits for it.
    """

    _inherit = "crm.collection.phase"

    call_script = fields.Html(
        translate=True,
        sanitize="email_outgoing",  # else elements that are filled in would be taken out
        help="Shown to who logs a call, filled in for the customer.",
    )
    call_script_offered = fields.Text(
        string="What a Script Can Fill in", compute="_compute_call_script_offered"
    )

    @api.depends_context("lang")
    def _compute_call_script_offered(self):
        self.call_script_offered = self.env["crm.collection.call"]._describe_offered()

    @api.constrains("call_script")
    def _check_call_script(self):
        """Tried when it is saved, in every language it is in.

        :raise ValidationError: it says something that is not offered, or a program
        """
        Call = self.env["crm.collection.call"]
        for phase in self:
            texts = phase._get_call_scripts()
            said = [
                f"- {sentence}"
                for sentence in dict.fromkeys(
                    sentence for text in texts.values() for sentence in Call._find_faults(text)
                )
            ]
            if said:
                raise ValidationError(
                    self.env._(
                        "The call script of “%(phase)s” cannot be saved like this:\n%(faults)s\n"
                        "It can fill in: %(offered)s",
                        phase=phase.name,
                        faults="\n".join(said),
                        offered=", ".join(Call.mail_allowed_qweb_expressions()),
                    )
                )

    def _get_call_scripts(self):
        """:return: {language: text}, of the languages it is in"""
        self.ensure_one()
        stored = self._fields["call_script"]._get_stored_translations(self) or {}
        return {lang: text for lang, text in stored.items() if text}

    def _get_call_script(self, partner):
        """:return: the phase in the language in which the script is read out: the customer's
        where it is in that, else the reader's"""
        self.ensure_one()
        if partner.lang and partner.lang in self._get_call_scripts():
            return self.with_context(lang=partner.lang)
        return self
