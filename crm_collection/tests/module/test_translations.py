import re
from pathlib import Path

import polib

from odoo.tests import BaseCase, tagged

FOLDER = Path(__file__).parents[2] / "i18n"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]|\{\{.*?\}\}")
TAG = re.compile(r"<[^>]+>")
# A tooltip is text: it is translated, the tag around it is not.
TOOLTIP = re.compile(r' title="[^"]*"')


LANGUAGES = ("es", "pt_BR")


@tagged("post_install", "-at_install")
class TestTranslations(BaseCase):
    """Spanish and Brazilian Portuguese are complete, and say what the source says in the same
    places.

    Each case was seen to fail with one entry of a file damaged.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = polib.pofile(str(FOLDER / "crm_collection.pot"))
        cls.catalogs = {lang: polib.pofile(str(FOLDER / f"{lang}.po")) for lang in LANGUAGES}

    def test_no_other_language_is_half_done(self):
        self.assertEqual({path.stem for path in FOLDER.glob("*.po")}, set(LANGUAGES))

    def _assert_kept(self, get_parts):
        for lang, catalog in self.catalogs.items():
            for entry in catalog:
                with self.subTest(lang=lang, term=entry.msgid):
                    self.assertEqual(get_parts(entry.msgid), get_parts(entry.msgstr))

    def test_every_term_is_translated(self):
        terms = {entry.msgid for entry in self.template}
        for catalog in self.catalogs.values():
            translated = {entry.msgid for entry in catalog.translated_entries()}
            self.assertFalse(terms - translated)
            self.assertFalse(translated - terms)

    def test_nothing_is_left_for_review(self):
        for catalog in self.catalogs.values():
            self.assertFalse(catalog.fuzzy_entries())
            self.assertFalse(catalog.obsolete_entries())

    def test_placeholders_are_kept(self):
        self._assert_kept(lambda text: sorted(PLACEHOLDER.findall(text)))

    def test_markup_is_kept(self):
        self._assert_kept(lambda text: TAG.findall(TOOLTIP.sub("", text)))

    def test_outer_spaces_are_kept(self):
        self._assert_kept(
            lambda text: (text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :])
        )
