from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...tools.context import without_uninstalling
from ..evidence.evidence import LETTER_MODEL, WRITING
from .apology import TEMPLATE as APOLOGY

# What says nothing to the customer.
FREE_FIELDS = {"name", "description", "user_id", "ref_ir_act_window"}
# Who writes a mail, and where answers to it go.
ADDRESS_FIELDS = {"email_from", "reply_to", "reply_to_force_new", "mail_server_id"}


class MailTemplate(models.Model):
    """The text of a letter that was approved is not changed behind the approvers' backs.

    A phase is approved with its letter. While it is in force, or proposed, the letter stays word
    for word what was looked at; another text is another letter, which is proposed on the phase.
    """

    _inherit = "mail.template"

    collection_approved_for = fields.Char(
        compute="_compute_collection_approved_for",
        help="The phases whose definition was approved with this letter, or waits for it.",
    )

    @api.depends("model")
    def _compute_collection_approved_for(self):
        letters = self.filtered(lambda template: template.model == LETTER_MODEL)
        (self - letters).collection_approved_for = False
        for template in letters:
            names = template._origin._get_approved_phases().mapped("name")
            template.collection_approved_for = ", ".join(names)

    @api.constrains("model_id")
    def _check_letter_model(self):
        others = self.filtered(lambda template: template.model != LETTER_MODEL)
        uses = (
            ("crm.collection.phase", "template_id"),
            ("crm.collection.phase", "template_b_id"),
            ("crm.collection.rule.step", "template_id"),
        )
        in_use = others and any(
            self.env[model]
            .sudo()
            .with_context(active_test=False)
            .search_count([(fname, "in", others.ids)], limit=1)
            for model, fname in uses
        )
        if in_use:
            others._check_is_letter()

    def _check_is_letter(self):
        """:raise ValidationError: one of these is the template of something else"""
        for template_sudo in self.sudo():
            if template_sudo.model != LETTER_MODEL:
                raise ValidationError(
                    self.env._(
                        "%s is no collection letter: choose a template that applies to collection "
                        "letters.",
                        template_sudo.display_name,
                    )
                )
            if template_sudo._is_apology():
                raise ValidationError(
                    self.env._(
                        "%s says that a letter was sent in error, and asks for nothing: choose "
                        "another letter.",
                        template_sudo.display_name,
                    )
                )

    def _is_apology(self):
        """:return: whether this is what is offered where a letter was sent in error"""
        return self._origin == self.env.ref(APOLOGY, raise_if_not_found=False)

    def _send_check_access(self, res_ids):
        """Letters are sent by the engine, which asks whether what they say is true. Core lets
        everybody send every template about what he may read.

        :raise AccessError: somebody else sends a collection letter
        """
        if self.model == LETTER_MODEL:
            self._check_engine()
        return super()._send_check_access(res_ids)

    def send_mail_batch(
        self,
        res_ids,
        force_send=False,
        raise_exception=False,
        email_values=None,
        email_layout_xmlid=False,
    ):
        """About this module's records templates say themselves who writes and where answers go."""
        values = email_values
        if values and not self.env.su:
            names = self.env["crm.collection.thread"]._get_chatters()
            if {self.model, values.get("model")} & names:
                values = {key: value for key, value in values.items() if key not in ADDRESS_FIELDS}
        return super().send_mail_batch(
            res_ids,
            force_send=force_send,
            raise_exception=raise_exception,
            email_values=values,
            email_layout_xmlid=email_layout_xmlid,
        )

    def _check_engine(self):
        if not self.env.su:
            raise AccessError(
                self.env._(
                    "Collection letters are sent by the letters job, or from the portfolio with "
                    "Send Letter Now: what they say is checked there."
                )
            )

    def write(self, vals):
        """Translations come here, too: core writes the field after them.

        :raise UserError: the text of a letter that was approved, or waits for it, is changed
        """
        if not vals.keys() <= FREE_FIELDS:
            self._check_not_approved()
        result = super().write(vals)
        self.env.registry.clear_cache()  # of the languages
        return result

    def unlink(self):
        """:raise UserError: a letter that was approved, or waits for it, is deleted"""
        self._check_not_approved()
        self._leave_images()
        return super(MailTemplate, without_uninstalling(self)).unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        """What phases and steps send: without it they would send nothing, and nobody be told."""
        domain = Domain("template_id", "in", self.ids)
        second = Domain("template_b_id", "in", self.ids)
        users_sudo = self.env["crm.collection.phase"].sudo().with_context(active_test=False)
        names = users_sudo.search(domain | second).mapped("display_name")
        steps_sudo = self.env["crm.collection.rule.step"].sudo().with_context(active_test=False)
        names += steps_sudo.search(domain).rule_id.mapped("display_name")
        if names:
            raise UserError(
                self.env._(
                    "%(letters)s is the letter of %(users)s. Choose another one there first: "
                    "without it nothing would be sent.",
                    letters=", ".join(self.sudo().mapped("name")),
                    users=", ".join(names),
                )
            )

    @tools.ormcache("self.id")
    def _get_collection_langs(self):
        """:return: the languages the text is in; in others it is said in English, as it was
        written"""
        self.ensure_one()
        return frozenset(self._read_langs())

    def _read_langs(self):
        fields = (self._fields[fname] for fname in ("subject", "body_html"))
        stored = [field._get_stored_translations(self) or {} for field in fields]
        return {lang for of_field in stored for lang in of_field if lang[:1] != "_"}

    def _leave_images(self):
        """Core deletes files with what they belong to: images that letters show become theirs."""
        owned_sudo = (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        )
        letters_sudo = self.env[LETTER_MODEL].sudo().search([("image_ids", "in", owned_sudo.ids)])
        for letter in letters_sudo.with_context(crm_collection_writing=WRITING):
            images = letter.image_ids.filtered(lambda image: image in owned_sudo)
            images.write({"res_model": letter._name, "res_id": letter.id})

    def _check_not_approved(self):
        if self.env.uid == SUPERUSER_ID or not self:  # the installation brings new versions
            return
        if phases := self._get_approved_phases():
            raise UserError(
                self.env._(
                    "%(letters)s was approved for %(phases)s as it is, or waits for it. Copy it, "
                    "change the copy and choose the copy on the phase: it takes effect when it is "
                    "approved.",
                    letters=", ".join(self.sudo().mapped("name")),
                    phases=", ".join(phases.mapped("name")),
                )
            )

    def _get_approved_phases(self):
        """:return: the phases, of every company, whose definition was approved with one of these
        letters, or waits for it"""
        phases_sudo = self.env["crm.collection.phase"].sudo().with_context(active_test=False)
        says = Domain("template_id", "in", self.ids) | Domain("template_b_id", "in", self.ids)
        says |= Domain("step_ids.template_id", "in", self.ids)
        decided = Domain("is_governed", "=", True)
        decided &= Domain("approval_state", "in", ("approved", "pending"))
        return phases_sudo.search(says & decided) | self._get_proposing_phases()

    def _get_proposing_phases(self):
        requests_sudo = self.env["crm.collection.approval"].sudo()  # of every company
        waiting = requests_sudo.search([("kind", "=", "definition"), ("state", "=", "pending")])
        return waiting.filtered(
            lambda request: not _get_proposed(request.proposed_values or {}).isdisjoint(self.ids)
        ).phase_id


def _get_proposed(values):
    """:return: the ids of the texts that a request proposes, of the phase and of its steps"""
    own = values.get("template_id"), values.get("template_b_id")
    return {*own, *(values.get("texts") or {}).values()}
