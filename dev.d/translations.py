"""Refresh a module's .pot and its translations from a fresh export, or tell that they are behind.

Translations that are there already are kept; terms that are gone leave, new ones come empty.
"""

import argparse
import re
import sys
from pathlib import Path

import polib

LANGUAGES = {  # and the plural forms of each
    "es": "nplurals=2; plural=(n != 1);",
    "pt_BR": "nplurals=2; plural=(n > 1);",
}
DATES = re.compile(r'^"(POT-Creation-Date|PO-Revision-Date): .*\n', re.MULTILINE)


def without_dates(text):
    return DATES.sub("", text)


def render_template(export):
    return str(polib.pofile(str(export), wrapwidth=78)) + "\n"


def render_language(export, path):
    template = polib.pofile(str(export), wrapwidth=78)
    if not path.exists():
        template.metadata["Language"] = path.stem
        template.metadata["Plural-Forms"] = LANGUAGES[path.stem]
        return str(template) + "\n"
    catalog = polib.pofile(str(path), wrapwidth=78)
    catalog.merge(template)
    kept = [entry for entry in catalog if not entry.obsolete]
    catalog.clear()
    position = {entry.msgid: number for number, entry in enumerate(template)}
    catalog.extend(sorted(kept, key=lambda entry: position[entry.msgid]))
    return str(catalog) + "\n"


def refresh(path, text, check):
    """:return: whether the file was behind"""
    if path.exists() and without_dates(path.read_text("utf-8")) == without_dates(text):
        return False
    print(f"{path.name}: {'out of date' if check else 'written'}")
    if not check:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path, help="the template that Odoo exported")
    parser.add_argument("folder", type=Path, help="the module's folder i18n")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if behind")
    args = parser.parse_args()

    template = args.folder / f"{args.folder.parent.name}.pot"
    texts = {template: render_template(args.export)}
    for language in LANGUAGES:
        path = args.folder / f"{language}.po"
        texts[path] = render_language(args.export, path)
    behind = [refresh(path, text, args.check) for path, text in texts.items()]
    for language in LANGUAGES:
        missing = [
            entry
            for entry in polib.pofile(texts[args.folder / f"{language}.po"])
            if not entry.msgstr and not entry.msgstr_plural
        ]
        print(f"{language}: {len(missing)} terms without a translation")
    return 1 if args.check and any(behind) else 0


if __name__ == "__main__":
    sys.exit(main())
