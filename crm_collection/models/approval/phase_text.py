from typing import NamedTuple

from odoo import fields, models

# In the values that a request proposes: {id of a step: id of its text, or false}.
TEXTS = "texts"


class Text(NamedTuple):
    """One text that a phase is approved with."""

    step: models.Model  # empty: of every step without a text of its own
    template: models.Model
    is_new: bool  # it is proposed, and not in force
    current: models.Model  # what is in force in its place
    is_second: bool = False  # half of the customers get it, by chance, instead of the first


class CrmCollectionPhase(models.Model):
    """The set of texts a phase is approved with: its letter, and those of the steps of sending
    rules, which are for the customers of their rules.

    Of an approved phase each change of the set is proposed; the others stay in force.
    """

    _inherit = "crm.collection.phase"

    step_ids = fields.One2many(
        comodel_name="crm.collection.rule.step",
        inverse_name="phase_id",
        string="Steps and Their Letters",
        help="The steps of sending rules that lead into the phase, and what they send.",
    )

    def _is_in_force(self):
        """Whether its definition was approved, so that a change of it is a proposal."""
        return self.is_governed and self.approval_state == "approved"

    def _get_texts(self, proposed=None):
        """The one list of what a phase says: of the request, and of whoever looks after texts.

        :param dict proposed: values as of a request; by default those of the one that waits
        :return: list of :class:`Text`; the first is the phase's own letter
        """
        self.ensure_one()
        if proposed is None:
            proposed = self.sudo().pending_approval_id.proposed_values or {}
        Template, steps_sudo = self.env["mail.template"], self.sudo().step_ids
        own = Template.browse(proposed.get("template_id", self.template_id.id) or [])
        none = steps_sudo.browse()
        texts = [Text(none, own, own != self.template_id, self.template_id)]
        second = Template.browse(proposed.get("template_b_id", self.template_b_id.id) or [])
        if second:
            is_new = second != self.template_b_id
            texts.append(Text(none, second, is_new, self.template_b_id, is_second=True))
        of_steps = self._read_texts(proposed)
        for step in steps_sudo.sorted(_get_place):  # of archived rules, too: they may come back
            template = of_steps.get(step, step.template_id)
            if template or step in of_steps:
                is_new = template != step.template_id
                texts.append(Text(step, template, is_new, step.template_id))
        if not self._is_in_force():  # nobody agreed to any of them yet
            texts = [text._replace(is_new=True) for text in texts]
        return texts

    def _get_proposed_texts(self):
        """:return: {step: the text it waits for (empty: the phase's)}"""
        return self._read_texts(self.sudo().pending_approval_id.proposed_values or {})

    def _read_texts(self, proposed):
        """:return: {step: template} of proposed values, without steps that went elsewhere"""
        texts = proposed.get(TEXTS) or {}
        steps = self.env["crm.collection.rule.step"].sudo().browse(map(int, texts)).exists()
        Template = self.env["mail.template"]
        return {
            step.sudo(False): Template.browse(texts[str(step.id)] or [])
            for step in steps
            if step.phase_id == self
        }

    # === Changing === #

    def _change_texts(self, templates):
        """A step of the phase is to have another text: propose it, or ask again where the
        definition waits already.

        :param dict templates: {step: id of its text, or False}
        """
        self.ensure_one()
        if not self.is_governed:
            return
        self.env["mail.template"].browse(filter(None, templates.values()))._check_is_letter()
        if self._is_in_force():
            self._ask_definition({TEXTS: {str(step.id): one for step, one in templates.items()}})
        else:
            self._cancel_requests()
            self._reset_approval()

    def _put_texts(self, proposed):
        """Put in force what was approved."""
        for step, template in self._read_texts(proposed).items():
            step.sudo()._put_text(template.id)

    # === In words === #

    def _get_text_rows(self, proposed):
        """:return: rows as of :meth:`_get_definition_rows`, one for each step with a text, and one
        for each that sends none"""
        nothing = self.env._("The letter of the phase")
        rows = [
            {
                "label": self.env._("Letter of %s", _get_step_name(text.step)),
                "current": text.current.exists().display_name or nothing,
                "proposed": text.template.exists().display_name or nothing,
                "is_changed": text.is_new,
            }
            for text in self._get_texts(proposed)
            if text.step
        ]
        silent_sudo = self.sudo().step_ids.filtered("without_letter").sorted(_get_place)
        yes = self.env._("Yes")
        return rows + [
            {
                "label": self.env._("%s, without letter", _get_step_name(step)),
                "current": yes,
                "proposed": yes,
                "is_changed": False,
            }
            for step in silent_sudo
        ]

    def _get_text_pages(self, proposed):
        """:return: list of dicts of each text, word for word: ``name``, ``whose``, ``is_new`` and
        ``langs`` (dicts of ``name``, ``subject``, ``body`` and ``error``)"""
        return [
            {
                "name": text.template.display_name,
                "whose": self._get_text_reader(text),
                "is_new": text.is_new,
                "langs": self._get_lang_pages(text),
            }
            for text in self._get_texts(proposed)
            if text.template.exists()
        ]

    def _get_text_reader(self, text):
        """:return: who gets the text, in words; nothing for the phase's own"""
        if text.is_second:
            return self.env._("half of the customers, by chance")
        return _get_step_name(text.step) if text.step else ""

    def _get_lang_pages(self, text):
        template = text.template
        langs = template._get_collection_langs()
        installed = self.env["res.lang"].get_installed()
        written = [one for one in installed if one[0] in langs] or installed[:1]
        company = self.company_id or self.env.company
        vals = {"phase_id": self.id, "step_id": text.step.id}
        return [
            {"name": name, **template._show_text(company, lang, **vals)} for lang, name in written
        ]


def _get_place(step):
    return step.rule_id.sequence, step.rule_id.id, step.days, step.id


def _get_step_name(step):
    """:return: whose text it is: the rule, which says the segment, and the day"""
    return f"{step.rule_id.display_name}, {step.display_name}"
