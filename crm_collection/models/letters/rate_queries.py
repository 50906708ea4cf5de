"""Fine and interest where rates change from day to day (``crm.collection.charge.rate``).

Over ``item``, with company_id and rule_id. Nothing of this is asked where there are no rates.
"""

from odoo.tools import SQL


def weight(begin, end):
    """The percentages of interest of all days after ``begin`` up to and with ``end``, added up:
    two days of 3 % and one of 6 % are 12. Exact, as decimals of the database.

    :param SQL begin: the last day that is charged nothing
    :param SQL end: the last day that is charged
    """
    return SQL(
        """(SELECT COALESCE(SUM(period.interest_percent * GREATEST(
                       LEAST(%(end)s, period.date_to - 1)
                       - GREATEST(%(begin)s, period.date_from - 1), 0)), 0)
              FROM (%(periods)s) AS period)""",
        begin=begin,
        end=end,
        periods=_periods(),
    )


def on_day(day):
    """The rate in force on a day: one row of (fine_percent, amount_fixed)."""
    return SQL(
        """SELECT period.fine_percent, period.amount_fixed FROM (%(periods)s) AS period
            WHERE %(day)s >= period.date_from AND %(day)s < period.date_to""",
        day=day,
        periods=_periods(),
    )


def _periods():
    """All days, cut where the rate of the item changes: its rule's own from its first one on, the
    company's before, and before all of them what the settings say."""
    return SQL(
        """SELECT mine.interest_percent, mine.fine_percent, mine.amount_fixed, mine.date_from,
                  LEAD(mine.date_from, 1, 'infinity') OVER (ORDER BY mine.date_from) AS date_to
             FROM (SELECT rate.date AS date_from, COALESCE(rate.interest_percent, 0)
                              AS interest_percent, COALESCE(rate.fine_percent, 0) AS fine_percent,
                          COALESCE(rate.amount_fixed, 0) AS amount_fixed
                     FROM crm_collection_charge_rate rate
                    WHERE rate.company_id = item.company_id
                      AND (rate.rule_id = item.rule_id
                           OR rate.rule_id IS NULL AND NOT EXISTS (
                              SELECT FROM crm_collection_charge_rate own
                               WHERE own.company_id = rate.company_id
                                 AND own.rule_id = item.rule_id AND own.date <= rate.date))
                    UNION ALL
                   SELECT '-infinity', COALESCE(settings.collection_interest_percent, 0),
                          COALESCE(settings.collection_fine_percent, 0), 0
                     FROM res_company settings WHERE settings.id = item.company_id) AS mine"""
    )
