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
MANUAL = [DOCS / "manual.md", *sorted((DOCS / "manual").glob("*.md"))]
PORTUGUESE = [DOCS / "pt-BR" / path.relative_to(DOCS) for path in MANUAL]
PAGES = sorted(DOCS.rglob("*.md")) + sorted(ROOT.glob("*.md"))
# Names of Odoo's own screens and keys of a keyboard: in English, and as Odoo 19 says it in
# Brazilian Portuguese.
OF_ODOO = {
    "Account SEPA QR Code": "Código QR SEPA da conta",
    "Actions": "Ações",
    "Clearing Number": "Número de compensação",
    "Contact": "Contato",
    "Document Layout": "Layout do documento",
    "Dynamic Placeholder": "Marcador de posição dinâmico",
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
KEYS = {"Alt+Q", "C", "D", "Enter", "F", "R", "S", "Tab"}
MODULE_NAMES = {"CRM Collection: Orders"}  # manifests are not translated


@pytest.fixture(scope="module")
def translations():
    """{English: what it is in Portuguese, maybe more than one} of all screens"""
    found = {english: {portuguese} for english, portuguese in OF_ODOO.items()}
    for path in (*MODULES, ROOT / "crm_collection_sms"):
        for entry in polib.pofile(str(path / "i18n" / "pt_BR.po")):
            found.setdefault(entry.msgid, set()).add(entry.msgstr)
    return found


def _get_ids(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("page", PAGES, ids=_get_ids(PAGES))
def test_links_lead_somewhere(page):
    """Seen to fail with another file, another heading and a picture that is missing."""
    for _picture, _words, target in get_links(read(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _sharp, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert not anchor or anchor in get_anchors(read(path)), target


def test_every_picture_is_shown():
    """Seen to fail with a picture that no page shows."""
    shown = {Path(target).name for page in PAGES for _is, _words, target in get_links(read(page))}
    assert {path.name for path in (DOCS / "images").glob("*.png")} <= shown


@pytest.mark.parametrize("page", MANUAL, ids=_get_ids(MANUAL))
def test_names_are_those_of_the_screens(page, translations):
    """Seen to fail with a button that had another name."""
    assert not get_names(read(page)) - translations.keys() - KEYS - MODULE_NAMES


@pytest.mark.parametrize("page", PORTUGUESE, ids=_get_ids(PORTUGUESE))
def test_portuguese_names_are_those_of_the_screens(page, translations):
    """Seen to fail with a button that is called otherwise in Portuguese."""
    known = set().union(*translations.values())
    assert not get_names(read(page)) - known - KEYS - MODULE_NAMES


@pytest.mark.parametrize("page", MANUAL, ids=_get_ids(MANUAL))
def test_portuguese_says_as_much(page):
    """A page and its translation have the same parts, tables, pictures and links. Seen to fail
    with a paragraph, a row and a link left out of one of them."""
    other = DOCS / "pt-BR" / page.relative_to(DOCS)
    assert [*get_shape(read(page))] == [*get_shape(read(other))]


def test_every_setting_is_explained(translations):
    """Whatever may be set is in a table of the page of settings, with what it is at first, in both
    languages. Seen to fail with a row left out, with another default, and with another label."""
    english = get_rows(read(DOCS / "manual" / "settings.md"))
    portuguese = get_rows(read(DOCS / "pt-BR" / "manual" / "settings.md"))
    settings = get_settings()
    assert len(settings) > 120
    wrong = [
        f"{setting.model}: {setting.label} ({said})"
        for setting in settings
        for rows, labels, said in (
            (english, {setting.label}, _say(setting.default, translations)[0]),
            (portuguese, translations[setting.label], _say(setting.default, translations)[1]),
        )
        if not any(_has(cell, said) for label in labels for cell in rows.get(label, ()))
    ]
    assert not wrong


def _say(default, translations):
    """:return: what a default is in English, and what it may be in Portuguese"""
    if default is None:
        return {""}, {""}
    if isinstance(default, bool):
        return ({"on"}, {"ligado"}) if default else ({"off"}, {"desligado"})
    if isinstance(default, str) and not re.match(r"\d\d:\d\d$", default):
        return {f"*{default}*"}, {f"*{one}*" for one in translations[default]}
    if isinstance(default, str):
        return {default}, {default}
    return {f"{default:,.0f}"}, {f"{default:,.0f}".replace(",", ".")}


def _has(cell, said):
    """Whether a cell begins with one of these; the days of a step and colors are nothing at first"""
    return any(cell.startswith(one) for one in said) or (not cell and said <= {"0"})
