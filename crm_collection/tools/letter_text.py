"""What in the text of a letter is more than words and the values letters offer.

Odoo's restricted rendering fills values in and runs nothing; here is which part of a text it
would not take, so that a writer is told the place.
"""

import re
from typing import NamedTuple

from lxml import html

from odoo.tools.rendering_tools import parse_inline_template

FILLED_IN = "t-out"
# An element that was to be filled in and is still there after rendering.
LEFT_OVER = re.compile(r"<[^<>]*\st-out\s*=[^<>]*>")
BRACES = re.compile(r"\{\{.*?(?:\}\}|$)|\}\}", re.DOTALL)


class Fault(NamedTuple):
    """One part of a text that is not written as letters are."""

    kind: str  # unknown, directive, attributes, children, braces, table
    part: str  # as its writer wrote it
    stops: bool = True  # nothing can be written with it


def get_body_expressions(source):
    """:return: the expressions that a body fills in, in their order"""
    elements = _parse(source).iterfind(f".//*[@{FILLED_IN}]")
    return [element.get(FILLED_IN).strip() for element in elements]


def get_line_expressions(source):
    """:return: the expressions that a line of text (a subject, an address) fills in"""
    return [expression for _text, expression, _default in parse_inline_template(source or "")]


def find_body_faults(source, allowed):
    """:return: list of :class:`Fault` of a body"""
    faults = [
        fault
        for element in _parse(source).iter()
        if isinstance(element.tag, str)
        for fault in _find_element_faults(element, allowed)
    ]
    # what is in braces is filled in in a line, and stays as it is in a body
    faults += [Fault("braces", part, stops=False) for part in BRACES.findall(source or "")]
    return faults


def find_line_faults(source, allowed):
    """:return: list of :class:`Fault` of a line of text"""
    expressions = [expression for expression in get_line_expressions(source) if expression]
    faults = [Fault("unknown", one) for one in expressions if one not in allowed]
    words = "".join(text for text, _expression, _default in parse_inline_template(source or ""))
    return faults + [Fault("braces", part, stops=False) for part in BRACES.findall(words)]


def _find_element_faults(element, allowed):
    for name, value in element.attrib.items():
        if name.startswith("t-") and name != FILLED_IN:
            yield Fault("directive", f'{name}="{value}"')
    expression = element.get(FILLED_IN)
    if expression is None:
        return
    if expression.strip() not in allowed:
        yield Fault("unknown", expression.strip())
    elif len(element):
        yield Fault("children", expression.strip())
    elif any(not name.startswith("t-") for name in element.attrib):
        yield Fault("attributes", expression.strip())


def _parse(source):
    return html.fragment_fromstring(source or "<p></p>", create_parent="div")
