from odoo import fields, models

from ..portfolio.clock import get_moment


class ResCompany(models.Model):
    """Whether and when collectors are told what leaves tomorrow by itself."""

    _inherit = "res.company"

    collection_forewarn = fields.Boolean(
        string="Tell What Leaves Tomorrow",
        help="In the evening collectors are told which letters leave tomorrow by themselves, and "
        "may hold back what is not to. Where all is well there is nothing to do: they leave.",
    )
    collection_forewarn_hour = fields.Float(
        string="Hour of Forewarning",
        default=16.0,
        aggregator=None,
        help="When collectors are told, by the clock of the company's time zone.",
    )

    _collection_forewarn_hour_of_day = models.Constraint(
        "CHECK(collection_forewarn_hour >= 0 AND collection_forewarn_hour < 24)",
        "The hour of the forewarning is from 00:00 to 23:59.",
    )

    def _get_collection_start(self, kind, day):
        # EXTENDS: the hour of the forewarning
        if kind == "forewarning":
            return get_moment(self._get_collection_tz(), day, self.collection_forewarn_hour)
        return super()._get_collection_start(kind, day)
