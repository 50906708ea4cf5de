"""From 19.0.2.1.0 to 19.0.2.2.0: letters in their new states."""


def migrate(cr, version):
    """Called by Odoo before the module is updated, with the version it had."""
    if version:
        tell_uncertain_from_failed(cr)


def tell_uncertain_from_failed(cr):
    """A letter that was handed over without an answer may have left: it is not a failed one."""
    cr.execute(
        """UPDATE crm_collection_letter SET state = 'uncertain'
            WHERE state = 'failed' AND delivery_started IS NOT NULL"""
    )
