from odoo import models
from odoo.tools import format_datetime


class CrmCollectionStatus(models.AbstractModel):
    """Whether this is the database that writes to the customers."""

    _inherit = "crm.collection.status"

    def _check_live(self):
        company = self.env.company
        if message := company._explain_collection_copy():
            level = "danger"
        elif company.collection_live_date:
            level, message = "ok", self._get_live_sentence()
        else:
            level = "ok"
            message = self.env._("No letter has been sent yet: copies are not told apart.")
        action = self._get_action("crm.collection.live")
        return self._get_check("live", self.env._("Live database"), level, message, action)

    def _get_live_sentence(self):
        company = self.env.company
        date = format_datetime(self.env, company.collection_live_date, dt_format="short")
        database = company.collection_live_database
        user_sudo = company.collection_live_user_id.sudo()  # may be of other companies
        if not user_sudo:
            return self.env._(
                "Letters leave from %(database)s, since %(date)s.", database=database, date=date
            )
        return self.env._(
            "Letters leave from %(database)s; %(user)s said so on %(date)s.",
            database=database,
            user=user_sudo.name,
            date=date,
        )
