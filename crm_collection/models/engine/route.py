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
        by_partner = defaultdict(list)
        for row in rows:
            by_partner[row["partner_id"]].append(row)
        for partner_id, of_partner in by_partner.items():
            tone = max(of_partner, key=itemgetter("phase_sequence", "phase_id", "days"))
            told = self._get_route_of(future, company, partner_id, tone)
            for row in of_partner:
                row.update(told)

    def _get_route_of(self, future, company, partner_id, tone):
        """:param dict tone: the item that sets the tone of the letter"""
        key = company.id, partner_id, tone["phase_id"], tone["step_id"]
        if key not in future.routes:
            vals = self._prepare_addressed(company, *key[1:])
            letter = self.env["crm.collection.letter"].new(vals)
            future.routes[key] = self._tell_route(letter)
        return future.routes[key]

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
        told = {letter.id: self._tell_route(letter) for letter in letters}
        for row in rows:
            row.update(told[row["letter_id"]])
        return {row["letter_id"]: row["problem"] or "outgoing" for row in rows}

    # === Simulated === #

    def _tell_channels(self, company, rows):
        """Say of each simulated letter by which ``channel`` it goes; none where it reaches nobody.

        Read together: in one recordset the customers are prefetched for one another.
        """
        Letter = self.env["crm.collection.letter"]
        keys = [(row["partner_id"], row["phase_id"], row["step_id"]) for row in rows]
        vals = [self._prepare_addressed(company, *key) for key in keys]
        letters = Letter.concat(*map(Letter.new, vals))
        for row, letter in zip(rows, letters, strict=True):
            route = letter._get_route()
            row["channel"] = not route.problem and route.channel

    def _prepare_addressed(self, company, partner_id, phase_id, step_id):
        return {
            "company_id": company.id,
            "partner_id": partner_id,
            "phase_id": phase_id,
            "step_id": step_id,
        }
