import base64

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...models.evidence.evidence import LETTER_MODEL
from ...models.letters.document import SOURCE_LANG
from ...tools.arguments import check_one

MAX_CUSTOMERS = 200


class CrmCollectionTextPreview(models.TransientModel):
    """What a text says to a customer, while it is written: what is typed and not saved yet, about
    what the customer owes now, by the code that makes the real letter.

    Nothing is written but this page, and nothing is sent. Items are read as the user; the text is
    filled in as every letter is, and never run.
    """

    _name = "crm.collection.text.preview"
    _description = "Preview of a Letter Text"

    company_id = fields.Many2one(comodel_name="res.company", default=lambda self: self.env.company)
    template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Text",
        ondelete="cascade",
        help="As it is saved. Empty: the text is a new one.",
    )
    typed_subject = fields.Char()
    typed_body = fields.Html(sanitize="email_outgoing")
    is_typed = fields.Boolean(help="There is something that is not saved.")
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        compute="_compute_phase_id",
        store=True,
        readonly=False,
        help="Of its items the letter is. Empty: it is about all that is overdue.",
    )
    partner_ids = fields.Many2many(
        comodel_name="res.partner", compute="_compute_partner_ids", compute_sudo=False
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        compute_sudo=False,
        help="Those who owe most in the phase are offered.",
    )
    lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        compute="_compute_lang",
        store=True,
        readonly=False,
        compute_sudo=False,
        help="Of what you have typed, else of who gets the letter, unless you choose another one.",
    )
    letter_subject = fields.Char(string="Subject", compute="_compute_letter", compute_sudo=False)
    letter_email_to = fields.Char(string="To", compute="_compute_letter", compute_sudo=False)
    letter_body = fields.Html(
        string="Letter", compute="_compute_letter", sanitize=False, compute_sudo=False
    )
    note = fields.Text(compute="_compute_letter", compute_sudo=False)
    letter_pdf = fields.Binary(
        string="PDF", compute="_compute_letter_pdf", compute_sudo=False, attachment=False
    )

    # === Compute methods === #

    @api.depends("template_id")
    def _compute_phase_id(self):
        """The first one that sends the text."""
        phases = self.env["crm.collection.phase"]
        for preview in self:
            names = ("template_id", "template_b_id", "step_ids.template_id")
            used = Domain.OR(Domain(name, "=", preview.template_id.id) for name in names)
            preview.phase_id = phases.search(used, limit=1) if preview.template_id else phases

    @api.depends("phase_id", "company_id")
    def _compute_partner_ids(self):
        for preview in self:
            groups = self.env["crm.collection.item"]._read_group(
                preview._get_item_domain(),
                ["partner_id"],
                order="amount_residual:sum DESC",
                limit=MAX_CUSTOMERS,
            )
            preview.partner_ids = self.env["res.partner"].union(*(one for (one,) in groups))

    @api.depends("partner_ids")
    def _compute_partner_id(self):
        for preview in self:
            preview.partner_id = preview.partner_ids._origin[:1]

    @api.depends("partner_id", "is_typed")
    def _compute_lang(self):
        for preview in self:
            if preview.is_typed:
                preview.lang = self.env.lang or SOURCE_LANG
                continue
            letter = self.env["crm.collection.letter"].new(
                {"company_id": preview.company_id.id, "partner_id": preview.partner_id.id}
            )
            recipient = letter._get_recipients()[0] if preview.partner_id else letter.recipient_ids
            preview.lang = letter.sudo()._get_lang(recipient.lang)

    @api.depends("partner_id", "phase_id", "lang", "typed_subject", "typed_body", "template_id")
    @api.depends_context("lang")
    def _compute_letter(self):
        for preview in self:
            names = preview._get_shown_names()
            preview.update(dict.fromkeys(names, False) | preview._prepare_shown())

    @api.depends("partner_id", "phase_id", "lang")
    def _compute_letter_pdf(self):
        for preview in self:
            letter = preview._make_letter()
            preview.letter_pdf = letter and base64.b64encode(
                letter._render_pdf(letter._get_sheet_report())
            )

    # === Actions === #

    def action_open_pdf(self):
        """The letter as it would be printed, in another tab of the browser."""
        check_one(self)
        if not self._make_letter():
            raise UserError(self.env._("Choose a customer first."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/letter_pdf/letter.pdf",
            "target": "new",
        }

    # === Business methods === #

    def _get_item_domain(self):
        domain = Domain("company_id", "=", self.company_id.id) & Domain("state", "=", "open")
        domain &= Domain("partner_id", "!=", False)
        if self.phase_id:
            return domain & Domain("phase_id", "=", self.phase_id.id)
        return domain & Domain("date_maturity", "<", self.company_id._get_collection_today())

    def _make_letter(self):
        """:return: the letter, as superuser and not stored; empty where there is none to show"""
        letters_sudo = self.env["crm.collection.letter"].sudo()
        if not self.partner_id:
            return letters_sudo
        of_customer = Domain("partner_id", "=", self.partner_id.id)
        items = self.env["crm.collection.item"].search(self._get_item_domain() & of_customer)
        if not items:
            return letters_sudo
        self.env.flush_all()  # SQL reads the settings
        rows = letters_sudo._get_rows_of_items(items)
        letter = letters_sudo._new_of_rows(
            self.company_id, rows, template_id=self._make_template(), lang=self.lang
        )
        letter.recipient_ids = letter._get_recipients()[0]
        return letter if letter.line_ids else letters_sudo

    def _make_template(self):
        """:return: the text as it is typed, not stored"""
        templates_sudo = self.env["mail.template"].sudo()
        if not self.is_typed:
            return self.template_id.sudo()
        vals = self._prepare_typed()
        if not self.template_id:
            model_id = self.env["ir.model"]._get_id(LETTER_MODEL)
            return templates_sudo.new({**vals, "model_id": model_id, "model": LETTER_MODEL})
        return templates_sudo.new(vals, origin=self.template_id)

    def _prepare_typed(self):
        """:return: values of the text that are typed: modules with a channel add theirs"""
        return {"subject": self.typed_subject, "body_html": self.typed_body}

    @api.model
    def _get_shown_names(self):
        """:return: the names of the fields that show the letter"""
        return ("letter_subject", "letter_email_to", "letter_body", "note")

    def _show_letter(self, letter):
        """:return: values of the fields that show a letter: modules with a channel add theirs"""
        return letter._show()

    def _prepare_shown(self):
        """:return: values of the fields that show the letter, or why there is none"""
        if not self.partner_id:
            return {"note": self.env._("Nobody owes anything in it: choose another phase.")}
        letter = self._make_letter()
        if not letter:
            note = self.env._("Nothing is left to ask for: open credits cover what is owed.")
            return {"note": note}
        try:
            shown = self._show_letter(letter)
        except UserError as error:
            return {"note": str(error)}
        return {**shown, "note": self._get_lang_note(letter)}

    def _get_lang_note(self, letter):
        """:return: what is not shown in the words, or the language, that one may expect"""
        names = dict(self.env["res.lang"].get_installed())
        said = letter._get_lang()
        if said != self.lang:
            return self.env._(
                "There is no text in %(wished)s: the letter is in %(said)s.",
                wished=names.get(self.lang, self.lang),
                said=names.get(said, said),
            )
        typed = self.env.lang or SOURCE_LANG
        if self.is_typed and self.template_id and said != typed:
            return self.env._(
                "What you have typed is in %(typed)s. In %(shown)s the text is shown as it is "
                "saved.",
                typed=names.get(typed, typed),
                shown=names.get(said, said),
            )
        return False
