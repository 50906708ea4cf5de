from odoo import api, models
from odoo.exceptions import UserError

from ...tools import letter_text
from ..evidence.evidence import LETTER_MODEL


class TextRefused(UserError):
    """A letter's text is more than words and values.

    :param faults: what is wrong with it, to say it again in another language
    """

    def __init__(self, message, faults):
        super().__init__(message)
        self.faults = faults


class MailRenderMixin(models.AbstractModel):
    """What is rendered about a letter is filled in, and never run.

    Letters are written by the job, as superuser: a text that is a program would do there what its
    author may not. So they are rendered as core does it for people who are no template editors,
    whoever wrote the text and whoever renders it; what letters offer is said by
    ``crm.collection.letter.mail_allowed_qweb_expressions``, which other modules extend.
    """

    _inherit = "mail.render.mixin"

    @api.model
    def _render_template_qweb(self, template_src, model, res_ids, add_context=None, options=None):
        # EXTENDS 'mail'
        if model != LETTER_MODEL or not template_src:
            return super()._render_template_qweb(
                template_src, model, res_ids, add_context=add_context, options=options
            )
        allowed = self.env[model].mail_allowed_qweb_expressions()
        if self._has_unsafe_expression_template_qweb(template_src, model):
            self._refuse_program(letter_text.find_body_faults(template_src, allowed))
        result = self._render_template_qweb_regex(template_src, model, res_ids)
        for text in result.values():
            if part := letter_text.LEFT_OVER.search(text):
                self._refuse_program([letter_text.Fault("unfilled", part[0])])
        return result

    @api.model
    def _render_template_inline_template(
        self, template_txt, model, res_ids, add_context=None, options=None
    ):
        # EXTENDS 'mail'
        if model != LETTER_MODEL or not template_txt:
            return super()._render_template_inline_template(
                template_txt, model, res_ids, add_context=add_context, options=options
            )
        if self._has_unsafe_expression_template_inline_template(template_txt, model):
            allowed = self.env[model].mail_allowed_qweb_expressions()
            self._refuse_program(letter_text.find_line_faults(template_txt, allowed))
        return self._render_template_inline_template_regex(str(template_txt), model, res_ids)

    def _refuse_program(self, faults):
        """:raise TextRefused: always, with what in the text is more than words and values"""
        raise TextRefused(self._describe_faults(faults), faults)

    @api.model
    def _describe_faults(self, faults):
        """:return: what is wrong with a letter's text, a sentence for each part"""
        said = [self._describe_fault(fault) for fault in faults if fault.stops]
        return " ".join(said) or self.env._("The text is more than words and values.")

    @api.model
    def _describe_fault(self, fault):
        """:return: what is wrong with a part of a letter's text, and what to do, in a sentence"""
        _, part = self.env._, fault.part
        texts = {
            "unknown": _("“%s” is nothing that letters offer.", part),
            "directive": _(
                "“%s” is a program: a letter only fills in values, each with t-out in an element "
                "of its own.",
                part,
            ),
            "children": _("The element with “%s” has other elements in it: take them out.", part),
            "attributes": _(
                "The element with “%s” has other attributes, such as a style or a class: give "
                "them to an element around it.",
                part,
            ),
            "unfilled": _('“%s” is not filled in: write it as <t t-out="object.…"/>.', part),
            "braces": _(
                "“%s” would be sent as it is: in the body values are filled in with "
                '<t t-out="object.…"/>, in a line with {{ object.… }}.',
                part,
            ),
            "table": _('The table of items is missing: put <t t-out="%s"/> into the text.', part),
            "missing": _("“%s”: letters have no such field.", part),
        }
        return texts[fault.kind]
