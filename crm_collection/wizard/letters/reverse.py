from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty

from ...models.letters.apology import TEMPLATE
from ...tools.arguments import check_one
from ...tools.done import get_done


class CrmCollectionLetterReverse(models.TransientModel):
    """A letter was sent in error: why, whether its round is given back, and what the customer is
    told. The text is the template's in the letter's language, and may be changed."""

    _name = "crm.collection.letter.reverse"
    _description = "Letter Sent in Error"

    letter_id = fields.Many2one(
        comodel_name="crm.collection.letter", required=True, readonly=True, ondelete="cascade"
    )
    reason = fields.Char(required=True, help="Kept with the letter, and in its history.")
    may_return_round = fields.Boolean(compute="_compute_letter", compute_sudo=False)
    return_round = fields.Boolean(
        string="Give the Round Back",
        help="The next letter about these items has the number this one had, and comes after the "
        "interval of their step.",
    )
    send_apology = fields.Boolean(string="Tell the Customer")
    email_to = fields.Char(string="To", compute="_compute_letter", compute_sudo=False)
    is_reachable = fields.Boolean(compute="_compute_letter", compute_sudo=False)
    subject = fields.Char(compute="_compute_text", store=True, readonly=False)
    body = fields.Html(compute="_compute_text", store=True, readonly=False, sanitize_style=True)

    # === Compute methods === #

    @api.depends("letter_id")
    def _compute_letter(self):
        for wizard in self:
            letter = wizard.letter_id
            recipient, problem = letter._get_recipients() if letter else (False, True)
            wizard.may_return_round = bool(letter) and letter._may_return_round()
            wizard.is_reachable = not problem
            wizard.email_to = recipient.email_formatted if recipient else False

    @api.depends("letter_id")
    def _compute_text(self):
        # computed with all rights: who opens it needs his own
        self.letter_id.sudo(False).check_access("read")
        template_sudo = self.env.ref(TEMPLATE).sudo()
        for wizard in self:
            letter = wizard.letter_id.sudo()
            for fname, source in (("subject", "subject"), ("body", "body_html")):
                texts = letter and template_sudo._render_field(
                    source, letter.ids, set_lang=letter._get_lang()
                )
                wizard[fname] = texts[letter.id] if texts else False

    # === Actions === #

    def action_reverse(self):
        """Mark the letter, and queue what the customer is told.

        :raise UserError: nobody says why, or the customer is to be told nothing
        """
        letter = check_one(self).letter_id
        letter._reverse(self.reason, self.return_round)
        if not self.send_apology:
            said = self.env._("Marked as sent in error: %s", letter.display_name)
            return get_done(said, letter, "action_undo_reversal")
        if not (self.subject or "").strip() or is_html_empty(self.body):
            raise UserError(self.env._("Say what the customer is to be told."))
        letter._apologize(self.subject, self.body)
        said = self.env._(
            "Marked as sent in error: %s. The mail to the customer leaves in ten minutes.",
            letter.display_name,
        )
        return get_done(said, letter, "action_undo_reversal", sticky=True)
