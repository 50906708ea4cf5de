from odoo import api, fields, models

# What core offers for every record, and letters do not have, or have as a record without words.
NOT_OFFERED = {"object.name", "object.contact_name", "object.partner_id", "object.user_id"}


class CrmCollectionLetter(models.Model):
    """What a letter's text may fill in: these expressions, and nothing else, whoever writes it.

    Another module offers more by extending :meth:`mail_allowed_qweb_expressions`. An expression is
    a path of fields that starts with ``object.``; it is read, never run.
    """

    _inherit = "crm.collection.letter"

    sender_email = fields.Char(
        string="Sender",
        compute="_compute_sender_email",
        compute_sudo=True,
        help="Who the letter comes from: its collector, else the company.",
    )
    recipient_numbers = fields.Char(
        compute="_compute_recipient_numbers",
        help="The recipients as templates write them: their numbers, with commas.",
    )
    date_label = fields.Char(
        string="Date of the Letter", compute="_compute_date_label", compute_sudo=True
    )

    @api.depends("user_id", "company_id")
    def _compute_sender_email(self):
        for letter in self:
            letter.sender_email = (
                letter.user_id.email_formatted
                or letter.company_id.email_formatted
                or self.env.user.email_formatted
            )

    @api.depends("recipient_ids")
    def _compute_recipient_numbers(self):
        for letter in self:
            letter.recipient_numbers = ",".join(map(str, letter.recipient_ids.ids))

    @api.depends("date", "lang", "partner_id", "company_id")
    def _compute_date_label(self):
        for record in self:
            letter = record.with_context(lang=record._get_lang())
            record.date_label = letter._format_day(letter.date)

    @api.model
    def mail_allowed_qweb_expressions(self):
        """What anybody may use in a letter's text."""
        # EXTENDS 'mail'
        expressions = super().mail_allowed_qweb_expressions()
        return (
            *(one for one in expressions if one not in NOT_OFFERED),
            *("object.titles_html", "object.signature_html"),
            *("object.totals_label", "object.deadline_label", "object.line_count"),
            *("object.subject_label", "object.date_label", "object.round", "object.lang"),
            *("object.partner_id.ref", "object.partner_id.vat", "object.phase_id.name"),
            *("object.company_id.name", "object.company_id.email", "object.company_id.phone"),
            *("object.company_id.website", "object.company_id.vat", "object.user_id.email"),
            *("object.sender_email", "object.recipient_numbers"),
        )

    @api.model
    def _mail_template_default_values(self):
        """What a new text of letters starts with."""
        # EXTENDS 'mail'
        return {
            "email_from": "{{ object.sender_email }}",
            "partner_to": "{{ object.recipient_numbers }}",
            "use_default_to": False,
            "lang": "{{ object.lang }}",
            "auto_delete": False,
            "subject": "{{ object.company_id.name }}: {{ object.totals_label }}",
            "body_html": '<p><t t-out="object.partner_id.name"/>,</p><p><br/></p>'
            '<t t-out="object.titles_html"/><p><t t-out="object.signature_html"/></p>',
        }
