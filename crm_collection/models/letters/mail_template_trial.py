from functools import reduce

import psycopg2

from odoo import SUPERUSER_ID, api, models, tools
from odoo.exceptions import UserError, ValidationError

from ...tools import letter_text
from ..evidence.evidence import LETTER_MODEL

TABLE = "object.titles_html"
# The texts of a template, in the order in which they are read.
TEXTS = (
    *("subject", "body_html", "email_from", "reply_to", "email_to", "email_cc", "partner_to"),
    *("lang", "scheduled_date"),
)
BODY = "body_html"
LAYOUTS = (
    "mail.mail_notification_light",
    "mail.mail_notification_layout",
    "mail.mail_notification_layout_with_responsible_signature",
)


class MailTemplate(models.Model):
    """The text of a letter is tried when it is saved, by everybody alike: words and what letters
    offer, in every language it is in, with the table of items.

    Who saves it reads which field it is, in which language, and what is wrong with which part.
    The installation alone is let through; what is left of older versions is named by the service
    status, and is not sent (:class:`.MailRenderMixin`).
    """

    _inherit = "mail.template"

    # === ORM overrides === #

    def write(self, vals):
        """:raise AccessError: a template becomes a letter that its writer may not write"""
        result = super().write(vals)
        if "model_id" in vals:
            self.check_access("write")
        return result

    def copy(self, default=None):
        """The translations come after the copy was tried: it is tried with them again."""
        copies = super().copy(default)
        copies._check_can_be_rendered()
        return copies

    @api.constrains("report_template_ids", "email_layout_xmlid", "model_id")
    def _check_letter_frame(self):
        """What goes with a letter is printed by the job, as superuser: it is about letters."""
        for template in self._filtered_letters():
            reports = template.report_template_ids.sudo()
            if others := reports.filtered(lambda report: report.model != LETTER_MODEL):
                raise ValidationError(
                    self.env._("%s is no report about letters.", ", ".join(others.mapped("name")))
                )
            if template.email_layout_xmlid and template.email_layout_xmlid not in LAYOUTS:
                raise ValidationError(
                    self.env._("%s is no layout for letters.", template.email_layout_xmlid)
                )

    # === Core's checks === #

    def _check_access_right_dynamic_template(self):
        # EXTENDS 'mail': what letters allow does not depend on who writes them
        others = self - self._filtered_letters()
        return super(MailTemplate, others)._check_access_right_dynamic_template()

    def _check_can_be_rendered(self, fnames=None, render_options=None):
        # EXTENDS 'mail'
        letters = self._filtered_letters()
        if self.env.uid != SUPERUSER_ID:
            letters._check_texts(fnames)
        others = self - letters
        return super(MailTemplate, others)._check_can_be_rendered(fnames, render_options)

    def _filtered_letters(self):
        return self.filtered(lambda template: template.sudo().model == LETTER_MODEL)

    # === The trial === #

    def _check_texts(self, fnames=None):
        """:param fnames: the fields that were written; all of them by default
        :raise ValidationError: a text says something that letters do not offer, fails, or has lost
            its table
        """
        letters = self.env[LETTER_MODEL]
        for template in self:
            said = template._find_faults(fnames) or template._try_texts(fnames)
            if said:
                lines = [f"- {place}: {sentence}" for place, sentence, _stops in said]
                offered = ", ".join(letters.mail_allowed_qweb_expressions())
                raise ValidationError(
                    self.env._(
                        "The letter “%(name)s” cannot be saved like this:\n%(faults)s\n"
                        "Letters offer: %(offered)s",
                        name=template.name or "",
                        faults="\n".join(dict.fromkeys(lines)),
                        offered=offered,
                    )
                )

    @tools.ormcache("self.id", "self.env.lang")
    def _get_faults(self):
        """:return: what is wrong with the stored text, see :meth:`_find_faults`"""
        return tuple(self._find_faults())

    def _find_faults(self, fnames=None):
        """:return: list of (place, sentence, whether no letter can be written with it) of what is
        more than words and what letters offer"""
        self.ensure_one()
        return [
            (place, self._describe_fault(fault), fault.stops)
            for place, fname, template in self._get_places(fnames)
            for fault in template._find_faults_of(fname)
        ]

    def _get_places(self, fnames=None):
        """:return: list of (its name for people, field, template in a language)"""
        langs = [lang for lang, _name in self.env["res.lang"].get_installed()]
        written = [lang for lang in langs if lang in self._read_langs()] or langs[:1]
        places = []
        for fname in TEXTS:
            if fnames is not None and fname not in fnames:
                continue
            label = self._fields[fname]._description_string(self.env)
            if not self._fields[fname].translate:
                places.append((label, fname, self))
                continue
            for lang in written:
                name = self.env["res.lang"]._get_data(code=lang).name
                place = f"{label} ({name})" if len(written) > 1 else label
                places.append((place, fname, self.with_context(lang=lang)))
        return places

    def _find_faults_of(self, fname):
        source, letters = self[fname] or "", self.env[LETTER_MODEL]
        allowed = letters.mail_allowed_qweb_expressions()
        if fname != BODY:
            return letter_text.find_line_faults(source, allowed)
        faults = letter_text.find_body_faults(source, allowed)
        is_there = TABLE in letter_text.get_body_expressions(source)
        if not is_there and not self._is_apology():
            faults.append(letter_text.Fault("table", TABLE, stops=False))
        return faults

    def _try_texts(self, fnames=None):
        """Write a letter with it: one of those its author may read, or a made-up one.

        :return: as :meth:`_find_faults`, of what fails
        """
        letter = self._get_letter_to_try()
        return [
            (place, sentence, True)
            for place, fname, template in self._get_places(fnames)
            if (sentence := template._try_text(fname, letter))
        ]

    def _get_letter_to_try(self):
        letters = self.env[LETTER_MODEL]
        letter = letters.has_access("read") and letters.search([], limit=1)
        return letter or letters._make_up(self.env.company, template_id=self._origin.id)

    def _show_text(self, company, lang, **vals):
        """What it says, word for word, to nobody in particular.

        :param vals: of the made-up letter, such as its phase and step
        :return: dict of ``subject``, ``body`` and ``error`` (why it cannot be written)
        """
        letters_sudo = self.env[LETTER_MODEL].sudo()
        letter = letters_sudo._make_up(company, template_id=self.id, lang=lang, **vals)
        try:
            subject, body = letter._render_preview("subject"), letter._render_preview(BODY)
        except UserError as error:
            return {"subject": "", "body": "", "error": str(error)}
        return {"subject": subject, "body": body, "error": ""}

    def _try_text(self, fname, letter):
        """:return: a sentence on what fails, or nothing"""
        read = letter_text.get_body_expressions
        if fname != BODY:
            read = letter_text.get_line_expressions
        for expression in filter(None, read(self[fname] or "")):
            path = expression.split(".")[1:]
            try:
                with self.env.cr.savepoint():
                    reduce(lambda record, name: record[name], path, letter)
            except psycopg2.OperationalError:
                raise
            except KeyError:
                return self._describe_fault(letter_text.Fault("missing", expression))
            except Exception as error:
                return self.env._("“%(part)s” fails: %(error)s", part=expression, error=error)
        return self._try_rendering(fname, letter)

    def _try_rendering(self, fname, letter):
        lang = self.env.lang
        try:
            with self.env.cr.savepoint():
                [said] = self._render_field(fname, letter._ids, set_lang=lang).values()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            return str(error)
        installed = dict(self.env["res.lang"].get_installed())
        if fname == "lang" and said and said not in installed:
            return self.env._("“%s” is no language that is installed.", said)
        return ""
