from functools import partial

from odoo import models
from odoo.fields import Domain

from . import create_queries, queries, round_queries, unsent_queries
from .condition_queries import LEAVING_STATES, LEFT_STATES, PAPER_STATES, WAITING_STATES

# What tells whether a letter left, or is about to.
STATE_FIELDS = {"state", "will_retry", "is_round_returned"}


class CrmCollectionLetter(models.Model):
    """A round is a letter that left. One that is on its way has the next round kept for it; where
    it does not leave, or comes back, the round is the next letter's.

    While a letter of a customer has not left there is no other one. When its day is over it says
    nothing any more that was: it is decided anew, and leaves as what is true then.
    """

    _inherit = "crm.collection.letter"

    def write(self, vals):
        """Whatever changes what became of a letter, its rounds follow."""
        if STATE_FIELDS.isdisjoint(vals):
            return super().write(vals)
        ways = {letter.id: letter._get_way() for letter in self}
        states = {letter.id: letter.state for letter in self}
        result = super().write(vals)
        self._follow_way(ways)
        self._follow_state(states)
        return result

    def _follow_way(self, before):
        """:param dict before: {letter id: the way it went}"""
        changed = self.filtered(lambda letter: letter._get_way() != before[letter.id])
        on_its_way = changed.filtered(lambda letter: letter._get_way() == "counts")
        on_its_way._write_rounds(round_queries.claim)
        (changed - on_its_way)._free_rounds()

    def _free_rounds(self, as_before=False):
        self._write_rounds(partial(round_queries.release, as_before=as_before))

    def _write_rounds(self, query):
        if not self:
            return
        self.env.flush_all()
        working_days = self.env["res.company"]._get_collection_due_days_by_company()
        self.env.cr.execute(query(self.ids, self.env.uid, working_days))
        self.env.invalidate_all(flush=False)

    def _follow_state(self, before):
        """Items that waited until a letter is known to have left move on with the next run. What
        leaves now the run of another day looks at, with all else.

        :param dict before: {letter id: its state}
        """
        known = self.filtered(
            lambda letter: (
                letter.state in ("sent", "cancelled")
                and before[letter.id] != letter.state
                and (before[letter.id], letter.state) != ("outgoing", "sent")
            )
        )
        for company, letters in known.grouped("company_id").items():
            self.env.flush_all()
            query = round_queries.look_again(company, letters.ids, self.env.uid)
            self.env.cr.execute(query)
            self.env["crm.collection.item"].invalidate_model(["to_evaluate"], flush=False)

    def _get_way(self):
        """:return: ``counts`` (it left, may have, or is about to), ``waits`` (it leaves by itself
        as soon as it can) or ``over`` (it reached nobody, does not leave, or was an error whose
        round is given back)"""
        self.ensure_one()
        if self.is_round_returned:
            return "over"
        if self.state in LEAVING_STATES + LEFT_STATES:
            return "counts"
        waits = self.state in WAITING_STATES
        return "waits" if waits or self.state == "failed" and self.will_retry else "over"

    # === One letter a customer === #

    def _renew(self, company, today, anew=False):
        """Decide automatic letters anew that were to leave on another day, or all: about what is
        due now, in today's phases, one for each customer; others that wait for him are taken back.

        What went out before goes again as it was, and what a person asked for is about what he
        chose.
        """
        waited = self.filtered(
            lambda letter: letter._is_decided_anew() and (anew or letter.date != today)
        )
        if not waited:
            return
        firsts = {letter.partner_id: letter for letter in waited.sorted("id", reverse=True)}
        kept = self.browse(letter.id for letter in firsts.values())
        pile = waited | waited._get_unsent_of_customers(company)
        self.env.flush_all()
        self.env.cr.execute(unsent_queries.give_back(pile.line_ids.ids))
        self.env.invalidate_all(flush=False)
        (pile - kept)._cancel(self.env._("Another letter to the customer takes its place."))
        self.env.flush_all()
        partner_ids = kept.partner_id.ids
        chosen = self.env.execute_query_dict(
            queries.choose(company, today, partner_ids, without=kept.ids)
        )
        item_ids = [id_ for row in chosen if not row["verdict"] for id_ in row["item_ids"]]
        if item_ids:
            query = create_queries.create(
                company, today, self.env.uid, "automatic", item_ids, kept.ids
            )
            self.env.cr.execute(query)
            self.env.invalidate_all(flush=False)
        verdicts = {row["partner_id"]: row["verdict"] for row in chosen}
        for letter in kept.filtered(lambda letter: not letter.line_ids):
            letter._cancel_not_renewed(verdicts.get(letter.partner_id.id))
        if not verdicts.keys() >= set(partner_ids):
            # nothing of theirs is due here any more: who waited for these letters may write
            for member in company._get_collection_family() - company:
                self._ask_for_job(member)
        self.env.flush_all()

    def _is_decided_anew(self):
        """:return: whether another day decides anew about a letter that waits: nobody asked for
        it, and it never went out"""
        self.ensure_one()
        return self.origin == "automatic" and not self.date_sent

    def _cancel_not_renewed(self, verdict):
        reasons = {
            "credit": self.env._("Open credits cover what is owed."),
            "quiet": self.env._("The customer was written to meanwhile: quiet period."),
            "contacts": self._get_reason_over_limit(),
            "waiting": self.env._("Another letter to the customer takes its place."),
        }
        if verdict in reasons:
            self._cancel(reasons[verdict])
        else:
            self._cancel_unowed()

    def _get_unsent_of_customers(self, company):
        """:return: the other letters of these letters' customers (see :meth:`_get_unsent`)"""
        return self._get_unsent(company, self.partner_id) - self

    def _get_unsent(self, company, partners):
        """:return: automatic letters of customers, of all companies that are one creditor with
        this one, that have not left, locked; not those that are being handed over"""
        unsent = Domain("state", "in", LEAVING_STATES + WAITING_STATES)
        unsent |= Domain("state", "=", "failed") & Domain("will_retry", "=", True)
        letters = self.search(
            unsent
            & Domain("company_id", "in", company._get_collection_family().ids)
            & Domain("partner_id", "in", partners.ids)
            & Domain("origin", "=", "automatic")
            & Domain("date_sent", "=", False)
            & Domain("delivery_started", "=", False)
        )
        return letters.try_lock_for_update() if letters else letters

    def _give_way(self, company, partners):
        """A person writes to customers: automatic letters on their way to them do not leave
        beside his; their items are due as before."""
        leaving = self._get_unsent(company, partners).filtered(
            lambda letter: letter.state in LEAVING_STATES + PAPER_STATES
        )
        leaving._take_back(self.env._("Another letter to the customer takes its place."))
        self.env.flush_all()

    def _is_allocated(self):
        """Whether the phases are known that the letter would leave with: one that waited for days
        waits for the allocation of the day, as new ones do. Not one of yesterday: around midnight
        the queue goes on."""
        self.ensure_one()
        company = self.company_id
        today = company._get_collection_today()
        if self.origin == "manual" or (today - self.date).days <= 1:
            return True
        return self.env["crm.collection.run"]._is_family_allocated(company, today)
