import html

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError

from .evidence import APPROVAL_MODEL, WRITING

# On the entries concerned decisions are written among what is not ours.
DECISION_MARK = f'data-oe-model="{APPROVAL_MODEL}"'
# What readers do to a message without touching what it says.
READER_FIELDS = {"starred_partner_ids", "pinned_at", "reaction_ids", "notification_ids"}
# What makes a message one of those nobody changes.
EVIDENCE_FIELDS = {"model", "res_id", "message_type", "body"}
# Where answers go: to the company, whatever a caller says.
ANSWER_FIELDS = {"reply_to", "reply_to_force_new"}
# What the system says, and what came in by mail: nobody posts that by hand. Who says nothing
# would have what he set as his default.
SYSTEM_TYPES = (None, False, "notification", "auto_comment", "email")


class MailMessage(models.Model):
    """A letter is its message: subject, sender, text and attachments are what the customer gets,
    and what is shown of it later. Whoever sent it by hand is its author, and does not rewrite it.

    Nor does code that runs as superuser for him: mails can be made for a message that is there
    already, and bring content along. A message is complete when the transaction that wrote it
    ends; until then core adds to it what belongs to it.
    """

    _inherit = "mail.message"
    _allow_sudo_commands = False  # mails made as superuser reach no other message's fields

    @api.model_create_multi
    def create(self, vals_list):
        """In the chatters that are evidence people comment, in their own name: what they post
        never looks like what the system wrote of somebody."""
        if not self.env.su and self._is_bound():
            vals_list = self._get_own_words(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        """:raise AccessError: what a letter or a record says is changed"""
        evidence = self.browse()
        if not vals.keys() <= READER_FIELDS:
            evidence = self._get_evidence()
            if evidence and (not self.env.su or evidence._is_said_otherwise(vals)):
                self._refuse_change()
        result = super().write(vals)
        if EVIDENCE_FIELDS & vals.keys() and self._get_evidence() != evidence:
            self._refuse_change()  # a comment is no record afterwards
        return result

    def unlink(self):
        """:raise AccessError: a letter or a record is deleted"""
        if not self.env.su:  # as superuser whole documents are removed
            self._check_no_evidence()
        return super().unlink()

    def _check_no_evidence(self):
        """:raise AccessError: one of these is a letter or on record"""
        if self._get_evidence():
            self._refuse_change()

    def _refuse_change(self):
        raise AccessError(
            self.env._(
                "Letters that were written, decisions and the record of changes cannot be changed "
                "or deleted."
            )
        )

    @api.model
    def _is_bound(self):
        """Whether whoever acts is bound by the record: all but the system itself."""
        writing = self.env.context.get("crm_collection_writing") is WRITING
        return not writing and self.env.uid != SUPERUSER_ID

    def _get_evidence(self):
        """:return: in sudo, those of these that nobody changes; none for the system itself, and
        none that this very transaction wrote: core completes them"""
        if not self._is_bound():
            return self.browse()
        chatters = self.env["crm.collection.evidence"]._get_evidence_chatters()
        now = self.env.cr.now()
        return self.sudo().filtered(
            lambda one: (
                (one.model in chatters or one._tells_decision())
                and one.message_type != "comment"
                and one.create_date != now
            )
        )

    def _tells_decision(self):
        return self.model == "account.move" and DECISION_MARK in (self.body or "")

    # === What people post === #

    @api.model
    def _get_own_words(self, vals_list, message_type="comment"):
        """:param str message_type: what a message is that claims to be the system's
        :return: the values of messages as far as people may choose them: in a chatter that is
            evidence, what they post is a comment or a mail, and their own; answers to what is
            posted in any of this module's go to the company
        """
        chatters = self.env["crm.collection.thread"]._get_chatters()
        return [
            self._get_own_words_of(vals, message_type)
            # who says nothing would have what is his default
            if "model" not in vals or vals["model"] in chatters or vals["model"] == "account.move"
            else vals
            for vals in vals_list
        ]

    @api.model
    def _get_own_words_of(self, vals, message_type):
        vals = self.default_get(["model", "body"]) | vals
        if vals.get("model") in self.env["crm.collection.thread"]._get_chatters():
            vals = {key: value for key, value in vals.items() if key not in ANSWER_FIELDS}
        if not self._is_for_record(vals):
            return vals
        own = {key: value for key, value in vals.items() if key != "tracking_value_ids"}
        if own.get("message_type") in SYSTEM_TYPES:
            own["message_type"] = message_type
        author = self.env.user.partner_id
        if own.get("author_id") not in (None, False, author.id):
            own["email_from"] = author.email_formatted  # else the sender a template says
        return own | {"author_id": author.id}

    @api.model
    def _is_for_record(self, vals):
        """Whether a message would stand among what is evidence, or look like a decision."""
        model = vals.get("model")
        if model == "account.move":
            return APPROVAL_MODEL in html.unescape(str(vals.get("body") or ""))
        return model in self.env["crm.collection.evidence"]._get_evidence_chatters()

    def _is_said_otherwise(self, vals):
        """Whether something would be another thing; core tells a message again what it says."""
        return any(
            message._is_changed(fname, vals[fname])
            for message in self
            for fname in vals.keys() - READER_FIELDS
        )

    def _is_changed(self, fname, value):
        field = self._fields[fname]
        if field.type == "one2many":
            return bool(value)
        if field.type == "many2many":
            return set(self[fname].ids) != set(field.convert_to_cache(value, self))
        old = self[fname].id if field.type == "many2one" else self[fname]
        return (old or False) != (value or False)
