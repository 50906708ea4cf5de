from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain

from ...models.customer.statement import CHOSEN_KEY
from ...tools.arguments import check_one

TEMPLATE = "crm_collection.mail_template_statement"
REPORT = "crm_collection.action_report_statement"
GROUP = "crm_collection.group_crm_collection_user"


class CrmCollectionStatementSend(models.TransientModel):
    """Mail the customer's statement: the text of the template, to change, and the PDF of now.

    The wizard posts for users who may not write contacts, and only to contacts of the customer.
    """

    _name = "crm.collection.statement.send"
    _description = "Send Customer Statement"

    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", required=True, readonly=True
    )
    recipient_ids = fields.Many2many(
        comodel_name="res.partner",
        relation="crm_collection_statement_send_recipient_rel",
        string="To",
        compute="_compute_recipient_ids",
        store=True,
        readonly=False,
        domain="[('id', 'child_of', partner_id), ('email', '!=', False)]",
    )
    item_ids = fields.Many2many(
        comodel_name="crm.collection.item",
        relation="crm_collection_statement_send_item_rel",
        string="About",
        readonly=True,
        help="The open items that were chosen: the text names them, and the statement marks them.",
    )
    subject = fields.Char(compute="_compute_text", store=True, readonly=False)
    body = fields.Html(compute="_compute_text", store=True, readonly=False, sanitize_style=True)

    # === Compute methods === #

    @api.depends("partner_id")
    def _compute_recipient_ids(self):
        for wizard in self:
            recipient = wizard.partner_id and wizard.partner_id._get_collection_recipient()
            wizard.recipient_ids = [Command.set(recipient.ids if recipient else [])]

    @api.depends("partner_id", "item_ids")
    def _compute_text(self):
        self._check_customers()
        for wizard in self:
            # its text may do what its sender may
            template = self.env.ref(wizard._get_template()).sudo(False)
            record = wizard._get_document()
            for fname, source in (("subject", "subject"), ("body", "body_html")):
                if not record:
                    wizard[fname] = False
                    continue
                lang = wizard.partner_id._get_collection_lang()
                texts = template._render_field(source, record.ids, set_lang=lang)
                wizard[fname] = texts[record.id]
            if wizard.body and (chosen := wizard._render_chosen()):
                wizard.body = Markup(wizard.body) + chosen

    # === Constraints === #

    @api.constrains("recipient_ids", "partner_id")
    def _check_recipients(self):
        """A statement goes to nobody but the customer's own contacts."""
        self._check_customers()
        for wizard in self:
            if wizard.recipient_ids.commercial_partner_id - wizard.partner_id:
                raise ValidationError(
                    self.env._("The statement goes only to contacts of the customer.")
                )

    # === Actions === #

    def action_send(self):
        """Post the message with the PDF in the customer's chatter and mail it to the recipients.

        :raise UserError: without a recipient who has an address
        """
        check_one(self)
        if not self.env.user.has_group(GROUP):
            raise AccessError(self.env._("Only collection users send statements."))
        if not self.recipient_ids.filtered("email"):
            raise UserError(self.env._("Nobody to send it to: the customer has no e-mail address."))
        customer = self.partner_id
        attachment = (f"{self._get_file_name()}.pdf", self._render_pdf())
        author = self.env.user.partner_id
        customer.sudo().message_post(
            **self._get_writing_company(author),
            body=self.body,
            subject=self.subject,
            author_id=author.id,
            message_type="comment",
            # as a note: who follows the customer is not sent what the customer owes
            subtype_xmlid="crm_collection.mail_message_subtype_statement",
            partner_ids=self.recipient_ids.ids,
            attachments=[attachment],
            email_layout_xmlid="crm_collection.mail_layout",
            force_email_lang=customer._get_collection_lang(),
        )
        return {"type": "ir.actions.act_window_close"}

    def _get_writing_company(self, author):
        """:return: what the message says of who writes it: the company of the statement, not the
        one the customer belongs to, as core would have it"""
        company = self._get_company()
        email_from = self.env.user.email_formatted or company.email_formatted
        replies = self.env["mail.thread"]._notify_get_reply_to(
            default=email_from, author_id=author.id
        )
        values = {
            "email_from": email_from,
            "record_company_id": company.id,
            "reply_to": replies[False],
        }
        if domain := company.sudo().alias_domain_id:
            values["record_alias_domain_id"] = domain.id
        return values

    def _check_customers(self):
        """The texts are computed with all rights: who opens the wizard needs his own.

        :raise AccessError: where he may not read a customer
        """
        self.partner_id.sudo(False).check_access("read")

    # === What is sent === #

    @api.model
    def _get_template(self):
        """:return: the XML id of the text"""
        return TEMPLATE

    @api.model
    def _get_report(self):
        """:return: the XML id of the report that makes the PDF"""
        return REPORT

    def _get_company(self):
        """:return: the company that writes"""
        return self.env.company

    def _get_document(self):
        """:return: the record that text and PDF are about"""
        return self.partner_id

    def _get_chosen(self):
        """The open items of this customer that were chosen, as far as the user sees them."""
        items = self.item_ids._origin.sudo(False)
        return items.filtered_domain(
            Domain("partner_id", "=", self.partner_id.id) & Domain("state", "=", "open")
        )

    def _render_chosen(self):
        """:return: what the mail says of the items that were chosen, in the customer's language"""
        lines = self._get_chosen().line_id
        if not lines:
            return False
        own = self.sudo(False).with_context(lang=self.partner_id._get_collection_lang())
        statement = own.env["crm.collection.statement"]
        values = {
            "open_items": statement._get_open_items(lines.with_env(own.env)),
            "letter": statement._get_letterhead(own.partner_id, own.env.company),
        }
        return own.env["ir.qweb"]._render("crm_collection.statement_chosen", values)

    def _get_file_name(self):
        """:return: the name of the PDF without extension"""
        return self.partner_id._get_collection_statement_name()

    def _render_pdf(self):
        """Return the PDF, read with the rights of the user."""
        report = self.env.ref(self._get_report()).sudo()
        chosen = self._get_chosen().line_id
        document = self._get_document().with_context(**{CHOSEN_KEY: chosen.ids})
        return report.with_user(self.env.user)._crm_collection_render_pdf(report, document)
