"""Which customers are thanked for what they paid."""

from odoo.tools import SQL


def to_thank(company_id, first, today):
    """Customers whose items were settled in full by payment after a letter, and the settlements
    they are thanked for: SQL of (partner_id, settlement ids).

    :param date first: the first day of which a settlement counts
    """
    return SQL(
        """SELECT settled.partner_id, array_agg(settled.id ORDER BY settled.id)
             FROM crm_collection_settlement settled
            WHERE settled.company_id = %(company_id)s
              AND settled.day_recorded BETWEEN %(first)s AND %(today)s
              AND settled.partner_id IS NOT NULL AND settled.letter_count > 0
              AND %(is_payment)s
              AND NOT EXISTS (
                  SELECT FROM crm_collection_thanks_line thanked
                   WHERE thanked.settlement_id = settled.id)
              AND NOT EXISTS (
                  SELECT FROM crm_collection_thanks thanks
                   WHERE thanks.company_id = settled.company_id
                     AND thanks.partner_id = settled.partner_id AND thanks.date = %(today)s)
              AND NOT %(is_held)s
         GROUP BY settled.partner_id ORDER BY settled.partner_id""",
        company_id=company_id,
        first=first,
        today=today,
        is_payment=_is_payment(),
        is_held=_is_held(SQL("settled.company_id"), SQL("settled.partner_id")),
    )


def still_true(thanks_id):
    """One row: whether all that a customer is thanked for is settled by payment still, and he
    disputes nothing."""
    return SQL(
        """SELECT BOOL_AND(%(is_payment)s)
                  AND NOT BOOL_OR(%(is_held)s)
             FROM crm_collection_thanks_line line
             JOIN crm_collection_thanks thanks ON thanks.id = line.thanks_id
             JOIN crm_collection_settlement settled ON settled.id = line.settlement_id
            WHERE line.thanks_id = %(thanks_id)s""",
        is_payment=_is_payment(),
        is_held=_is_held(SQL("thanks.company_id"), SQL("thanks.partner_id")),
        thanks_id=thanks_id,
    )


def _is_payment():
    """Condition on ``settled``: a payment that stands, of an item that is settled by payments
    alone. What exchange rates made of it is nobody's doing."""
    return SQL(
        """(settled.kind = 'payment' AND settled.amount > 0 AND settled.reversal_of_id IS NULL
            AND NOT EXISTS (
                SELECT FROM crm_collection_settlement reversal
                 WHERE reversal.reversal_of_id = settled.id)
            AND EXISTS (
                SELECT FROM crm_collection_item item
                 WHERE item.id = settled.item_id AND item.state = 'settled')
            AND NOT EXISTS (
                SELECT FROM crm_collection_settlement other
                 WHERE other.item_id = settled.item_id AND other.reversal_of_id IS NULL
                   AND other.kind NOT IN ('payment', 'exchange')
                   AND NOT EXISTS (
                       SELECT FROM crm_collection_settlement reversal
                        WHERE reversal.reversal_of_id = other.id)))"""
    )


def _is_held(company_id, partner_id):
    """Condition: the customer is blocked, or disputes something, with whoever is one creditor with
    the company."""
    return SQL(
        """EXISTS (
               SELECT FROM crm_collection_hold hold
                 JOIN res_company holder ON holder.id = hold.company_id
                 JOIN res_company company ON company.id = %(company_id)s
                WHERE hold.state = 'active' AND hold.kind IN ('block', 'dispute')
                  AND hold.customer_id = %(partner_id)s
                  AND split_part(holder.parent_path, '/', 1)
                      = split_part(company.parent_path, '/', 1))""",
        company_id=company_id,
        partner_id=partner_id,
    )
