from odoo import api, models
from odoo.fields import Domain
from odoo.models import MAGIC_COLUMNS
from odoo.tools import html2plaintext

# What is kept of a customer: model, and the field by which its records are his.
KEPT = {
    "crm.collection.item": "partner_id",
    "crm.collection.allocation": "partner_id",
    "crm.collection.settlement": "partner_id",
    "crm.collection.letter": "partner_id",
    "crm.collection.letter.line": "letter_id.partner_id",
    "crm.collection.charge": "letter_id.partner_id",
    "crm.collection.batch.line": "letter_id.partner_id",
    "crm.collection.returned": "letter_id.partner_id",
    "crm.collection.hold": "customer_id",
    "crm.collection.hold.part": "hold_id.customer_id",
    "crm.collection.contact": "partner_id",
    "crm.collection.task": "partner_id",
    "crm.collection.approval": "partner_id",
    "crm.collection.approval.line": "approval_id.partner_id",
    "crm.collection.approval.decision": "partner_id",
    "crm.collection.approval.change": "res_id",
    "crm.collection.thanks": "partner_id",
    "crm.collection.forewarning": "partner_id",
    "crm.collection.behaviour": "partner_id",
    "crm.collection.desk.mark": "partner_id",
    "crm.collection.retention": "partner_id",
}
OF_CUSTOMER = (
    *("name", "vat", "email", "phone", "street", "street2", "zip", "city", "country_id", "lang"),
    *("collection_rule_id", "collection_user_id"),
)
NO_VALUES = ("binary", "one2many", "json")


class CrmCollectionRetention(models.Model):
    """What is kept of one customer in one company, for himself to read: every record of the module
    about him, what was written in their chatters, and the files."""

    _inherit = "crm.collection.retention"

    @api.model
    def _get_kept(self):
        """:return: {model: the field by which its records are a customer's}; override to add what
        another module keeps"""
        return KEPT

    def _find_kept(self, partner, company):
        """:return: {model: its records about the customer, in sudo}; who asks has to have been
        checked, and nothing of another company is among them"""
        return {
            model: self.env[model]
            .sudo()
            .with_context(active_test=False)
            .search(self._get_kept_domain(model, path, partner, company), order="id")
            for model, path in self._get_kept().items()
        }

    @api.model
    def _get_kept_domain(self, model, path, partner, company):
        domain = Domain("company_id", "=", company.id) & Domain(path, "=", partner.id)
        if path == "res_id":  # of no other model's record with that number
            domain &= Domain("res_model", "=", partner._name)
        return domain

    # === Values === #

    def _describe_kept(self, partner, company):
        """:return: list of sections, each a dict of ``model``, ``label`` and ``records``; those
        are dicts of ``values``, ``shown`` (label and text), ``messages`` and ``files``"""
        partner_sudo = partner.with_company(company).sudo()
        sections = [self._describe_section(partner_sudo, OF_CUSTOMER)]
        for records in self._find_kept(partner, company).values():
            names = self._get_kept_names(records)
            sections.append(self._describe_section(records, names))
        return sections

    @api.model
    def _get_kept_names(self, records):
        """:return: the names of the fields whose values are in the database"""
        return [
            name
            for name, field in records._fields.items()
            if field.store and field.type not in NO_VALUES and name not in MAGIC_COLUMNS
        ]

    def _describe_section(self, records, names):
        messages = self._find_messages(records)
        files = self._get_kept_files(records, messages)
        return {
            "model": records._name,
            "label": self.env["ir.model"]._get(records._name).sudo().name,
            "records": [
                {
                    "id": record.id,
                    "values": self._get_kept_values(record, names),
                    "shown": self._get_kept_texts(record, names),
                    "messages": [
                        self._describe_message(message) for message in messages.get(record.id, ())
                    ],
                    "files": files.get(record.id, records.env["ir.attachment"]),
                }
                for record in records
            ],
        }

    @api.model
    def _get_kept_values(self, record, names):
        """:return: {field: value}, as programs read it; of other records their number and name"""
        values = {}
        for name in names:
            value = record[name]
            if isinstance(value, models.BaseModel):
                value = [[one.id, one.display_name] for one in value]
            values[name] = value
        return values

    @api.model
    def _get_kept_texts(self, record, names):
        """:return: list of (label, text) of what says anything, as people read it"""
        texts = []
        for name in names:
            field, value = record._fields[name], record[name]
            if not value:
                continue
            if isinstance(value, models.BaseModel):
                text = ", ".join(one.display_name or "" for one in value)
            else:
                text = field.convert_to_export(value, record)
            texts.append((field._description_string(self.env), str(text)))
        return texts

    # === Messages and files === #

    def _find_messages(self, records):
        """:return: {record: what was written in its chatter, the oldest first, in sudo}; of a
        customer's own chatter statements alone, of a contact the mail the customer wrote, too"""
        messages_sudo = self.env["mail.message"].sudo()
        if "message_ids" not in records._fields:
            return {}
        domain = Domain("model", "=", records._name) & Domain("res_id", "in", records.ids)
        if records._name == "res.partner":
            domain &= Domain("subtype_id", "=", self._get_subtype_id())
            domain &= Domain("record_company_id", "=", records.env.company.id)
        found = messages_sudo.search(domain, order="id").grouped("res_id")
        if records._name == "crm.collection.contact":
            for contact in records.filtered("message_id"):
                found[contact.id] = contact.message_id | found.get(contact.id, messages_sudo)
        return found

    @api.model
    def _describe_message(self, message):
        return {
            "date": message.date,
            "from": message.author_id.display_name or message.email_from or "",
            "to": ", ".join(message.partner_ids.mapped("display_name")),
            "subject": message.subject or "",
            "text": html2plaintext(message.body or "").strip(),
            "files": message.attachment_ids.mapped("name"),
        }

    @api.model
    def _get_kept_files(self, records, messages):
        """:param dict messages: as of :meth:`_find_messages`
        :return: {record: its files and those of the messages, in sudo}"""
        attachments_sudo, files = self.env["ir.attachment"].sudo(), {}
        if records._name != "res.partner":  # whose files are the contact's
            domain = [
                *(("res_model", "=", records._name), ("res_id", "in", records.ids)),
                # also those that are a field's
                *("|", ("res_field", "=", False), ("res_field", "!=", False)),
            ]
            files = attachments_sudo.search(domain, order="id").grouped("res_id")
        for res_id, of_record in messages.items():
            files[res_id] = files.get(res_id, attachments_sudo) | of_record.attachment_ids
        return files
