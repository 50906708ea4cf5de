from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import LazyTranslate, formatLang

from ...tools.arguments import check_one

_lt = LazyTranslate(__name__)

STATES = [
    ("to_send", "To send"),
    ("outgoing", "In the mail queue"),
    ("to_print", "To print"),
    ("printed", "Printed, not posted"),
    ("sent", "Sent"),
    ("uncertain", "Uncertain whether it left"),
    ("bounced", "Bounced"),
    ("failed", "Failed"),
    ("no_address", "No address"),
    ("blacklisted", "Blacklisted"),
    ("cancelled", "Cancelled"),
]
# Did not reach anybody and will not by itself: somebody has to do something.
PROBLEM_STATES = ("bounced", "failed", "no_address", "blacklisted")
# Of a letter that is well, or gets another chance.
NO_FAILURE = {
    **dict.fromkeys(("failure_reason", "failure_detail", "fault", "date_failed"), False),
    **dict.fromkeys(("will_retry", "nobody_knows"), False),
    "delivery_tries": 0,
}


class CrmCollectionLetter(models.Model):
    """One letter to one customer about all items due for one, a line for each.

    Written by the letters job and by manual sending through the same engine
    (:mod:`.due`). The state is the mail system's: a letter is sent when
    the mail server took it, never before. What was sent is never changed or deleted.
    """

    _name = "crm.collection.letter"
    _inherit = [
        *("crm.collection.retained", "crm.collection.evidence", "crm.collection.grouping"),
        *("crm.collection.thread", "mail.activity.mixin"),
    ]
    _ungrouped = {
        *("attach_invoices", "attach_pdf", "delivery_started", "delivery_tries", "kills"),
        *("failure_detail", "failure_reason", "date_failed", "date_leave", "leave_note"),
        *("mail_id", "mail_identifier"),
        *("mail_message_id", "missing_invoices", "missing_slips"),
        *("pdf_missing", "pdf_attachment_id"),
        *("nobody_knows", "passed_over", "pay_number", "refused_ids", "released_in"),
        "blacklisted_emails",
        *("text_tried", "apology_mail_id", "date_apology"),
        *("charge_move_count", "can_book_charges"),
        *("will_retry", "lang", "address", "addresses_tried"),
    }
    _description = "Collection Letter"
    _order = "date desc, id desc"
    _mail_post_access = "read"
    _evidence_refusals = {
        "unlink": _lt("Letters are not deleted; cancel one that has not been sent.")
    }
    _evidence_error = UserError
    _evidence_chatter = True

    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True, index="btree_not_null"
    )
    recipient_ids = fields.Many2many(
        comodel_name="res.partner",
        relation="crm_collection_letter_recipient_rel",
        string="Recipients",
        readonly=True,
        context={"active_test": False},  # an archived customer still owes
    )
    email_to = fields.Char(string="E-mail", readonly=True, help="The address as it was used.")
    lang = fields.Char(string="Language Code", readonly=True)
    lang_label = fields.Char(string="Language", compute="_compute_lang_label")
    template_id = fields.Many2one(
        comodel_name="mail.template", string="Letter", readonly=True, ondelete="set null"
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        readonly=True,
        ondelete="restrict",
        index=True,
        help="The most severe phase of its items: it sets the tone.",
    )
    step_id = fields.Many2one(
        comodel_name="crm.collection.rule.step", readonly=True, ondelete="set null"
    )
    date = fields.Date(required=True, readonly=True)
    round = fields.Integer(readonly=True, aggregator=None)
    origin = fields.Selection(
        selection=[("automatic", "Automatic"), ("manual", "Manual")], readonly=True, required=True
    )
    user_id = fields.Many2one(comodel_name="res.users", string="Collector", readonly=True)
    state = fields.Selection(selection=STATES, required=True, readonly=True, default="to_send")
    failure_reason = fields.Char(string="What Went Wrong", readonly=True)
    will_retry = fields.Boolean(
        readonly=True,
        help="The failure was not the address's: the job tries again by itself.",
    )
    mail_id = fields.Many2one(
        comodel_name="mail.mail", readonly=True, ondelete="set null", index="btree_not_null"
    )
    mail_message_id = fields.Many2one(
        comodel_name="mail.message",
        string="Message",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",  # else deleting any message reads all letters
    )
    mail_identifier = fields.Char(
        string="Message-Id",
        compute="_compute_mail_identifier",
        search="_search_mail_identifier",
        compute_sudo=True,
        help="By which the mail server's log calls the mail.",
    )
    date_sent = fields.Datetime(readonly=True)
    delivery_started = fields.Datetime(
        string="Handed over on",
        readonly=True,
        help="Handed to the mail server at this time. Where no answer was recorded, nobody "
        "knows whether it left: it is not sent again by itself.",
    )
    delivery_tries = fields.Integer(
        aggregator=None, readonly=True, help="How often the mail server asked to try later."
    )
    kills = fields.Integer(
        aggregator=None,
        readonly=True,
        help="How often the job was ended by the system while it wrote the letter.",
    )
    attach_pdf = fields.Boolean(readonly=True)
    attach_invoices = fields.Boolean(readonly=True)
    pdf_attachment_id = fields.Many2one(
        comodel_name="ir.attachment",
        string="PDF",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",  # as above
    )
    pdf_missing = fields.Boolean(string="Without PDF", readonly=True)
    missing_invoices = fields.Char(
        string="Invoices Left Out",
        readonly=True,
        help="Those that were to go with the letter and could not be printed.",
    )
    line_ids = fields.One2many(
        comodel_name="crm.collection.letter.line", inverse_name="letter_id", string="Open Items"
    )
    line_count = fields.Integer(compute="_compute_line_totals", string="Number of Items")
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    amount_total = fields.Monetary(
        compute="_compute_line_totals",
        currency_field="company_currency_id",
        string="Owed",
        help="What the items of the letter owed, in company currency, at the rate each of them is "
        "booked at.",
    )
    amount_charges = fields.Monetary(
        aggregator=None,
        compute="_compute_line_totals",
        currency_field="company_currency_id",
        string="Fine and Interest",
        help="What the letter charges for late payment, in company currency, at the rate each item "
        "is booked at.",
    )
    amount_asked = fields.Monetary(
        compute="_compute_line_totals",
        currency_field="company_currency_id",
        string="Asked for",
        help="What the letter asks for: less open credits and what is not due yet, with fine and "
        "interest. In company currency, at the rate each item is booked at.",
    )
    asked_label = fields.Char(
        string="Asked for by Currency",
        compute="_compute_asked_label",
        help="What the letter asks for, in its own currencies.",
    )
    has_other_currency = fields.Boolean(compute="_compute_asked_label")
    amount_credit = fields.Monetary(
        string="Open Credits",
        currency_field="company_currency_id",
        readonly=True,
        help="Of the customer, as far as the letter takes them off: they pay what was due first. "
        "In company currency, at the rate of the items they pay.",
    )

    _state_idx = models.Index("(company_id, state) WHERE state NOT IN ('sent', 'cancelled')")
    _partner_date_idx = models.Index("(company_id, partner_id, date)")
    _date_idx = models.Index("(company_id, date)")

    # === Compute methods === #

    @api.depends("mail_message_id")  # not on what a message is: whoever posts one would pay
    def _compute_mail_identifier(self):
        for letter in self:
            letter.mail_identifier = letter.mail_message_id.message_id

    @api.model
    def _search_mail_identifier(self, operator, value):
        messages_sudo = self.env["mail.message"].sudo()
        return Domain(
            "mail_message_id", "in", messages_sudo._search([("message_id", operator, value)])
        )

    @api.depends("partner_id", "phase_id", "date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for letter in self:
            letter.display_name = f"{letter.phase_id.name or ''} · {letter.partner_id.name or ''}"

    @api.depends("lang")
    def _compute_lang_label(self):
        names = dict(self.env["res.lang"].get_installed())
        for letter in self:
            letter.lang_label = names.get(letter.lang, letter.lang)

    @api.depends(
        *("line_ids.amount_residual_company", "line_ids.amount_asked"),
        *("line_ids.amount_fine", "line_ids.amount_interest"),
    )
    def _compute_line_totals(self):
        for letter in self:
            lines, currency = letter.line_ids, letter.company_id.currency_id
            asked = sum(line._to_company_currency(line.amount_asked) for line in lines)
            charges = sum(
                line._to_company_currency(line.amount_fine + line.amount_interest) for line in lines
            )
            letter.line_count = len(lines)
            letter.amount_charges = currency.round(charges)
            letter.amount_total = currency.round(sum(lines.mapped("amount_residual_company")))
            letter.amount_asked = currency.round(asked)

    @api.depends("line_ids.amount_asked", "line_ids.currency_id")
    @api.depends_context("lang")
    def _compute_asked_label(self):
        for letter in self:
            asked = letter._get_asked()
            letter.has_other_currency = any(
                currency != letter.company_id.currency_id for currency in asked
            )
            letter.asked_label = " + ".join(
                formatLang(self.env, amount, currency_obj=currency)
                for currency, amount in asked.items()
            )

    def _get_asked(self):
        """:return: {currency: what the letter asks for, as it was written}, the main currency
        first; only those in which it asks for anything"""
        self.ensure_one()
        main = self.company_id.currency_id
        by_currency = self.line_ids.grouped("currency_id")
        ordered = sorted(by_currency, key=lambda one: (one != main, one.name))
        amounts = {one: one.round(sum(by_currency[one].mapped("amount_asked"))) for one in ordered}
        return {one: amount for one, amount in amounts.items() if amount}

    # === Actions === #

    def action_retry(self):
        """Send again letters that did not reach anybody: money and address are read anew."""
        self._check_user()
        self._check_certain()
        letters = self.filtered(lambda letter: letter.state in PROBLEM_STATES)
        if not letters:
            raise UserError(self.env._("Only letters that did not arrive can be tried again."))
        letters._check_live()
        letters.sudo()._send_again()  # the state is the engine's; the user's right was checked

    def _send_again(self):
        """Issue letters anew by a person's decision, also while the jobs may not send."""
        self.write({"origin": "manual", "addresses_tried": False})
        self._check_still_true()
        self._reset()
        self._issue()
        self._trigger_mail_queue()

    def _check_still_true(self):
        """A letter that went out and came back goes again as it was, or not at all: what it said
        stays on record.

        :raise UserError: where it says something else than what is owed now
        """
        for letter in self.filtered("date_sent"):
            if not letter._is_still_owed():
                raise UserError(
                    self.env._(
                        "%s: what this letter asks for was paid, is held back or was asked for "
                        "again meanwhile. Send a new letter instead.",
                        letter.display_name,
                    )
                )

    def action_cancel(self):
        """Stop letters that have not left yet; their items have their turn after the interval."""
        self._check_user()
        self._check_certain()
        stoppable = self.filtered(lambda letter: letter.state not in ("sent", "cancelled"))
        if stoppable != self:
            raise UserError(self.env._("A letter that was sent cannot be cancelled."))
        self.sudo()._cancel(self.env._("Cancelled by %s", self.env.user.name))

    def action_open_mail(self):
        """Show the letter in the browser, as the customer got it."""
        check_one(self)
        return {
            "type": "ir.actions.act_url",
            "url": f"/report/html/{self.sudo()._get_sheet_report().report_name}/{self.id}",
            "target": "new",
        }

    def action_print(self):
        """Print the letter: the PDF that was sent, where one was."""
        report = self.env.ref("crm_collection.action_report_letter")
        return report.report_action(self, config=False)

    def _check_user(self):
        self.check_access("read")
        if not self.env.user.has_group("crm_collection.group_crm_collection_user"):
            raise AccessError(self.env._("Only collection users send letters."))
        for letter in self.filtered("anonymised_on"):
            raise UserError(
                self.env._(
                    "%s was anonymised: nothing can be done with the letter any more.",
                    letter.display_name,
                )
            )
