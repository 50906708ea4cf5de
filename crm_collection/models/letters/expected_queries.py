"""What is said of an item's next letter, before there is one."""

from odoo.tools import SQL

from ..portfolio.hold_queries import hold_id, hold_joins
from ..portfolio.payment_queries import line_is_on_its_way
from ..portfolio.queries import phase_can_act
from .condition_queries import LETTER_JOINS, is_to_go
from .queries import choose


def expected(company, today, item_ids, partner_ids):
    """When the next letter of items leaves by itself, and what stands against one that is due.

    :param list partner_ids: the customers of the items
    :return: SQL of (item_id, date_next, obstacle, date_free), no row for an item of which no
        letter leaves by itself any more; ``obstacle``, of a letter whose day has come, is ``hold``,
        ``processing`` (a payment is on its way), ``approval`` (its phase may not act) or the
        verdict of :func:`.queries.choose`, and none where the next run of the letters job writes it
    """
    return SQL(
        """WITH chosen AS (%(chosen)s)
        SELECT item.id AS item_id, item.date_next_letter AS date_next, chosen.date_free,
               CASE WHEN item.date_next_letter > %(today)s THEN NULL
                    WHEN %(hold)s IS NOT NULL THEN 'hold'
                    WHEN %(processing)s THEN 'processing'
                    WHEN NOT COALESCE(%(can_act)s, FALSE)
                         THEN 'approval'
                    WHEN chosen.verdict IS NULL AND NOT item.id = ANY(chosen.item_ids)
                         THEN 'credit'
                    ELSE chosen.verdict END AS obstacle
          FROM crm_collection_item item
        %(joins)s
        %(hold_joins)s
     LEFT JOIN chosen ON chosen.partner_id = item.partner_id
         WHERE item.id = ANY(%(item_ids)s) AND item.state = 'open' AND item.phase_id IS NOT NULL
           AND item.date_next_letter IS NOT NULL AND %(is_to_go)s""",
        chosen=choose(company, today, partner_ids),
        today=today,
        hold=hold_id(),
        processing=line_is_on_its_way(company.id, today, SQL("item.line_id")),
        joins=LETTER_JOINS,
        hold_joins=hold_joins(
            company.id, today, SQL("item.partner_id"), SQL("item.move_id"), SQL("item.id")
        ),
        item_ids=item_ids,
        can_act=phase_can_act(),
        is_to_go=is_to_go(
            SQL("GREATEST(item.date_next_letter, %s)", today), amount=SQL("item.amount_residual")
        ),
    )
