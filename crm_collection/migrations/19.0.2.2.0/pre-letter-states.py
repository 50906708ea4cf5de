"""From 19.0.2.1.0 to 19.0.2.2.0: letters in their new states."""


def migrate(cr, version):
    """Called by Odoo before the module is updated, with the version it had."""
    if version:
        tell_uncertain_from_failed(cr)
        tell_faults_apart(cr)


def tell_uncertain_from_failed(cr):
    """A letter that was handed over without an answer may have left: it is not a failed one."""
    cr.execute(
        """UPDATE crm_collection_letter SET state = 'uncertain'
            WHERE state = 'failed' AND delivery_started IS NOT NULL"""
    )


def tell_faults_apart(cr):
    """Whose fault a failed letter is: a letter without a mail could not be written, what is tried
    again is the mail server's, the rest was taken for the address's."""
    cr.execute(
        """ALTER TABLE crm_collection_letter ADD COLUMN IF NOT EXISTS fault varchar,
              ADD COLUMN IF NOT EXISTS date_failed timestamp"""
    )
    cr.execute(
        """UPDATE crm_collection_letter
              SET date_failed = CASE WHEN state = 'failed' THEN write_date END,
                  fault = CASE WHEN state != 'failed' THEN 'address'
                               WHEN will_retry AND mail_id IS NULL THEN 'text'
                               WHEN will_retry THEN 'server'
                               ELSE 'address' END
            WHERE state IN ('failed', 'bounced', 'no_address', 'blacklisted')"""
    )
