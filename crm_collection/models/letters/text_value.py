from functools import reduce

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import html2plaintext

LONGEST_EXAMPLE = 60


class CrmCollectionLetter(models.Model):
    """What letters offer (:mod:`.offered`), in plain words, for whoever writes a text."""

    _inherit = "crm.collection.letter"

    @api.model
    @api.readonly
    def get_text_values(self):
        """What a text may fill in, for the picker of values.

        :return: list of dicts, those that most texts need first: ``path`` (as of ``object``),
            ``name`` and ``help`` in plain words, ``example`` (of a letter that the reader may
            read, else of a made-up one) and ``is_html`` (it is for the body alone)
        :raise AccessError: the reader works with no letters
        """
        self.check_access("read")
        said = self._describe_values()
        offered = [
            expression.removeprefix("object.")
            for expression in self.mail_allowed_qweb_expressions()
            if expression.startswith("object.")
        ]
        offered.sort(key=lambda path: list(said).index(path) if path in said else len(said))
        letter = self.search([], limit=1) or self._make_up(self.env.company)
        return [self._prepare_value(letter, path, *said.get(path, ())) for path in offered]

    def _prepare_value(self, letter, path, name="", description=""):
        """:param str name: in plain words; of what another module offers it is the field's"""
        try:
            value = reduce(lambda record, fname: record[fname], path.split("."), letter)
        except (AccessError, KeyError):  # it is filled in by the job, and not for this reader
            value = ""
        way = self._get_path_fields(path)
        is_html = way[-1:] and way[-1].type == "html"
        text = " ".join(html2plaintext(value or "").split()) if is_html else str(value or "")
        if len(text) > LONGEST_EXAMPLE:
            text = text[:LONGEST_EXAMPLE].rstrip() + "…"
        labels = " › ".join(field._description_string(self.env) for field in way)
        return {
            "path": path,
            "name": name or labels or path,
            "help": description,
            "example": text,
            "is_html": bool(is_html),
        }

    @api.model
    def _get_path_fields(self, path):
        """:return: list of the fields on the way to a value"""
        model, way = self, []
        for fname in path.split("."):
            if fname not in model._fields:
                return []
            way.append(model._fields[fname])
            model = self.env[way[-1].comodel_name] if way[-1].relational else model
        return way

    @api.model
    def _describe_values(self):
        """:return: {path: (name, what it is)} of what this module offers"""
        return {
            **self._describe_asked_values(),
            **self._describe_customer_values(),
            **self._describe_creditor_values(),
            **self._describe_sending_values(),
        }

    def _describe_asked_values(self):
        _ = self.env._
        return {
            "titles_html": (
                _("Table of the items"),
                _("With the totals, the way to pay and the legal notice. Every letter needs it."),
            ),
            "totals_label": (_("Amount to pay"), _("By currency, as the customer writes it.")),
            "deadline_label": (_("Last day to pay"), _("A working day, counted from the letter.")),
            "subject_label": (
                _("What it is about"),
                _("“What is listed below”, or the part of it that the text is true of."),
            ),
            "line_count": (_("Number of items"), ""),
            "date_label": (_("Date of the letter"), ""),
            "round": (_("Which letter it is"), _("1 is the first one in the phase.")),
            "phase_id.name": (_("Phase"), _("By the name that you gave it.")),
        }

    def _describe_customer_values(self):
        _ = self.env._
        return {
            "partner_id.name": (_("Customer"), ""),
            "partner_id.ref": (_("Customer number"), _("The reference on the customer.")),
            "partner_id.vat": (_("Tax number of the customer"), ""),
        }

    def _describe_creditor_values(self):
        _ = self.env._
        return {
            "signature_html": (_("Signature"), _("The collector, and the company.")),
            "user_id.name": (_("Collector"), _("Empty where the customer has none.")),
            "user_id.email": (_("E-mail of the collector"), ""),
            "user_id.signature": (
                _("Signature of the collector's mails"),
                _("As in his preferences."),
            ),
            "company_id.name": (_("Your company"), ""),
            "company_id.email": (_("E-mail of your company"), ""),
            "company_id.phone": (_("Phone of your company"), ""),
            "company_id.website": (_("Website of your company"), ""),
            "company_id.vat": (_("Tax number of your company"), ""),
        }

    def _describe_sending_values(self):
        _ = self.env._
        return {
            "sender_email": (_("Sender"), _("For the field of that name.")),
            "recipient_numbers": (_("Recipients"), _("For the field of that name.")),
            "lang": (_("Language of the letter"), _("For the field of that name.")),
        }
