from datetime import time

from odoo import fields, models
from odoo.tools import format_time


class CrmCollectionStatus(models.AbstractModel):
    """By whose clock the company's day begins and its jobs start."""

    _inherit = "crm.collection.status"

    def _check_clock(self):
        company = self.env.company
        usual = company._get_usual_collection_tz()
        if company.collection_tz:
            level, message = "ok", self._get_hours_sentence()
        elif usual:
            level = "warning"
            message = self.env._(
                "%(company)s has no time zone: its days and hours are those of UTC. %(zone)s is "
                "usual there; choose it in the settings.",
                company=company.name,
                zone=usual,
            )
        else:
            level = "warning"
            message = self.env._(
                "%s has no time zone: its days and hours are those of UTC. Choose one in the "
                "settings.",
                company.name,
            )
        action = self._get_action("crm.collection.settings")
        if action:
            action.update(target="current")
        title = self.env._("Day and hours")
        return self._get_check("clock", title, level, message, action)

    def _get_hours_sentence(self):
        company = self.env.company
        here = company.with_context(tz=company._get_collection_tz())
        now = fields.Datetime.context_timestamp(here, fields.Datetime.now())
        return self.env._(
            "Allocation from %(allocation)s, letters from %(letters)s, in %(zone)s, where it is "
            "%(now)s now.",
            allocation=self._format_hour(company.collection_hour),
            letters=self._format_hour(company.collection_letters_hour),
            zone=company.collection_tz,
            now=format_time(self.env, now.time(), time_format="short"),
        )

    def _format_hour(self, hours):
        minutes = min(round(hours * 60), 24 * 60 - 1)
        return format_time(self.env, time(minutes // 60, minutes % 60), time_format="short")
