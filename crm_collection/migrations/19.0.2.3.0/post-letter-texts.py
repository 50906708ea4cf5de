"""From 19.0.2.2.0 to 19.0.2.3.0: letters are filled in, and run nothing."""

LETTER = "crm.collection.letter"
SENDER = (
    "{{ (object.user_id.email_formatted or object.company_id.email_formatted"
    " or user.email_formatted) }}"
)
RECIPIENTS = "{{ ','.join(str(p) for p in object.recipient_ids.ids) }}"


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        rewrite(cr)


def rewrite(cr):
    """Sender and recipients, as every letter that came with the module or was copied from one has
    them, say the same with what letters offer. Whatever else a text runs is left as it is: the
    service status names it."""
    cr.execute(
        "UPDATE mail_template SET email_from = '{{ object.sender_email }}' "
        "WHERE model = %s AND email_from = %s",
        [LETTER, SENDER],
    )
    cr.execute(
        "UPDATE mail_template SET partner_to = '{{ object.recipient_numbers }}' "
        "WHERE model = %s AND partner_to = %s",
        [LETTER, RECIPIENTS],
    )
