"""From 19.0.2.3.0 to 19.0.2.4.0: letters say by which channel they went."""


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        write_channels(cr)


def write_channels(cr):
    """There was none but e-mail, for whoever had an address."""
    cr.execute(
        """UPDATE crm_collection_letter SET channel = 'email'
            WHERE channel IS NULL AND email_to IS NOT NULL"""
    )
