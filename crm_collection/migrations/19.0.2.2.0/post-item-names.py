"""Open items of entries are called what the customer knows them by, not the entry's number."""

from odoo.tools import SQL

from odoo.addons.crm_collection.models.portfolio.queries import document_name


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        rename_items(cr)


def rename_items(cr):
    """What is new since then is called so when it enters the portfolio; what was said about an
    item before, in letters and requests, keeps the name it was said with."""
    cr.execute(
        SQL(
            """UPDATE crm_collection_item item
                  SET name = %(name)s
                 FROM account_move_line line
                 JOIN account_move move ON move.id = line.move_id AND move.move_type = 'entry'
                WHERE line.id = item.line_id AND item.state = 'open'
                  AND item.name IS DISTINCT FROM %(name)s""",
            name=document_name(),
        )
    )
