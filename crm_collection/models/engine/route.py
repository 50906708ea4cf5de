from collections import defaultdict
from operator import itemgetter

from odoo import models


class CrmCollectionEngine(models.AbstractModel):
    """By which channel letters go that are foreseen or simulated: asked of the letter that would be
    written, as the job asks it."""

    _inherit = "crm.collection.engine"

    # === Foreseen === #

    def _tell_routes(self, future, company, rows):
        """Say of each row of letters by which ``channel`` its letter goes, to whom (``recipient``),
        and which state keeps it there (``problem``), if one does."""
        by_partner, keys = defaultdict(list), {}
        for row in rows:
            by_partner[row["partner_id"]].append(row)
        for partner_id, of_partner in by_partner.items():
            tone = max(of_partner, key=itemgetter("phase_sequence", "phase_id", "days"))
            keys[partner_id] = company.id, partner_id, tone["phase_id"], tone["step_id"]
        new = [key for key in keys.values() if key not in future.routes]
        letters = self._get_addressed(company, [key[1:] for key in new])
        future.routes |= zip(new, map(self._tell_route, letters), strict=True)
        for partner_id, of_partner in by_partner.items():
            for row in of_partner:
                row.update(future.routes[keys[partner_id]])

    def _get_addressed(self, company, keys):
        """:return: unsaved letters of which it is asked where they go: all at once, so that the
        number of statements does not grow with them

        :param keys: (customer's id, phase's id, step's id) of each
        """
        Letter = self.env["crm.collection.letter"]
        letters = Letter.concat(
            *(Letter.new(self._prepare_addressed(company, *key)) for key in keys)
        )
        letters._prefetch_recipients()
        return letters

    def _tell_route(self, letter):
        route = letter._get_route()
        state = letter._get_state_by(route.channel)
        return {
            "channel": route.channel,
            "recipient": route.partner,
            "problem": route.problem or (state != "outgoing" and state),
        }

    def _tell_letters_again(self, letters, rows):
        """The same of letters that are issued again.

        :return: {letter id: its state then} of those that leave
        """
        letters._prefetch_recipients()
        told = {letter.id: self._tell_route(letter) for letter in letters}
        for row in rows:
            row.update(told[row["letter_id"]])
        return {row["letter_id"]: row["problem"] or "outgoing" for row in rows}

    # === Simulated === #

    def _tell_simulated(self, company, date, rows, in_hours):
        """Say of each simulated letter by which ``channel`` it goes, none where it reaches nobody,
        and the day on which it leaves (``date_leave``), where that is a later one.

        :param in_hours: letters that waited for the sending hours of this day
        """
        keys = [(row["partner_id"], row["phase_id"], row["step_id"]) for row in rows]
        told = [self._tell_route(letter) for letter in self._get_addressed(company, keys)]
        leaving = [one["recipient"] for one in told if not one["problem"]]
        days = self._get_days_they_leave(company, date, leaving)
        waited = set(in_hours.partner_id.ids)
        for row, route in zip(rows, told, strict=True):
            row["channel"] = bool(route["recipient"]) and route["channel"]
            waits = not route["problem"] and row["partner_id"] not in waited
            day = days[route["recipient"]] if waits else date
            row["date_leave"] = day > date and day

    def _prepare_addressed(self, company, partner_id, phase_id, step_id):
        return {
            "company_id": company.id,
            "partner_id": partner_id,
            "phase_id": phase_id,
            "step_id": step_id,
        }
