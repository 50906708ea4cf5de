"""From 19.0.2.3.0 to 19.0.2.4.0: a hold that is over says at which time that was."""


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        write_moments(cr)


def write_moments(cr):
    """Its chatter tells when its state changed last; where it does not, the day is known, and its
    last write is not later than what happened since."""
    cr.execute(
        """UPDATE crm_collection_hold hold
              SET closed_on = COALESCE(
                  (SELECT MAX(message.date)
                     FROM mail_message message
                     JOIN mail_tracking_value value ON value.mail_message_id = message.id
                     JOIN ir_model_fields field ON field.id = value.field_id
                    WHERE message.model = 'crm.collection.hold' AND message.res_id = hold.id
                      AND field.model = 'crm.collection.hold' AND field.name = 'state'),
                  LEAST(hold.write_date, hold.date_closed + 1))
            WHERE hold.state != 'active' AND hold.closed_on IS NULL"""
    )
