"""What became of customers since somebody looked last."""

from odoo.tools import SQL


def news(keys, since):
    """What became of customers since a moment: (company, customer, what, how often, amount).

    :param list keys: (company id, customer id)
    """
    rows = SQL(", ").join(SQL("(%s::integer, %s::integer)", *key) for key in keys)
    kinds = {
        "payment": SQL(
            """SELECT item.company_id, item.partner_id, made.amount, made.create_date AS moment
                 FROM key JOIN crm_collection_item item USING (company_id, partner_id)
                 JOIN crm_collection_settlement made ON made.item_id = item.id
                WHERE made.kind = 'payment'"""
        ),
        "reply": SQL(
            """SELECT contact.company_id, contact.partner_id, 0, contact.create_date
                 FROM key JOIN crm_collection_contact contact USING (company_id, partner_id)
                WHERE contact.direction = 'in'"""
        ),
        "letter": SQL(
            """SELECT letter.company_id, letter.partner_id, 0, letter.date_sent
                 FROM key JOIN crm_collection_letter letter USING (company_id, partner_id)
                WHERE letter.state = 'sent'"""
        ),
        "moved": SQL(
            """SELECT item.company_id, item.partner_id, 0, stay.date_in
                 FROM key JOIN crm_collection_item item USING (company_id, partner_id)
                 JOIN crm_collection_allocation stay ON stay.item_id = item.id
                WHERE item.state = 'open'"""
        ),
    }
    parts = SQL(" UNION ALL ").join(
        SQL(
            """SELECT company_id, partner_id, %s AS what, COUNT(*), SUM(amount)
                 FROM (%s) AS found (company_id, partner_id, amount, moment)
                WHERE moment > %s GROUP BY company_id, partner_id""",
            what,
            found,
            since,
        )
        for what, found in kinds.items()
    )
    return SQL("WITH key (company_id, partner_id) AS (VALUES %s) %s", rows, parts)
