from textwrap import shorten

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.mail import email_normalize

from ...tools.arguments import check_one

# What people write; not what the system says of itself or answers in their absence.
WRITTEN = ("comment", "email", "email_outgoing")
LONGEST_REASON = 100


class CrmCollectionContact(models.Model):
    """How a customer's mail is answered: each way leads on, and takes it off the list."""

    _inherit = "crm.collection.contact"

    # === Actions === #

    def action_promise(self):
        """Open the dialog that holds what the mail is about: the customer promises to pay."""
        return check_one(self)._open_hold("promise", self.env._("The Customer Promises to Pay"))

    def action_dispute(self):
        """Open the dialog that holds what the mail is about: the customer disputes it."""
        return check_one(self)._open_hold("dispute", self.env._("The Customer Disputes"))

    def action_answer(self):
        """Open the composer to who wrote, in the chatter in which the mail arrived; sending it
        answers the mail."""
        check_one(self)._check_waiting()
        message_sudo = self.message_id.sudo()
        if not message_sudo.res_id:
            raise UserError(self.env._("The mail is not there any more."))
        thread = self.env[message_sudo.model].browse(message_sudo.res_id)
        person = self.person_id or thread._partner_find_from_emails_single(
            [message_sudo.email_from], no_create=False
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answer"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_composition_mode": "comment",
                "default_model": thread._name,
                "default_res_ids": thread.ids,
                "default_parent_id": message_sudo.id,
                "default_subject": message_sudo.subject,
                "default_partner_ids": person.ids,
                "default_subtype_xmlid": "mail.mt_comment",
            },
        }

    def action_not_about_this(self):
        """Nothing is to be said to these mails: they are no matter of collections."""
        self._check_waiting()
        self._set_answered()

    # === Business methods === #

    def _check_waiting(self):
        """:raise UserError: one of these waits for nobody"""
        self.check_access("write")
        for contact in self:
            if contact.state != "waiting":
                raise UserError(
                    self.env._("%s: nobody waits for an answer any more.", contact.display_name)
                )

    def _open_hold(self, kind, name):
        self._check_waiting()
        items = self._get_open_items()
        if not items:
            raise UserError(self.env._("The customer owes nothing any more that could be held."))
        action = items._open_wizard("crm_collection.crm_collection_item_hold_action")
        context = {"default_kind": kind, "default_contact_id": self.id}
        if kind == "promise":
            context["default_date_until"] = False  # the customer's to say
        if self.note:
            context["default_reason"] = shorten(self.note, LONGEST_REASON, placeholder="…")
        return {**action, "name": name, "context": {**action["context"], **context}}

    def _get_open_items(self):
        """:return: what is still open of the letter or of the items the mail is about, else all
        that the customer owes"""
        self.ensure_one()
        items = self.letter_id.line_ids.item_id or self._get_items()
        return items.filtered(lambda item: item.state == "open")

    def _settle(self, holds):
        """The customer agreed on these holds, or asked for them: that is the answer.

        :raise UserError: they are another customer's
        """
        self._check_waiting()
        if holds.customer_id - self.partner_id:
            raise UserError(self.env._("These open items are another customer's."))
        self._set_answered(
            outcome_id=self._get_outcome(holds[:1].kind).id,
            hold_ids=[fields.Command.link(hold.id) for hold in holds],
        )

    @api.model
    def _get_outcome(self, kind):
        """:return: what came of a contact in which such a hold was agreed on"""
        follow_up = "hold" if kind == "block" else kind
        companies = [False, *self.company_id.sudo().parent_ids.ids]
        domain = Domain("follow_up", "=", follow_up) & Domain("company_id", "in", companies)
        return self.env["crm.collection.outcome"].search(domain, limit=1)

    def _set_answered(self, user=None, **vals):
        """:param user: who answered; without one, who acts"""
        contacts_sudo = self.sudo()  # the right was checked
        contacts_sudo._write_evidence(
            {
                "state": "done",
                "answered_by_id": (user or self.env.user).id,
                "date_answered": fields.Datetime.now(),
                **vals,
            }
        )
        contacts_sudo.activity_ids.filtered("automated").unlink()

    def _wait_again(self):
        """What answered these mails was taken back: they are on their collectors' lists again."""
        contacts_sudo = self.sudo().filtered(lambda contact: contact.state == "done")
        contacts_sudo._write_evidence(
            {
                "state": "waiting",
                "answered_by_id": False,
                "date_answered": False,
                "outcome_id": False,
            }
        )
        for contact in contacts_sudo:
            contact._put_on_list()

    @api.model
    def _answer_by(self, message, recipients):
        """Somebody wrote to customers from a chatter: whose mails of the same chatter wait has his
        answer.

        :param message: what was written
        :param recipients: the contacts it went to
        """
        users = message.sudo().author_id.user_ids.filtered(lambda one: one.active and not one.share)
        if not users or message.message_type not in WRITTEN:
            return
        waiting_sudo = self.sudo().search(
            Domain("state", "=", "waiting")
            & Domain("company_id", "in", users.company_ids.ids)
            & self._get_chatter_domain(message)
        )
        answered = waiting_sudo.filtered(lambda contact: contact._is_among(recipients.sudo()))
        if answered:
            answered._set_answered((users & self.env.user or users)[:1])

    @api.model
    def _get_chatter_domain(self, message):
        """:return: the domain of the contacts that are answered in the chatter of a message"""
        model = Domain("message_id.model", "=", message.model)
        return model & Domain("message_id.res_id", "=", message.res_id)

    def _is_among(self, recipients):
        """Whether who wrote, or anybody of the same customer, is among the recipients."""
        self.ensure_one()
        email = email_normalize(self.email_from or "")
        return bool(
            self.person_id & recipients
            or self.partner_id & recipients.commercial_partner_id
            or (email and email in recipients.mapped("email_normalized"))
        )
