from datetime import timedelta

from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime, html2plaintext
from odoo.tools.mail import email_normalize_all

from ...tools.returned import Returned
from .letter import NO_FAILURE
from .returned import COUNTING, FAILURES

# A report without its mail is about one of these last days: servers give up after five.
RECENT = timedelta(days=7)
# The mail may have left.
MAY_HAVE_LEFT = ("sent", "uncertain", "bounced", "failed")
MAX_QUOTED = 2000
# What is said of the letter, whichever message of its chatter it answers to.
ANSWERS = ("automatic", "answer", "receipt")
# Refused, but not because of the address: the mail was too large, its content or its sender was
# not liked, the mailbox is full.
NOT_THE_ADDRESS = ("5.2.2", "5.2.3", "5.3.", "5.6.", "5.7.")
IS_THE_ADDRESS = ("recipient address rejected", "user unknown", "no such user", "not exist")


class CrmCollectionLetter(models.Model):
    """What came back of a letter: to which mail, which address and what it says decide.

    A letter is *bounced* where the server says that its present mail failed at its address. All
    else is a note in its chatter: a delay, a delivery, a late report about a mail that was sent
    again since, an automatic answer. Complaints and refusals for good count against the address.
    """

    _inherit = "crm.collection.letter"

    returned_ids = fields.One2many(
        comodel_name="crm.collection.returned",
        inverse_name="letter_id",
        string="What Came Back",
        readonly=True,
    )

    # === Which mail it was === #

    @api.model
    def _receive_returned(self, returned, message_dict):
        """Tell the letter whose mail came back, if it was one.

        :param Returned returned: what the mail says; None where a person may have written it to
            the return path
        :param dict message_dict: the incoming mail, as core read it
        """
        if not returned:
            ids = f"{message_dict['in_reply_to']} {message_dict['references']}".split()
            returned = Returned("answer", references=tuple(ids))
        report_ref = message_dict["message_id"]
        if self.env["crm.collection.returned"].search_count(
            [("report_ref", "=", report_ref)], limit=1
        ):
            return  # fetched twice
        message = self._find_mail(returned.message_ids) or self._find_mail(returned.references)
        text = html2plaintext(message_dict.get("body") or "")[:MAX_QUOTED]
        told = {"report_ref": report_ref, "text": text}
        letter = self.browse(message.res_id if message.model == self._name else []).exists()
        if letter and (message.message_type == "email_outgoing" or returned.kind in ANSWERS):
            letter._receive_about(message, returned, told)
        elif message:
            self._receive_about_another(message, returned, told)
        else:
            self._receive_without_mail(returned, message_dict, told)

    @api.model
    def _receive_about_another(self, message, returned, told):
        """An invoice's mail, a statement or a note came back: of an address to which letters go,
        that counts."""
        for recipient in returned.recipients:
            kind = self._get_kind(returned, recipient)
            letter = self._find_recent(recipient.addresses, since=False)[:1]
            if kind in COUNTING and letter.company_id == message.record_company_id and letter:
                values = {"kind": kind, "email": letter._get_address(recipient)}
                values |= {"mail_ref": message.message_id, "letter_id": False}
                letter._keep_returned(recipient, values | {"report_ref": told["report_ref"]})

    @api.model
    def _find_mail(self, message_ids):
        """:return: the message, of whatever document, with one of these Message-Ids"""
        messages = self.env["mail.message"]
        if not message_ids:
            return messages
        return messages.search([("message_id", "in", message_ids)], order="id desc", limit=1)

    @api.model
    def _receive_without_mail(self, returned, message_dict, told):
        """Nothing says which mail it was: the only one that recently went to the address, else a
        person has to find out."""
        addresses = [email for one in returned.recipients for email in one.addresses]
        letters = self._find_recent(addresses, message_dict)
        if not letters and returned.kind == "complaint" and not returned.message_ids:
            # people read old mail, too
            letters = self._find_recent(addresses, message_dict, since=False)[:1]
        elif returned.subject:
            # the mail is known, by an id that a server on its way gave it
            letters = letters.filtered(lambda one: one._is_subject(returned.subject))
        elif returned.message_ids:
            return
        if len(letters) == 1 and (returned.subject or letters._is_only_mail(addresses)):
            letters._receive_about(letters.mail_message_id, returned, told)
        elif letters:
            letters._receive_unclear(returned, told)

    @api.model
    def _find_recent(self, addresses, message_dict=None, since=RECENT):
        """:return: the letters that recently left for one of the addresses, the latest first, of
        the companies whose return path the mail came to"""
        if not addresses:
            return self.browse()
        domain = Domain("state", "in", MAY_HAVE_LEFT)
        if since:
            first = fields.Datetime.now() - since
            domain &= Domain("date_sent", ">=", first) | Domain("delivery_started", ">=", first)
        domain &= Domain.OR(Domain("email_to", "ilike", email) for email in addresses)
        to = email_normalize_all((message_dict or {}).get("to") or "")
        names = [email.rpartition("@")[2] for email in to]
        alias_domains = self.env["mail.alias.domain"].sudo().search([("name", "in", names)])
        reached = alias_domains.filtered(lambda one: one.bounce_email in to)
        if reached:
            domain &= Domain("company_id", "in", reached.company_ids.ids)
        found = self.search(domain)
        return found.filtered(lambda letter: set(letter._get_addresses()) & set(addresses))

    def _is_subject(self, subject):
        """Whether the present mail has this subject, in whatever lines and blanks."""
        return " ".join((self.mail_message_id.subject or "").split()) == subject

    def _is_only_mail(self, addresses):
        """Whether nothing else went to the addresses lately: neither this letter's mail of before,
        nor an invoice or an answer of ours."""
        self.ensure_one()
        since = fields.Datetime.now() - RECENT
        mails = self.env["mail.message"].search_count(
            [
                *(("model", "=", self._name), ("res_id", "=", self.id), ("date", ">=", since)),
                ("message_type", "=", "email_outgoing"),
            ]
        )
        notified = self.env["mail.notification"].search_count(
            [
                ("notification_type", "=", "email"),
                ("res_partner_id.email_normalized", "in", addresses),
                ("mail_message_id.date", ">=", since),
            ],
            limit=1,
        )
        return mails <= 1 and not notified

    # === What it says === #

    def _receive_about(self, message, returned, told):
        """:param message: the mail of this letter that came back, or was answered"""
        self.ensure_one()
        letter = self._in_office_language()
        if not returned.recipients:
            letter._receive_words(returned, told)
        for recipient in returned.recipients:
            address = letter._get_address(recipient)
            kind = self._get_kind(returned, recipient)
            values = {"kind": kind, "email": address, "mail_ref": message.message_id}
            known = letter._is_known(values)
            event = letter._keep_returned(recipient, values | {"report_ref": told["report_ref"]})
            if kind in FAILURES and not known:
                letter._receive_failure(message, recipient, event)
            else:
                letter._note(told, letter._get_sentence(event, message))
            if kind == "complaint":
                letter._schedule(lambda env: env._("A letter was reported as spam"), event.email)

    def _receive_words(self, returned, told):
        """What came back says nothing of an address: a person reads it."""
        if returned.kind == "receipt":
            return self._note(
                told, self.env._("The mail was opened, or deleted: a receipt says so.")
            )
        self._note(told, self.env._("This came back, and no program can read it:"))
        return self._schedule(lambda env: env._("Read what came back"), told["text"])

    @api.model
    def _get_kind(self, returned, recipient):
        if returned.kind != "report":
            return returned.kind
        if recipient.action != "failed":
            return recipient.action
        status, words = recipient.status, recipient.reason.lower()
        if status.startswith("4"):
            return "soft"
        if not status.startswith("5"):
            return "unclear"
        is_mail = status.startswith(NOT_THE_ADDRESS)
        return "policy" if is_mail and not any(one in words for one in IS_THE_ADDRESS) else "hard"

    def _get_addresses(self):
        return email_normalize_all(self.email_to or "")

    def _get_address(self, recipient):
        """:return: which of the letter's addresses is meant; where it has one, that is it, however
        the mail was passed on from there. An address that is none of them stands for itself."""
        own = self._get_addresses()
        found = [email for email in recipient.addresses if email in own]
        copied = email_normalize_all(self.mail_id.email_cc or "")
        if not found and len(own) == 1 and not set(copied) & set(recipient.addresses):
            found = own
        return (*found, *recipient.addresses, False)[0]

    def _is_known(self, values):
        """Whether it is known already that this mail did not reach this address: another report
        about it says nothing new, also where somebody said since that it arrived."""
        domain = [("email", "=", values["email"]), ("mail_ref", "=", values["mail_ref"])]
        found = self.env["crm.collection.returned"].search(domain)
        return bool(found.filtered(lambda one: one.kind in FAILURES))

    def _keep_returned(self, recipient, values):
        """Keep what came back, and count it against the address."""
        counts = values["kind"] in COUNTING and values["email"]
        counts = counts and not (values["kind"] == "hard" and self._is_known(values))
        address = self.env["crm.collection.address"]
        if counts:
            address = address._get_or_create(self.company_id, values["email"])
        event = self.env["crm.collection.returned"].create(
            {
                "letter_id": self.id,
                "company_id": self.company_id.id,
                "address_id": address.id,
                "status": recipient.status,
                "reason": recipient.reason,
                "counts": bool(counts),
                **values,
            }
        )
        address._judge()
        return event

    # === What becomes of the letter === #

    def _receive_failure(self, message, recipient, event):
        """The letter came back, where it was its present mail, and no other address got it."""
        reason = self._get_failure(event)
        own = self._get_addresses()
        if message != self.mail_message_id or not self._has_left():
            self._note({}, self._get_dated(message, reason))
        elif own and event.email not in own:
            self._note({}, self.env._("A copy did not arrive. %s", reason))
        elif self._get_reached(message, own):
            self._note({}, self.env._("One of its addresses was not reached. %s", reason))
            self._schedule(lambda env: env._("An address of the customer does not work"), reason)
        else:
            self.date_sent = self.date_sent or self.delivery_started or fields.Datetime.now()
            self._set_problem("bounced", reason)
            self._fall_back()

    def _has_left(self):
        """Whether the present mail may have left. A letter that is to be sent again has none."""
        handed_over = self.state == "outgoing" and self.delivery_started
        return bool(self.state in MAY_HAVE_LEFT or handed_over)

    def _get_reached(self, message, own):
        """:return: the addresses of the letter from which nothing came back"""
        events = self.returned_ids.filtered(
            lambda one: one.kind in FAILURES and one.mail_ref == message.message_id
        )
        return set(own) - set(events.mapped("email"))

    def _get_failure(self, event):
        said = self.env._("Returned by the server of %s.", event.email or "?")
        status = "" if (event.status or "") in (event.reason or "") else event.status
        return " ".join(filter(None, [said, status, event.reason]))

    def _get_dated(self, message, reason):
        """:return: what is said, and about which mail, where the letter has another one now"""
        if message == self.mail_message_id:
            return reason
        return self.env._(
            "About the mail of %(date)s, which was sent again since: %(reason)s",
            date=format_datetime(
                self.env,
                message.date,
                tz=self.company_id._get_collection_tz(),
                dt_format="short",
            ),
            reason=reason,
        )

    def _get_sentence(self, event, message):
        """:return: what came back, in words"""
        email, env = event.email or "?", self.env
        sentences = {
            "delayed": env._("Not delivered to %s yet: its server goes on trying.", email),
            "delivered": env._("The server of %s says that it was delivered.", email),
            "relayed": env._("Passed on for %s to a server that does not report.", email),
            "expanded": env._("%s is a list: passed on to its members.", email),
            "complaint": env._("%s reported the letter as spam.", email),
            "feedback": env._("Feedback of the mail provider of %s:", email),
            "automatic": env._("Automatic answer of %s:", email),
        }
        text = sentences.get(event.kind) or env._("Came back once more. %s", event.reason or "")
        if event.kind == "delayed" and event.reason:
            text = f"{text} {event.reason}"
        return self._get_dated(message, text)

    def _receive_unclear(self, returned, told):
        """A report is about one of these letters, or about another mail to the same address:
        the address counts, and somebody is asked which it was."""
        latest = self.sorted("id")[-1:]._in_office_language()
        for recipient in returned.recipients:
            kind = self._get_kind(returned, recipient)
            values = {"kind": kind, "email": latest._get_address(recipient)}
            values |= {"report_ref": told["report_ref"], "mail_ref": False, "letter_id": False}
            event = latest._keep_returned(recipient, values)
            text = latest.env._("It cannot be told which mail this is about.")
            latest._note(told, f"{text} {latest._get_sentence(event, latest.mail_message_id)}")
            if kind in FAILURES or kind == "complaint":
                latest._schedule(
                    lambda env: env._("A mail came back: find out which"),
                    latest._get_failure(event),
                )

    # === Telling === #

    def _note(self, told, sentence):
        """A note of the system in the chatter, with what the mail says."""
        quote = told.get("text")
        body = escape(sentence)
        if quote:
            body += Markup("<pre>%s</pre>") % quote.strip()
        system = self.env.ref("base.partner_root")  # whoever the incoming mail runs as
        self._message_log(body=body, author_id=system.id)

    def _mark_automatic(self, body):
        """:return: the text of an automatic answer, said to be one"""
        env = (self._in_office_language() if self else self).env
        return Markup("<p><i>%s</i></p>%s") % (env._("Automatic answer"), Markup(body or ""))

    def _schedule(self, say, note):
        """Put the letter on its responsible's list, once for each reason.

        :param say: function of an environment, in whose language it answers with the reason
        """
        user = self._get_responsible()
        summary = say(self.with_context(lang=user.lang).env)
        if summary in self.activity_ids.mapped("summary"):
            return
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_todo",
            summary=summary,
            note=escape(note or ""),
            user_id=user.id,
        )

    # === Set back === #

    def action_arrived(self):
        """EXTENDS the answer about uncertain letters: a person also knows better than a server.
        Letters that came back did arrive, and what was said of them counts no more against their
        addresses."""
        bounced = self.filtered(lambda letter: letter.state == "bounced")
        if bounced:
            bounced._check_user()
            bounced.sudo()._set_back()  # the state is the engine's; the user's right was checked
        others = self - bounced
        if not bounced or "uncertain" in others.mapped("state"):
            super(CrmCollectionLetter, others).action_arrived()

    def _set_back(self):
        self.write({**NO_FAILURE, "state": "sent"})
        self.activity_unlink(["mail.mail_activity_data_todo"])
        for letter in self:
            env = letter._in_office_language().env
            letter._message_log(body=env._("It arrived, says %s.", self.env.user.name))
        self.batch_line_ids.write({"returned_reason": False, "returned_note": False})
        failures = self.returned_ids.filtered(lambda one: one.kind in FAILURES)
        failures.counts = False
        failures.address_id._judge()
