"""From 19.0.1.0.0 to 19.0.2.0.0: what has to go before the new version is loaded.

Templates, fields and their columns that the module has no more are removed by Odoo itself when
the update ends; nothing here is marked noupdate.
"""


def migrate(cr, version):
    """Called by Odoo before the module is updated, with the version it had."""
    if not version:
        return
    remove_view(cr, "res_users_view_form_simple")
    cancel_daily_mails(cr)
    forget_model(cr, "crm.collection.overdue")


def remove_view(cr, name):
    """Remove a view that names a field which is gone.

    Odoo does it at the end of the update; till then every view of the same form that another
    module loads would be refused because of it.
    """
    cr.execute(
        """DELETE FROM ir_ui_view view USING ir_model_data data
            WHERE data.module = 'crm_collection' AND data.name = %s
              AND data.model = 'ir.ui.view' AND data.res_id = view.id""",
        [name],
    )
    cr.execute(
        """DELETE FROM ir_model_data
            WHERE module = 'crm_collection' AND name = %s AND model = 'ir.ui.view'""",
        [name],
    )


def cancel_daily_mails(cr):
    """The approvers' daily mail is no more, nor the link in it that ended it."""
    cr.execute(
        """UPDATE mail_mail SET state = 'cancel'
            WHERE state = 'outgoing' AND headers LIKE %s""",
        ["%/collections/approvals/unsubscribe/%"],
    )


def forget_model(cr, name):
    """Users' own filters and lists of columns of a model that is gone would only fail."""
    cr.execute("DELETE FROM ir_filters WHERE model_id = %s", [name])
    cr.execute("DELETE FROM ir_exports WHERE resource = %s", [name])
