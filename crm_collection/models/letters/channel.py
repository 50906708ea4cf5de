from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools.mail import email_normalize_all

from .address import EMAIL, POST


class Route(NamedTuple):
    """Where a letter goes and how, or the state that says why it goes nowhere."""

    channel: str
    partner: models.Model
    address: str | bool = False
    problem: str | bool = False


class CrmCollectionLetter(models.Model):
    """Which channel a letter takes: that of its step or phase, and where the customer cannot be
    reached by it, those that the company named, in their order.

    One owner of the question, asked by the job, explanation, simulation and every preview
    (:meth:`_get_route`). How a module adds a channel is in ``docs/channels.md``.
    """

    _inherit = "crm.collection.letter"

    channel = fields.Selection(
        selection=lambda self: self._selection_channel(),
        readonly=True,
        help="By which it leaves, or left. Empty: nobody has looked yet where it goes.",
    )
    address = fields.Char(
        readonly=True,
        help="Where it goes by another channel than e-mail: the address as it was used.",
    )
    addresses_tried = fields.Text(
        readonly=True,
        help="From which the letter came back, one a line: it is not sent there again.",
    )

    @api.model
    def _selection_channel(self):
        return list(self._get_channels().items())

    # === To add a channel, override these === #

    @api.model
    def _get_channels(self):
        """:return: {channel: its name} of all channels there are"""
        return {EMAIL: self.env._("E-mail"), POST: self.env._("Post")}

    def _get_recipient_by(self, channel):
        """:return: (contact, ``False``), the first who can be reached by a channel, or (nobody, the
        state that says why)"""
        if channel == EMAIL:
            return self._get_recipients()
        if channel == POST:
            return self._get_postal_recipient()
        return self.env["res.partner"], "no_address"

    def _get_address_by(self, channel, partner):
        """:return: the address of a contact by a channel, in one line"""
        return partner.email_formatted if channel == EMAIL else self._get_postal_address(partner)

    @api.model
    def _get_state_by(self, channel):
        """:return: the state of a letter that was issued by a channel: ``outgoing`` where it leaves
        by itself, ``to_print`` where somebody prints it"""
        return "to_print" if channel == POST else "outgoing"

    def _queue_by(self, channel, template):
        """Hand letters to a channel; they are in the state of :meth:`_get_state_by` then."""
        if channel == POST:
            self._set_to_print()
        else:
            self._queue(template)

    # === Which one === #

    def _get_chain(self):
        """:return: the channels the letter is tried by, in their order"""
        self.ensure_one()
        company_sudo, channels = self.company_id.sudo(), self._get_channels()
        wished = (
            self.phase_id._get_channel(self.step_id) or EMAIL,
            company_sudo.collection_second_channel,
            company_sudo.collection_third_channel,
        )
        # those of a module that is gone are none any more
        return [one for one in dict.fromkeys(wished) if one in channels] or [EMAIL]

    def _get_route(self):
        """:return: the :class:`Route` the letter takes now: of its chain the first channel by which
        somebody can be reached"""
        self.ensure_one()
        problems = {}
        for channel in self._get_chain():
            partner, problem = self._get_recipient_by(channel)
            if not problem:
                return Route(channel, partner, self._get_address_by(channel, partner))
            problems[channel] = problem
        first = next(iter(problems))
        return Route(first, self.env["res.partner"], problem=problems[first])

    def _is_on_route(self, route):
        """Whether the letter goes, or went, where a route says."""
        self.ensure_one()
        if route.problem or route.channel != (self.channel or EMAIL):
            return False
        return route.address == (self.email_to if route.channel == EMAIL else self.address)

    def _describe_route(self, route=None):
        """
        :param route: as of :meth:`_get_route`, where it is known already
        :return: where the letter would go now, in words
        """
        route = route or self._get_route()
        if route.problem:
            states = dict(self._fields["state"]._description_selection(self.env))
            return states[route.problem]
        if route.channel == EMAIL:
            return route.address
        return f"{self._get_channels()[route.channel]}: {route.address}"

    def _get_where(self):
        """:return: where the letter went or goes, in words; nothing where nobody has looked yet"""
        if self.channel in (False, EMAIL):
            return self.email_to or ""
        name = self._get_channels().get(self.channel, self.channel)
        return f"{name}: {self.address or ''}"

    def _prepare_route(self, route):
        """:return: values of a letter that goes by a route"""
        is_mail = route.channel == EMAIL
        return {
            "channel": route.channel,
            "recipient_ids": [fields.Command.set(route.partner.ids)],
            "email_to": is_mail and route.address,
            "address": not is_mail and route.address,
            # the whole letter in one language: one that is installed
            "lang": self._get_lang(route.partner.lang),
        }

    # === What came back === #

    def _get_keys(self, channel, address):
        """:return: an address as what came back is kept by it; e-mail may have several"""
        if channel == EMAIL:
            return set(email_normalize_all(address or ""))
        return {address} if address else set()

    def _note_tried(self):
        """The letter did not get to its customer: it does not go there again by itself."""
        for letter in self:
            channel = letter.channel or EMAIL
            used = letter.email_to if channel == EMAIL else letter.address
            tried = set((letter.addresses_tried or "").splitlines())
            letter.addresses_tried = "\n".join(sorted(tried | letter._get_keys(channel, used)))

    def _is_tried(self, channel, address):
        """Whether the letter came back from an address, and its company names another channel for
        that: else it is the person's to say who sends it again."""
        if not self.addresses_tried or len(self._get_chain()) < 2:
            return False
        keys = self._get_keys(channel, address)
        return bool(keys) and keys <= set(self.addresses_tried.splitlines())

    def _receive_back(self, reason, said, for_good=True):
        """A letter that left by another channel than e-mail did not reach its customer: it is no
        round, and goes on by the company's next channel, if there is one.

        :param str reason: what is on the letter
        :param str said: what is known of the address, and who says so
        :param bool for_good: the address is not used again until somebody says that it is right
        """
        self.ensure_one()
        Address = self.env["crm.collection.address"]
        used = self.channel, self.address
        address = Address._get_or_create(self.company_id, *reversed(used)) if for_good else Address
        self.env["crm.collection.returned"].create(
            {
                "letter_id": self.id,
                "company_id": self.company_id.id,
                "address_id": address.id,
                "kind": "hard" if for_good else "soft",
                "email": self.address,
                "reason": said,
                "counts": for_good,
            }
        )
        address._judge()
        self._set_problem("bounced", reason)
        self._fall_back()

    def _fall_back(self):
        """Letters that came back go on by the next channel of their company, if it has one: to be
        issued by the job, which reads everything again."""
        for letter in self:
            route = letter._get_route()
            is_chained = len(letter._get_chain()) > 1 and not letter.is_reversed
            if not is_chained or route.problem or letter._is_on_route(route):
                continue
            env = letter._in_office_language().env
            letter._message_log(
                body=env._(
                    "It did not arrive, and goes on by %(channel)s: %(address)s",
                    channel=letter.with_env(env)._get_channels()[route.channel],
                    address=route.address,
                )
            )
            letter.activity_unlink(["mail.mail_activity_data_todo"])
            letter._reset()
            self.env["crm.collection.run"]._ask("letters", letter.company_id)
