"""Texts for people: names of files, and numbers that a state gave somebody."""

import re

CPF = (11, "CPF", "{0:.3}.{1:.3}.{2:.3}-{3}", (0, 3, 6, 9))
CNPJ = (14, "CNPJ", "{0:.2}.{1:.3}.{2:.3}/{3:.4}-{4}", (0, 2, 5, 8, 12))
UNSAFE = r'[\\/:*?"<>|\s]+'


def get_file_name(text):
    """:return: the text without what a file system does not allow in a name: 31/12/2026, as some
    languages write a day, is 31-12-2026"""
    return re.sub(UNSAFE, " ", re.sub(r"(?<=\d)/(?=\d)", "-", text)).strip()[:120]


def format_brazilian_id(text):
    """Write a CPF (of people) or CNPJ (letters are allowed since 2026) as Brazilians read it.

    :return: (CPF, CNPJ or nothing where it is neither, the number)
    """
    code = re.sub(r"[^0-9A-Z]", "", (text or "").upper()).removeprefix("BR")
    for length, label, pattern, starts in (CPF, CNPJ):
        if len(code) == length and (label == "CNPJ" or code.isdigit()):
            return label, pattern.format(*(code[start:] for start in starts))
    return "", text or ""
