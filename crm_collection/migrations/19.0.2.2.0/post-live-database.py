"""To 19.0.2.2.0: companies that send do so from this very database, and from no copy of it."""

from urllib.parse import urlsplit

ANYWHERE = ("localhost", "127.0.0.1", "::1")


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        keep_database(cr)


def keep_database(cr):
    """Of companies that send by themselves, or have sent a letter."""
    cr.execute(
        """SELECT key, value FROM ir_config_parameter
            WHERE key IN ('database.uuid', 'web.base.url')"""
    )
    values = dict(cr.fetchall())
    address = urlsplit(values.get("web.base.url") or "")
    host = address.netloc if address.hostname not in ANYWHERE else None
    cr.execute(
        """UPDATE res_company company
              SET collection_live_uuid = %s, collection_live_database = current_database(),
                  collection_live_host = %s, collection_live_date = now() AT TIME ZONE 'UTC'
            WHERE collection_live_date IS NULL
              AND (collection_auto_send OR EXISTS (
                    SELECT FROM crm_collection_letter letter WHERE letter.company_id = company.id))
        """,
        [values.get("database.uuid"), host or None],
    )
