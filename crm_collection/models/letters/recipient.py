from odoo import fields, models
from odoo.tools.mail import email_normalize_all

from ...tools.smtp_answer import has_address
from .address import EMAIL


class CrmCollectionLetter(models.Model):
    """Who a letter goes to, and why it cannot."""

    _inherit = "crm.collection.letter"

    passed_over = fields.Char(
        readonly=True,
        help="Contacts that come before the recipient, and whose addresses are not used: mail came "
        "back from there, or a complaint.",
    )

    refused_ids = fields.Many2many(
        comodel_name="crm.collection.address",
        string="Addresses Not Used",
        compute="_compute_refused_ids",
        compute_sudo=True,
        help="Addresses of those it may go to from which mail came back, or complaints.",
    )

    blacklisted_emails = fields.Text(
        compute="_compute_blacklisted_emails",
        compute_sudo=True,
        help="Of those it may go to, where a contact has several addresses, one a line.",
    )

    def _compute_blacklisted_emails(self):
        """All letters at once, and as seldom as :meth:`_compute_refused_ids`; core looks at the
        first address of a contact alone."""
        emails = {letter: letter._get_further_emails() for letter in self}
        wanted = set().union(*emails.values())
        listed = self.env["mail.blacklist"]
        if wanted:
            listed = listed.search([("email", "in", list(wanted))])
        known = set(listed.mapped("email"))
        for letter, own in emails.items():
            letter.blacklisted_emails = "\n".join(sorted(own & known))

    def _get_further_emails(self):
        """:return: normalized addresses of contacts that have several"""
        contacts = self.partner_id | self.partner_id.child_ids
        found = (email_normalize_all(one.email or "") for one in contacts)
        return {email for emails in found if len(emails) > 1 for email in emails}

    def _compute_refused_ids(self):
        """All letters at once: they ask one by one. Depends on nothing: whoever makes or changes a
        contact would pay for it, and :meth:`_prefetch_recipients` asks anew."""
        Address = self.env["crm.collection.address"]
        for company, letters in self.grouped("company_id").items():
            emails = {letter: letter._get_emails() for letter in letters}
            refused = Address._get_refused(company, set().union(*emails.values()))
            for letter, own in emails.items():
                letter.refused_ids = refused.filtered(lambda one, own=own: one.email in own)

    def _get_emails(self):
        """:return: normalized addresses of all who the letter may go to, postal ones where it may
        go by post"""
        contacts = self.partner_id | self.partner_id.child_ids
        emails = {email for one in contacts for email in email_normalize_all(one.email or "")}
        return emails | self._get_other_addresses(contacts)

    def _get_other_addresses(self, contacts):
        """:return: the addresses of contacts by the other channels that the letter may take"""
        return {
            self._get_address_by(channel, partner)
            for channel in self._get_chain()
            if channel != EMAIL
            for partner in contacts
        } - {False, ""}

    def _set_recipients(self):
        """:return: the letters that have an address to go to."""
        self._prefetch_recipients()
        problems, recipients = {}, []
        for letter in self:
            route = letter._get_route()
            passed_over = letter._get_passed_over(route)
            if letter.passed_over != passed_over:
                letter.passed_over = passed_over
            if route.problem:
                problems[letter] = route.problem
            else:
                values = letter._prepare_route(route)
                recipients.append((letter, values.pop("recipient_ids")))
                letter.write(values)
        self._write_recipients(recipients)
        # after the others: once it is written what becomes of one, all is read anew
        unreachable = self.filtered(problems.get)
        for state, letters in unreachable.grouped(problems.get).items():
            letters._set_problem(state)
        return self - unreachable

    def _write_recipients(self, recipients):
        """What is written of each letter by itself waits and is written at once, but for who it
        goes to: that would be a statement for each.

        :param list recipients: (letter, commands)
        """
        self._fields["recipient_ids"].write_batch(recipients)
        self.browse([letter.id for letter, _commands in recipients]).modified(["recipient_ids"])

    def _prefetch_recipients(self):
        """Look at once for what :meth:`_get_recipients` is going to ask letter by letter."""
        self.mapped("recipient_ids")
        contacts = self.partner_id | self.partner_id.child_ids
        contacts.mapped("is_blacklisted")
        names = ["refused_ids", "blacklisted_emails"]
        self.invalidate_recordset(names, flush=False)
        for name in names:
            self.mapped(name)

    def _get_recipients(self):
        """Who gets the letter by e-mail: the contact of type Collection, else the invoice address,
        else the customer itself: the first with an address that is not blacklisted, and from which
        no mail came back.

        :return: (partner, False) or (empty, state that says why)
        """
        with_email = self._get_contacts().filtered(lambda partner: has_address(partner.email))
        usable = with_email.filtered(
            lambda partner: not (self._get_refused(partner) or self._is_tried(EMAIL, partner.email))
        )
        allowed = usable.filtered(lambda partner: not self._is_refused(partner))
        if allowed:
            return allowed[0], False
        return allowed, "blacklisted" if usable else "no_address"

    def _get_contacts(self):
        """:return: who the letter may go to, in the order in which they are tried"""
        self.ensure_one()
        found = self.partner_id.address_get(["collection", "invoice"])
        # where there is none of a type, core answers with the customer: that comes last
        chosen = self.env["res.partner"].browse(dict.fromkeys(found.values()))
        # who another company writes to is none of this one's business
        foreign = chosen.company_id - self.company_id.sudo().parent_ids
        chosen = chosen.filtered(lambda partner: partner.company_id not in foreign)
        typed = chosen.filtered(lambda partner: partner.type in ("collection", "invoice"))
        return typed.sorted("type") | self.partner_id

    def _get_refused(self, partner):
        """:return: the addresses of a contact that are not used any more"""
        emails = email_normalize_all(partner.email or "")
        return self.refused_ids.filtered(lambda address: address.email in emails)

    def _get_passed_over(self, route):
        """:return: why contacts before the one of a route get no letter, as far as mail came back:
        all of them where it is not by e-mail any more"""
        chain = self._get_chain()
        tried = chain if route.problem else chain[: chain.index(route.channel) + 1]
        if EMAIL not in tried:
            return False
        chosen = route.partner if route.channel == EMAIL else self.env["res.partner"]
        env = self._in_office_language().env
        refused = self.env["crm.collection.address"]
        for partner in self._get_contacts():
            if partner == chosen:
                break
            refused |= self._get_refused(partner)
        return " ".join(one._get_words() for one in refused.with_env(env)) or False

    def _is_refused(self, partner):
        """Whether one of the contact's addresses is blacklisted."""
        addresses = email_normalize_all(partner.email)
        if len(addresses) < 2 or partner.is_blacklisted:
            return partner.is_blacklisted
        return not set((self.blacklisted_emails or "").splitlines()).isdisjoint(addresses)
