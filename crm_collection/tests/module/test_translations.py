import re
from pathlib import Path

import polib

from odoo.tests import BaseCase, tagged

FOLDER = Path(__file__).parents[2] / "i18n"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]|\{\{.*?\}\}")
TAG = re.compile(r"<[^>]+>")
# A tooltip is text: it is translated, the tag around it is not.
TOOLTIP = re.compile(r' title="[^"]*"')


@tagged("post_install", "-at_install")
class TestTranslations(BaseCase):
    """Brazilian Portuguese is complete, and says what the source says in the same places.

    Each case was seen to fail with one entry of the file damaged.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = polib.pofile(str(FOLDER / "crm_collection.pot"))
        cls.catalog = polib.pofile(str(FOLDER / "pt_BR.po"))

    def _assert_kept(self, get_parts):
        for entry in self.catalog:
            with self.subTest(term=entry.msgid):
                self.assertEqual(get_parts(entry.msgid), get_parts(entry.msgstr))

    def test_every_term_is_translated(self):
        translated = {entry.msgid for entry in self.catalog.translated_entries()}
        terms = {entry.msgid for entry in self.template}
        self.assertFalse(terms - translated)
        self.assertFalse(translated - terms)

    def test_nothing_is_left_for_review(self):
        self.assertFalse(self.catalog.fuzzy_entries())
        self.assertFalse(self.catalog.obsolete_entries())

    def test_placeholders_are_kept(self):
        self._assert_kept(lambda text: sorted(PLACEHOLDER.findall(text)))

    def test_markup_is_kept(self):
        self._assert_kept(lambda text: TAG.findall(TOOLTIP.sub("", text)))

    def test_outer_spaces_are_kept(self):
        self._assert_kept(
            lambda text: (text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :])
        )
