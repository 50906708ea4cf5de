"""Open credits: payments and credit notes not yet matched, against what may be asked for."""

from odoo.tools import SQL

from .queries import asked_open_items, due


def open_credits(company_id, partner_ids=None):
    """A customer's open credits, by currency, of any of his contacts.

    :param list partner_ids: of these customers alone
    :return: SQL of (partner_id, currency_id, amount, amount_currency), below zero; ``amount`` is
        in company currency
    """
    return SQL(
        """SELECT partner.commercial_partner_id AS partner_id, line.currency_id,
                  SUM(line.amount_residual) AS amount,
                  SUM(line.amount_residual_currency) AS amount_currency
             FROM account_move_line line
             JOIN account_account account
                  ON account.id = line.account_id AND account.account_type = 'asset_receivable'
             JOIN res_partner partner ON partner.id = line.partner_id
            WHERE line.company_id = %s AND line.parent_state = 'posted'
              AND line.reconciled IS NOT TRUE AND line.amount_residual < 0 AND %s
         GROUP BY 1, 2""",
        company_id,
        SQL("TRUE")
        if partner_ids is None
        else SQL(
            """line.partner_id IN (
                    SELECT id FROM res_partner WHERE commercial_partner_id = ANY(%s))""",
            partner_ids,
        ),
    )


def net_owed(company_id, today, partner_ids):
    """What each customer owes in all, in company currency: items that may be asked for, less
    the open credits.

    :return: SQL of (partner_id, owed, credit); ``credit`` is zero or negative
    """
    return SQL(
        """
        SELECT partner_id, SUM(owed) AS owed, SUM(credit) AS credit
          FROM (
            %s
             UNION ALL
            SELECT partner_id, 0, amount FROM (%s) AS credit
          ) AS part
      GROUP BY partner_id""",
        _asked(
            company_id,
            today,
            SQL("item.partner_id, line.amount_residual AS owed, 0 AS credit"),
            partner_ids,
        ),
        open_credits(company_id, partner_ids),
    )


def paid_by_credits(company_id, today, partner_ids, item_ids=None):
    """Customers of ``partner_ids`` with open credits that pay all the items a letter would be
    about.

    :param list item_ids: as for :func:`.letters.due`
    """
    return SQL(
        """
        WITH credit AS (%(credits)s),
             open_item AS (SELECT asked.*, %(until_here)s AS until_here FROM (%(asked)s) AS asked)
        SELECT due.partner_id
          FROM (%(due)s) AS due
          JOIN open_item ON open_item.item_id = due.item_id
     LEFT JOIN credit ON credit.partner_id = open_item.partner_id
                     AND credit.currency_id = open_item.currency_id
      GROUP BY due.partner_id
        HAVING NOT BOOL_OR(%(unpaid)s)""",
        credits=open_credits(company_id, partner_ids),
        until_here=owed_until_here("asked"),
        unpaid=is_unpaid(),
        asked=_asked(
            company_id,
            today,
            SQL(
                """item.id AS item_id, item.partner_id, line.currency_id, item.date_maturity,
                   line.amount_residual_currency"""
            ),
            partner_ids,
        ),
        due=due(company_id, today, item_ids, partner_ids),
    )


def owed_until_here(open_item):
    """What the customer owes in the item's currency for what was due first, the item included:
    credits pay in this order, whichever letter an item is in. The items of a letter say the same
    (``crm.collection.letter._get_credit_used``).

    :param str open_item: alias of items that may be asked for
    """
    return SQL(
        """SUM(%(open_item)s.amount_residual_currency) OVER (
                PARTITION BY %(open_item)s.partner_id, %(open_item)s.currency_id
                ORDER BY %(open_item)s.date_maturity, %(open_item)s.item_id)""",
        open_item=SQL.identifier(open_item),
    )


def is_unpaid():
    """Condition: the open credits (alias ``credit``) leave something of the item (alias
    ``open_item``, with ``until_here`` of :func:`owed_until_here`) to pay."""
    return SQL("open_item.until_here + COALESCE(credit.amount_currency, 0) > 0")


def _asked(company_id, today, columns, partner_ids):
    return asked_open_items(
        company_id, today, columns, condition=SQL("item.partner_id = ANY(%s)", partner_ids)
    )
