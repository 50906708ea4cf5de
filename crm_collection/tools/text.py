"""Texts for people: names of files, and numbers that a state gave somebody."""

import re
import unicodedata

from odoo.tools.mail import formataddr

CPF = (11, "CPF", "{0:.3}.{1:.3}.{2:.3}-{3}", (0, 3, 6, 9))
CNPJ = (14, "CNPJ", "{0:.2}.{1:.3}.{2:.3}/{3:.4}-{4}", (0, 2, 5, 8, 12))
UNSAFE = r'[\\/:*?"<>|\s\x00-\x1f\x7f]+'
LONGEST_FILE_NAME = 120
LONGEST_FILE_NAME_IN_BYTES = 200  # file systems take 255, with the ending
LONGEST_NAME = 100  # of a person or a company in a header: a line of a mail has 998 characters
LONGEST_SUBJECT = 200
ADDRESS = re.compile(r"^(?P<name>.*)<(?P<address>[^<>]*)>\s*$", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def get_file_name(text):
    """:return: the text without what a file system does not allow in a name: 31/12/2026, as some
    languages write a day, is 31-12-2026"""
    name = re.sub(UNSAFE, " ", re.sub(r"(?<=\d)/(?=\d)", "-", text)).strip()
    name = name[:LONGEST_FILE_NAME].encode()[:LONGEST_FILE_NAME_IN_BYTES]
    return name.decode(errors="ignore").strip()


def get_header(text, longest):
    """:return: the text as one line, which is all a header is; the end of a long one is left out"""
    line = " ".join(CONTROLS.sub(" ", text).split())
    return (
        line if len(line) <= longest else line[: longest - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    )


def get_address_header(address):
    """:return: ``"Name" <address>`` with a name that is one line, and not a long one"""
    parts = ADDRESS.match(address)
    if not parts:
        return get_header(address, max(len(address), 1))
    quoted = parts["name"].strip()
    name = ESCAPED.sub(r"\1", quoted[1:-1]) if quoted[:1] == quoted[-1:] == '"' else quoted
    line = get_header(name, LONGEST_NAME)
    return address if line == name else formataddr((line, "".join(parts["address"].split())))


def format_brazilian_id(text):
    """Write a CPF (of people) or CNPJ (letters are allowed since 2026) as Brazilians read it.

    :return: (CPF, CNPJ or nothing where it is neither, the number)
    """
    code = re.sub(r"[^0-9A-Z]", "", (text or "").upper()).removeprefix("BR")
    for length, label, pattern, starts in (CPF, CNPJ):
        if len(code) == length and (label == "CNPJ" or code.isdigit()):
            return label, pattern.format(*(code[start:] for start in starts))
    return "", text or ""


def get_letters(text):
    """:return: the text as it is looked up in a list of names: without case and accents"""
    plain = unicodedata.normalize("NFKD", text or "")
    return "".join(one for one in plain if not unicodedata.combining(one)).casefold().strip()


def get_names(records, most=10):
    """:return: what records are called, as many as are read at a glance, and how many more"""
    names = ", ".join(name or "" for name in records[:most].mapped("display_name"))
    if more := records[most:]:
        return records.env._("%(names)s and %(count)s more", names=names, count=len(more))
    return names
