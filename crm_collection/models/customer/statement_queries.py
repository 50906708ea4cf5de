"""What open credits pay of what customers owe, document by document."""

from odoo.tools import SQL

from ..letters.credit_queries import after_credits
from ..letters.queries import open_credits
from ..portfolio.hold_queries import hold_id, hold_joins
from ..portfolio.payment_queries import line_is_on_its_way
from ..portfolio.queries import (
    line_date_maturity,
    line_is_owed,
    move_is_silent,
    of_family,
)

LAST = 1_000_000  # days: behind every due date there is


def paid_by_credits(company, today, partner_ids):
    """What the open credits pay of each journal item that customers owe the companies that are
    one creditor with this one: as letters reckon it, what was due first. What nobody is asked
    for now (disputed, held back, on its way to be paid) is paid last.

    :return: SQL of (line_id, currency_id, paid)
    """
    return SQL(
        """WITH asked AS (%(owed)s), credit AS (%(credit)s)
        SELECT line_id, currency_id, amount_residual_currency - amount_left AS paid
          FROM (%(after_credits)s) AS entry
         WHERE line_id IS NOT NULL AND amount_left < amount_residual_currency""",
        owed=of_family(company, lambda member: _owed(member.id, today, partner_ids)),
        credit=open_credits(company, partner_ids),
        after_credits=after_credits("asked", "credit"),
    )


def _owed(company_id, today, partner_ids):
    """The customers come first: among so many joins the planner leaves them where they are written,
    and would otherwise look at all open items for the few of one customer."""
    return SQL(
        """SELECT partner.commercial_partner_id AS partner_id, line.currency_id,
                  NULL::integer AS item_id, line.id AS line_id,
                  %(date_maturity)s + CASE WHEN %(not_asked)s THEN %(last)s ELSE 0 END
                      AS date_maturity,
                  line.amount_residual_currency, TRUE AS is_due, FALSE AS is_late
             FROM res_partner partner
             JOIN account_move_line line ON line.partner_id = partner.id
             JOIN account_account account
                  ON account.id = line.account_id AND account.account_type = 'asset_receivable'
             JOIN account_move move ON move.id = line.move_id
        LEFT JOIN crm_collection_item item ON item.line_id = line.id
        %(hold_joins)s
            WHERE line.company_id = %(company_id)s AND %(owed)s
              AND partner.commercial_partner_id = ANY(%(partner_ids)s)""",
        company_id=company_id,
        date_maturity=line_date_maturity(),
        last=LAST,
        owed=line_is_owed(),
        partner_ids=partner_ids,
        not_asked=_not_asked(company_id, today),
        hold_joins=hold_joins(
            company_id, today, SQL("line.partner_id"), SQL("line.move_id"), SQL("item.id")
        ),
    )


def _not_asked(company_id, today):
    """Condition: no letter asks for it, as ``letters.queries.asked_open_items`` has it."""
    return SQL(
        """(%s OR %s IS NOT NULL OR %s
            OR COALESCE(line.no_followup AND item.include_no_followup IS NOT TRUE, FALSE))""",
        move_is_silent(),
        hold_id(),
        line_is_on_its_way(company_id, today),
    )
