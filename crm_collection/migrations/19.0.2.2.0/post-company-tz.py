"""To 19.0.2.2.0: each company has a clock of its own, and its jobs start when they did."""

from pytz import timezone, utc

JOBS = ("allocate", "letters", "approvals")


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        keep_zones(cr)
        keep_hours(cr)
        look_hourly(cr)


def keep_zones(cr):
    """The zone that was used so far; where that was UTC for want of any it still is, and the
    service status says so."""
    cr.execute(
        """UPDATE res_company company
              SET collection_tz = COALESCE(
                    (SELECT NULLIF(own.tz, '') FROM res_partner own
                      WHERE own.id = company.partner_id),
                    (SELECT NULLIF(manager.tz, '') FROM res_users users
                       JOIN res_partner manager ON manager.id = users.partner_id
                      WHERE users.id = company.collection_manager_id))"""
    )


def keep_hours(cr):
    """One hour was for all, on the server's clock: the same moment on each company's."""
    calls = [call for call in (find_call(cr, name) for name in JOBS[:2]) if call]
    if len(calls) < 2:
        return  # a job that was deleted: the hours are as in a new company
    cr.execute("SELECT id, COALESCE(collection_tz, 'UTC') FROM res_company")
    for company_id, zone in cr.fetchall():
        here = timezone(zone)
        shown = [utc.localize(call).astimezone(here) for call in calls]
        hour, letters_hour = (moment.hour + moment.minute / 60 for moment in shown)
        cr.execute(
            """UPDATE res_company SET collection_hour = %s, collection_letters_hour = %s
                WHERE id = %s""",
            [hour, max(hour, letters_hour), company_id],
        )


def find_call(cr, name):
    cr.execute(
        """SELECT cron.nextcall FROM ir_cron cron
             JOIN ir_model_data data ON data.model = 'ir.cron' AND data.res_id = cron.id
            WHERE data.module = 'crm_collection' AND data.name = %s""",
        [f"ir_cron_crm_collection_{name}"],
    )
    row = cr.fetchone()
    return row and row[0]


def look_hourly(cr):
    """Jobs that ran once a day are looked at every hour; another interval is somebody's choice."""
    cr.execute(
        """UPDATE ir_cron SET interval_type = 'hours'
            WHERE interval_type = 'days' AND interval_number = 1
              AND id IN (SELECT res_id FROM ir_model_data
                          WHERE module = 'crm_collection' AND model = 'ir.cron' AND name = ANY(%s))
        """,
        [[f"ir_cron_crm_collection_{name}" for name in JOBS]],
    )
