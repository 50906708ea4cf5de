"""What somebody wrote in a mail, without the mail it answers.

Core marks what mail programs mark: quoted lines and blocks, and signatures (``data-o-mail-quote``).
What they write between an answer and what is quoted below it is told here by its form, which is
the same in every language: a line that ends in a colon and has a date before quoted lines, a line
of dashes, a block of headers.
"""

import re

from lxml import etree, html

from odoo.tools.mail import html2plaintext, html_sanitize

QUOTE = "\ufffc"  # stands where something quoted was
# lines: "On Mon, 16 Mar 2026, Creditor", "<billing@creditor.example>", "wrote:"
LONGEST_INTRODUCTION = 3
BLOCKS = ("blockquote", "div", "li", "ol", "p", "pre", "table", "ul")
SOURCE_BREAK = re.compile(r"\s*\n\s*")
FEWEST_HEADERS = 3
LONGEST_BLOCK = 8  # lines in which so many headers stand, with empty ones between them
# 10:00, 10h00, 2026, 16/03, 16.3.
DATE = re.compile(r"\b\d{1,2}[:h.]\d{2}\b|\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}\b")
ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
# "-----Original Message-----", "________________________________"
SEPARATOR = re.compile(r"^(?:-{4,}[^-]+-{4,}|_{20,})$")
# "From: Creditor <billing@creditor.example>", "*Enviado em:* segunda-feira"
HEADER = re.compile(r"^\*?[^\W\d_][\w -]{0,24}\*?\s?:\*?\s+\S")


def get_own_words(body):
    """:param str body: the text of a mail, as html
    :return: what its author wrote, as plain text; all of it where nothing else is left
    """
    marked = str(html_sanitize(body or ""))
    text = html2plaintext(_without_quotes(marked), include_references=False)
    # core does not mark quoted lines that come first
    lines = [QUOTE if line.startswith(">") else line for line in map(str.strip, text.splitlines())]
    lines = _without_introductions(lines[: _find_original(lines)])
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return text or html2plaintext(marked, include_references=False).strip()


def _without_quotes(marked):
    """:return: the html with a sign for everything that is marked as quoted"""
    tree = html.fragment_fromstring(marked, create_parent="div")
    _set_lines(tree)
    for element in tree.xpath(".//*[@data-o-mail-quote]"):
        if element.getparent() is not None:  # else its parent was quoted, too
            tail = element.tail or ""
            element.clear()
            element.tag, element.text, element.tail = "span", f"\n{QUOTE}\n", tail
    return etree.tostring(tree, encoding="unicode")


def _set_lines(tree):
    """Break lines where a browser does, and not where the source of the html does."""
    as_written = {element for pre in tree.iter("pre") for element in pre.iter()}
    for element in tree.iter(etree.Element):
        text, tail = element.text or "", element.tail or ""
        if element not in as_written:
            text = SOURCE_BREAK.sub(" ", text)
        if element.getparent() not in as_written:
            tail = SOURCE_BREAK.sub(" ", tail)
        if element.tag in BLOCKS:
            text, tail = f"\n{text}", f"\n{tail}"
        element.text, element.tail = text, tail


def _find_original(lines):
    """:return: the place from which on the mail that is answered is repeated without being marked,
    or ``None``"""
    for place, line in enumerate(lines):
        if SEPARATOR.match(line):
            return place
        if HEADER.match(line) and _is_header_block(lines[place : place + LONGEST_BLOCK]):
            return place
    return None


def _is_header_block(lines):
    """Whether a mail begins here with its headers: who wrote it, when, to whom."""
    headers = [line for line in lines if line][:FEWEST_HEADERS]
    return (
        len(headers) == FEWEST_HEADERS
        and all(HEADER.match(line) for line in headers)
        and bool(ADDRESS.search(headers[0]))
        and any(DATE.search(line) for line in headers[1:])
    )


def _without_introductions(lines):
    """:return: the lines without what announces a quote, and without the signs"""
    kept = []
    for line in lines:
        if line != QUOTE:
            kept.append(line)
            continue
        while kept and not kept[-1]:
            kept.pop()
        del kept[len(kept) - _count_introduction(kept) :]
    return kept


def _count_introduction(lines):
    """:return: how many of the last lines say whose words follow, and when they were written"""
    if not lines or not lines[-1].endswith(":"):
        return 0
    for number in range(1, LONGEST_INTRODUCTION + 1):
        said = " ".join(lines[-number:])
        if DATE.search(said):
            return min(number, len(lines))
    return 1 if ADDRESS.search(lines[-1]) else 0
