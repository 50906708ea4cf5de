"""What is called from outside may be given anything: it is refused in words, never by Python."""

from odoo import fields
from odoo.exceptions import UserError

FIRST_YEAR, LAST_YEAR = 1900, 2999  # no calendar of a customer's ends near them


def check_one(records):
    """:return: the record
    :raise UserError: it is none, or several
    """
    if len(records) != 1:
        raise UserError(records.env._("This is done for one record at a time."))
    return records


def get_text(env, value):
    """:return: the text, empty for nothing at all; without what no database takes
    :raise UserError: it is none
    """
    if value is None or value is False:
        return ""
    if not isinstance(value, str):
        raise UserError(env._("A text was expected, not %s.", type(value).__name__))
    return value.replace("\0", "")


def get_ids(value):
    """:return: the numbers of records among what was given, as a list"""
    values = value if isinstance(value, (list, tuple)) else [value]
    return [one for one in values if type(one) is int]


def get_day(env, value):
    """:return: the day that is meant, or ``None`` where none is
    :raise UserError: it is no day
    """
    try:
        day = fields.Date.to_date(value) or None
    except (AttributeError, TypeError, ValueError):
        day = fields.Date.to_date("0001-01-01")
    if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UserError(env._("%s is not a day.", value))
    return day
