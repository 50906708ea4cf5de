"""What a condition on a field that is stored nowhere asks for, whatever the web client sends.

Core has written ``=`` as ``in`` and names as ``any`` before a search method is called, and negates
what one says of the positive operator. What is left to each of them is said here: ``False`` among
the values, both answers of a flag, numbers that are none.
"""

import math

from odoo.exceptions import UserError
from odoo.fields import Domain

CALENDAR = 10**7  # days: more than there are in a calendar


def find_ids(model, operator, value):
    """:return: the ids of the records that a condition on a many2one names, ``False`` for none,
    or ``NotImplemented`` where it does not name records"""
    if operator == "in":
        if any(one is True for one in value):  # no record, and no database compares it with one
            raise UserError(model.env._("%s: choose records, not yes or no.", model._description))
        return set(value)
    if operator in ("any", "any!"):
        return set(get_found(model, operator, value))
    if operator in ("child_of", "parent_of"):
        named = [value] if isinstance(value, (int, str)) else value
        ids = {one for one in named if type(one) is int}
        words = Domain.OR(
            Domain("display_name", "ilike", one) for one in named if one and one not in ids
        )
        return ids | set(get_found(model, "any", words))
    return NotImplemented


def get_found(model, operator, value):
    """:return: the ``Query`` of the records that ``any`` asks for, archived ones, too"""
    model = model.with_context(active_test=False)
    domain = value if isinstance(value, Domain) else Domain("id", "in", value)
    return (model.sudo() if operator == "any!" else model)._search(domain)


def find_keys(model, fname, operator, value):
    """:return: the values of a selection that a condition names, ``False`` for none, or
    ``NotImplemented``; words are looked for in what people read"""
    if operator == "in":
        return set(value)
    if operator not in ("ilike", "like"):
        return NotImplemented
    labels = model._fields[fname]._description_selection(model.env)
    return {key for key, label in labels if value.casefold() in label.casefold()}


def is_any_of(domain, values):
    """:return: the condition that a flag is among ``values``

    :param Domain domain: the condition that it is on
    """
    result = Domain.FALSE
    for value in set(map(bool, values)):
        result |= domain if value else ~domain
    return result


def get_number(model, value):
    """:return: the number that is compared with; nothing is 0, as in stored fields
    :raise UserError: it is none
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isnan(number):
        raise UserError(model.env._("%s is not a number.", value))
    return number


def get_days(model, operator, value):
    """:return: the whole number of days that an inequality draws its line at: more than 1.5 is
    more than 1, less than 1.5 is less than 2"""
    number = min(max(get_number(model, value), -CALENDAR), CALENDAR)
    return math.floor(number) if operator in (">", "<=") else math.ceil(number)


def get_whole_days(model, values):
    """:return: those of the numbers that are days at all"""
    numbers = [get_number(model, value) for value in values]
    return [int(number) for number in numbers if abs(number) < CALENDAR and number.is_integer()]
