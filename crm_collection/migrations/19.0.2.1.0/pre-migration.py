"""From 19.0.2.0.0 to 19.0.2.1.0: what has to change before the new version is loaded."""


def migrate(cr, version):
    """Called by Odoo before the module is updated, with the version it had."""
    if version:
        drop_amount_settled(cr)
        make_percentage_decimal(cr)


def drop_amount_settled(cr):
    """What was settled in a phase is asked of the ledger of settlements; what had been written at
    the end of an allocation lacked what is open, exchanged or returned."""
    cr.execute("ALTER TABLE crm_collection_allocation DROP COLUMN IF EXISTS amount_settled")


def make_percentage_decimal(cr):
    """A step's percentage is a decimal now. Its constraint is made again with the column, or it
    would go on comparing binary fractions."""
    cr.execute(
        """ALTER TABLE crm_collection_rule_step
            DROP CONSTRAINT IF EXISTS crm_collection_rule_step_minimum_range,
           ALTER COLUMN percent_min TYPE numeric"""
    )
