"""The items of what leaves next: tens of thousands where a company writes to all its customers."""

import json

from odoo.tools import SQL
from odoo.tools.json import json_default


def replace_items(forewarning_ids, rows, user_id):
    """Put ``rows``, dicts in the columns of the table, in the place of all that is told of the
    letters now."""
    return SQL(
        """WITH gone AS (
                DELETE FROM crm_collection_forewarning_item item
                 WHERE item.forewarning_id = ANY(%(forewarning_ids)s))
         INSERT INTO crm_collection_forewarning_item (
                forewarning_id, company_id, line_id, item_id, phase_id, name, currency_id,
                date_maturity, days, amount, amount_asked,
                create_uid, create_date, write_uid, write_date)
         SELECT told.forewarning_id, told.company_id, told.line_id, told.item_id, told.phase_id,
                told.name, told.currency_id, told.date_maturity, told.days, told.amount,
                told.amount_asked,
                %(user_id)s, now() AT TIME ZONE 'UTC', %(user_id)s, now() AT TIME ZONE 'UTC'
           FROM jsonb_populate_recordset(
                NULL::crm_collection_forewarning_item, %(rows)s) AS told""",
        forewarning_ids=forewarning_ids,
        rows=json.dumps(rows, default=json_default),
        user_id=user_id,
    )
