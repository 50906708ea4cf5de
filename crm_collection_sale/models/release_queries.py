"""Which releases of orders are over: see ``crm_collection``'s own kinds of records."""

from odoo.tools import SQL


def release(day):
    """A release of a customer who owes nothing any more."""
    return SQL(
        """one.date < %s
           AND NOT EXISTS (SELECT FROM crm_collection_item item
                            WHERE item.partner_id = one.partner_id AND item.state = 'open')""",
        day,
    )
