from odoo import SUPERUSER_ID, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

# The chatters in which what the system wrote is evidence: what was sent, who agreed, who changed
# what. Comments of people stay theirs.
EVIDENCE_MODELS = (
    "crm.collection.letter",
    "crm.collection.approval",
    "crm.collection.approval.rule",
    "crm.collection.phase",
    "crm.collection.item",
)
# On the entries concerned decisions are written among what is not ours.
DECISION_MARK = 'data-oe-model="crm.collection.approval"'
# What readers do to a message without touching what it says.
READER_FIELDS = {"starred_partner_ids", "pinned_at", "reaction_ids", "notification_ids"}
# What a message says. The mail system writes the rest when it sends it.
CONTENT_FIELDS = {
    *("attachment_ids", "author_id", "body", "date", "email_from", "message_type", "model"),
    *("partner_ids", "res_id", "subject", "subtype_id"),
}

# What says in the context that the engine is writing a letter. An object of its own: no caller
# from outside can pass it.
WRITING = object()


class MailMessage(models.Model):
    """A letter is its message: subject, sender, text and attachments are what the customer gets,
    and what is shown of it later. Whoever sent it by hand is its author, and does not rewrite it.

    Nor does code that runs as superuser for him: mails can be made for a message that is there
    already, and bring content along.
    """

    _inherit = "mail.message"

    def write(self, vals):
        """:raise AccessError: what a letter or a record says is changed"""
        if not vals.keys() <= READER_FIELDS:
            evidence = self._get_evidence()
            if evidence and (not self.env.su or evidence._is_said_otherwise(vals)):
                self._refuse_change()
        return super().write(vals)

    def unlink(self):
        """:raise AccessError: a letter or a record is deleted"""
        if not self.env.su and self._get_evidence():  # as superuser whole documents are removed
            self._refuse_change()
        return super().unlink()

    def _refuse_change(self):
        raise AccessError(
            self.env._(
                "Letters that were written, decisions and the record of changes cannot be changed "
                "or deleted."
            )
        )

    def _get_evidence(self):
        """:return: those of these that nobody changes; none for the system itself"""
        writing = self.env.context.get("crm_collection_writing") is WRITING
        if self.env.uid == SUPERUSER_ID or writing:
            return self.browse()
        record = Domain("model", "in", EVIDENCE_MODELS)
        record |= Domain("model", "=", "account.move") & Domain("body", "like", DECISION_MARK)
        return self.sudo().filtered_domain(record & Domain("message_type", "!=", "comment"))

    def _is_said_otherwise(self, vals):
        """Whether something that is said would be another thing. Core adds a subject where there
        is none, files to what is noted, and notifies of a message with what it says."""
        return any(
            message._is_changed(fname, vals[fname])
            for message in self
            for fname in CONTENT_FIELDS & vals.keys()
        ) or ("reply_to" in vals and self._is_letter())

    def _is_changed(self, fname, value):
        field = self._fields[fname]
        if field.type == "many2many":
            old, new = set(self[fname].ids), set(field.convert_to_cache(value, self))
            return not old <= new or (old != new and self._is_letter())
        old = self[fname].id if field.type == "many2one" else self[fname]
        return bool(old) and old != value

    def _is_letter(self):
        letters_sudo = self.env["crm.collection.letter"].sudo()  # whoever may see them
        return bool(letters_sudo.search_count([("mail_message_id", "in", self.ids)], limit=1))
