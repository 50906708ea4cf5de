from datetime import timedelta

from odoo import models
from odoo.fields import Domain
from odoo.tools import format_datetime

from ..letters.condition_queries import PAPER_STATES
from .status import RECENT_DAYS

# For so many days a letter may wait for who prints and posts it.
PAPER_WAITS = 2
# Letters looked at to tell a server that refuses all from one refusal.
LAST_LETTERS = 5


class CrmCollectionStatus(models.AbstractModel):
    """What becomes of letters: our text, our mail server, their addresses, and what nobody
    knows. Each is mended elsewhere."""

    _inherit = "crm.collection.status"

    def _get_letter_checks(self):
        return [
            *self._check_workday(),
            *self._check_bank(),
            self._check_mail_accepted(),
            self._check_texts(),
            *self._check_slips(),
            self._check_addresses(),
            self._check_uncertain(),
            *self._check_paper(),
        ]

    def _check_workday(self):
        """Whether letters leave today, of a company that has them wait for working days."""
        company = self.env.company
        if not company.collection_letters_workday:
            return []
        message = company._explain_collection_workday(company._get_collection_today())
        message = message or self.env._("Letters leave on working days only, and today is one.")
        return [self._get_check("workday", self.env._("Working days"), "ok", message)]

    def _check_bank(self):
        """Whether letters wait for the bank, of a company that has them wait."""
        company = self.env.company
        if not company.collection_bank_days:
            return []
        message = company._explain_collection_bank()
        level = "warning" if message else "ok"
        message = message or self.env._("What came in at the bank is entered.")
        banks = self.env["account.journal"].union(*company._get_collection_late_banks())
        action = self._get_action(banks._name, banks.sudo(False)) if banks else False
        return [self._get_check("bank", self.env._("Bank"), level, message, action)]

    def _check_slips(self):
        """Letters of the last days that left without a slip to pay with, if there are any."""
        since = self.env.company._get_collection_today() - timedelta(days=RECENT_DAYS)
        letters = self._search_letters([("missing_slips", "!=", False), ("date", ">=", since)])
        if not letters:
            return []
        message = self.env._(
            "Letters of the last days without a slip to pay with, because it could not be had or "
            "asks for more than is owed: %s.",
            len(letters),
        )
        action, label = self._get_action(letters._name, letters), self.env._("Slips to pay with")
        return [self._get_check("slips", label, "warning", message, action)]

    def _search_letters(self, domain, **options):
        in_company = Domain("company_id", "=", self.env.company.id)
        return self.env["crm.collection.letter"].search(in_company & Domain(domain), **options)

    def _check_mail_accepted(self):
        """Whether the mail server took the last letters."""
        accepted = self._search_letters(
            [
                *(("date_sent", "!=", False), ("state", "in", ("sent", "bounced"))),
                ("channel", "in", (False, "email")),
            ],
            order="date_sent desc, id desc",
            limit=LAST_LETTERS,
        )
        refused = self._search_letters(
            [("state", "=", "failed"), ("fault", "=", "server")],
            order="date_failed desc, id desc",
            limit=LAST_LETTERS,
        )
        level, message = self._judge_last(accepted, refused)
        action = self._get_action("crm.collection.letter", refused)
        if stopped := self.env["crm.collection.fuse"].search([("state", "=", "open")], limit=1):
            level, message = "danger", stopped._describe(self.env.user)
            action = self._get_action(stopped._name, stopped)
        elif self.env["ir.mail_server"].has_access("read"):
            action = self._get_action("ir.mail_server")
        return self._get_check("mail_accepted", self.env._("Mail accepted"), level, message, action)

    def _judge_last(self, accepted, refused):
        """:return: the level and the sentence on the last letters that were handed over"""
        last = (accepted | refused).sorted(
            lambda letter: (letter.date_failed or letter.date_sent or letter.create_date, letter.id)
        )[-LAST_LETTERS:]
        if not last:
            return "warning", self.env._("No letter was accepted by the mail server yet.")
        if last[-1] in accepted:
            moment = format_datetime(self.env, last[-1].date_sent, dt_format="short")
            return "ok", self.env._("The last letter was accepted on %s.", moment)
        reason = last[-1].failure_reason or ""
        if last <= refused:
            return "danger", self.env._("The mail server refuses the letters: %s", reason)
        return "warning", self.env._("The last letter was refused: %s", reason)

    def _check_texts(self):
        """Whether letters wait for a text that cannot be written, and which one will not be."""
        title = self.env._("Letter texts")
        letters = self._search_letters([("state", "=", "failed"), ("fault", "=", "text")])
        if not letters:
            return self._check_texts_in_use(title)
        message = self.env._(
            "Letters that wait for their text to be mended: %(count)s. %(reason)s",
            count=len(letters),
            reason=letters[0].failure_reason or "",
        )
        templates = letters._get_expected_templates()
        action = templates and self._get_action("mail.template", templates)
        action = action or self._get_action("crm.collection.letter", letters)
        return self._get_check("texts", title, "danger", message, action)

    def _check_texts_in_use(self, title):
        """Whether a text is sent that says more than letters offer: it was written before letters
        were filled in and not run, or what they offer is less now."""
        broken = [
            (template, *template._get_faults()[0])
            for template in self._get_texts_in_use()
            if template._get_faults()
        ]
        if not broken:
            return self._get_check("texts", title, "ok", self.env._("Every letter was written."))
        level = "danger" if any(stops for *_fault, stops in broken) else "warning"
        said = "; ".join(
            f"{template.display_name} — {place}: {sentence}"
            for template, place, sentence, _stops in broken
        )
        message = self.env._("Texts in use that have to be mended: %s", said)
        templates = self.env["mail.template"].union(*(template for template, *_fault in broken))
        return self._get_check(
            "texts", title, level, message, self._get_action("mail.template", templates)
        )

    def _get_texts_in_use(self):
        """:return: the texts that phases and rules of the company send"""
        served = Domain("company_id", "in", [False, *self.env.company.sudo().parent_ids.ids])
        phases = self.env["crm.collection.phase"].search(served)
        steps = self.env["crm.collection.rule.step"].search(
            served & Domain("rule_id.active", "=", True)
        )
        return phases.template_id | phases.template_b_id | steps.template_id

    def _check_addresses(self):
        """Whether letters wait for another address of their customers."""
        title = self.env._("Addresses")
        letters = self._search_letters(
            [("state", "in", ("failed", "bounced", "no_address")), ("fault", "=", "address")]
        )
        if not letters:
            message = self.env._("No letter waits for a customer's address.")
            return self._get_check("addresses", title, "ok", message)
        partners = letters.partner_id
        message = self.env._(
            "Customers whose letters wait for another address: %(count)s (%(names)s).",
            count=len(partners),
            names=", ".join(partners[:3].mapped("display_name") + ["…"] * (len(partners) > 3)),
        )
        action = self._get_action("res.partner", partners)
        return self._get_check("addresses", title, "warning", message, action)

    def _check_paper(self):
        """Whether letters wait for somebody to print or to post them, where any go by post."""
        letters = self._search_letters([("state", "in", PAPER_STATES)])
        if not letters:
            return []
        printed = letters.filtered(lambda letter: letter.state == "printed")
        today = self.env.company._get_collection_today()
        late = letters.filtered(lambda letter: (today - letter.date).days > PAPER_WAITS)
        message = self.env._(
            "Letters that wait to be printed: %(waiting)s; printed and not posted: %(printed)s. "
            "None of them has left.",
            waiting=len(letters - printed),
            printed=len(printed),
        )
        action = self._get_action("crm.collection.letter", letters)
        level = "warning" if late else "ok"
        return [self._get_check("paper", self.env._("Letters by post"), level, message, action)]

    def _check_uncertain(self):
        """Whether somebody has to say whether letters arrived."""
        title = self.env._("Uncertain letters")
        letters = self._search_letters([("state", "=", "uncertain"), ("nobody_knows", "=", False)])
        if not letters:
            message = self.env._("No letter waits for somebody to say whether it left.")
            return self._get_check("uncertain", title, "ok", message)
        message = self.env._(
            "Letters that may have left: %s. Look for them in the log of the mail server, and say "
            "what you found.",
            len(letters),
        )
        action = self._get_action("crm.collection.letter", letters)
        return self._get_check("uncertain", title, "warning", message, action)
