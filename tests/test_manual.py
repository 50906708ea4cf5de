"""The manual says what the screens say: names as they are shown, every setting with what it is at
first, and the same in Portuguese. Pages, views, models and translations are read: no Odoo."""

import re
from pathlib import Path

import polib
import pytest
from manual_fields import MODULES, get_settings
from manual_text import get_anchors, get_links, get_names, get_rows, get_shape, read

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PORTUGUESE = DOCS / "pt-BR"
# What is in Portuguese, too.
MANUAL = [
    *(DOCS / name for name in ("manual.md", "portal.md", "reports.md", "figures.md", "law.md")),
    *sorted((DOCS / "manual").glob("*.md")),
]
PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md"))]
# Names of Odoo's own screens: in English, and as Odoo 19 says it in Brazilian Portuguese.
OF_ODOO = {
    "Account SEPA QR Code": "Código QR SEPA da conta",
    "Actions": "Ações",
    "Clearing Number": "Número de compensação",
    "Contact": "Contato",
    "Document Layout": "Layout do documento",
    "Dynamic Placeholder": "Marcador de posição dinâmico",
    "Grant portal access": "Conceder acesso ao portal",
    "In Payment": "Em pagamento",
    "Include Reference": "Incluir referência",
    "Invoice Online Payment": "Pagamento online da fatura",
    "Invoicing": "Faturamento",
    "Mail Template Editor": "Editor de modelo de e-mail",
    "Mark Done": "Marcar como concluído",
    "Other Info": "Outras informações",
    "Payment Method": "Forma de pagamento",
    "Timezone": "Fuso horário",
    "Update Prices": "Atualizar preços",
}
# Keys of a keyboard, and a module: their names are in no translation.
UNTRANSLATED = {"Alt+Q", "C", "D", "Enter", "F", "R", "S", "Tab", "CRM Collection: Orders"}


@pytest.fixture(scope="module")
def translations():
    """{English: what it is in Portuguese, maybe more than one} of all screens"""
    found = {english: {portuguese} for english, portuguese in OF_ODOO.items()}
    for module in (*MODULES, ROOT / "crm_collection_sms"):
        for entry in polib.pofile(str(module / "i18n" / "pt_BR.po")):
            found.setdefault(entry.msgid, set()).add(entry.msgstr)
    return found


def test_links_lead_somewhere():
    """Seen to fail with another file, another heading and a picture that is missing."""
    wrong = []
    for page in PAGES:
        for _picture, _words, target in get_links(read(page)):
            name, _sharp, anchor = target.partition("#")
            path = page.parent / name if name else page
            if re.match(r"[a-z]+:", target):
                continue
            if not path.exists() or (anchor and anchor not in get_anchors(read(path))):
                wrong.append((page.name, target))
    assert not wrong


def test_every_picture_is_shown():
    """Seen to fail with a picture that no page shows."""
    shown = {Path(target).name for page in PAGES for _is, _words, target in get_links(read(page))}
    assert {path.name for path in (DOCS / "images").glob("*.png")} <= shown


def test_names_are_those_of_the_screens(translations):
    """What a page shows as a name is one, in its language. Seen to fail with a button that had
    another name, in each of them."""
    in_portuguese = set().union(*translations.values())
    wrong = [
        (str(path.relative_to(DOCS)), name)
        for page in MANUAL
        for path, known in (
            (page, translations.keys()),
            (PORTUGUESE / page.relative_to(DOCS), in_portuguese),
        )
        for name in get_names(read(path)) - known - UNTRANSLATED
    ]
    assert not wrong


@pytest.mark.parametrize("page", [page.relative_to(DOCS) for page in MANUAL], ids=str)
def test_portuguese_says_as_much(page):
    """A page and its translation have the same parts, tables, pictures and links. Seen to fail
    with a paragraph, a row and a link left out of one of them."""
    portuguese = read(PORTUGUESE / page).replace("-pt_BR.png", ".png")
    assert get_shape(read(DOCS / page).replace("-pt_BR.png", ".png")) == get_shape(portuguese)


def test_every_setting_is_explained(translations):
    """Whatever may be set is in a table of the page of settings, with what it is at first, in both
    languages. Seen to fail with a row left out, another default, and another label."""
    english = get_rows(read(DOCS / "manual" / "settings.md"))
    portuguese = get_rows(read(PORTUGUESE / "manual" / "settings.md"))
    settings = get_settings()
    assert len(settings) > 120
    wrong = []
    for setting in settings:
        in_english, in_portuguese = _say(setting.default, translations)
        for rows, labels, said in (
            (english, {setting.label}, in_english),
            (portuguese, translations.get(setting.label, ()), in_portuguese),
        ):
            if not any(_says(cell, said) for label in labels for cell in rows.get(label, ())):
                wrong.append((setting.model, setting.label, said))
    assert not wrong


def _say(default, translations):
    """:return: what a default is in English, and what it may be in Portuguese; an empty text where
    that is the page's to say"""
    if default is None:
        return {""}, {""}
    if isinstance(default, bool):
        return ({"on"}, {"ligado"}) if default else ({"off"}, {"desligado"})
    if isinstance(default, str) and default in translations:
        return {f"*{default}*"}, {f"*{one}*" for one in translations[default]}
    if isinstance(default, str):
        return {default}, {default}
    return {f"{default:,.0f}"}, {f"{default:,.0f}".replace(",", ".")}


def _says(cell, said):
    """Whether a cell says one of these first, or a value's name at all; a number that is nothing at
    first (the days of a step, a color) need not be said"""
    first = re.match(r"[\w.,:]*(?<![,:])", cell)[0]
    return any(
        not one or (one in cell if one.startswith("*") else one in (first, cell)) for one in said
    ) or (not cell and said == {"0"})
