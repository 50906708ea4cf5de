"""From 19.0.2.1.0 to 19.0.2.2.0: queued letters leave as their own company's."""


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        write_companies(cr)


def write_companies(cr):
    """A queued mail that does not say which company writes it leaves as whichever the queue runs
    in; letters queued from now on say it."""
    cr.execute(
        """UPDATE mail_message message
              SET record_company_id = letter.company_id,
                  record_alias_domain_id = company.alias_domain_id
             FROM crm_collection_letter letter
             JOIN res_company company ON company.id = letter.company_id
            WHERE letter.mail_message_id = message.id AND letter.state = 'outgoing'
              AND message.record_company_id IS NULL"""
    )
