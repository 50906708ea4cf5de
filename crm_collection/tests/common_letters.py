import json
import smtplib
from datetime import timedelta
from unittest.mock import patch

from odoo.fields import Command
from odoo.tools import SQL, mute_logger

from .common import TODAY, CrmCollectionCommon
from .common_returned import POSTFIX, write_mail

LONGEST_HOLD = 30  # days that a collector may set whatever the kind


class Session:
    """An SMTP session that answers what a test says: ``error`` is raised for each message."""

    def __init__(self, error=None, hang_up_after=None):
        self.error = error
        self.hang_up_after = hang_up_after
        self.accepted = []
        self.connections = []  # what had been accepted when each began

    def noop(self):
        taken = len(self.accepted) - self.connections[-1]
        if self.hang_up_after is not None and taken >= self.hang_up_after:
            raise smtplib.SMTPServerDisconnected("please run connect() first")
        return 250, b"OK"

    def send_message(self, message, smtp_from, smtp_to_list):
        if self.error:
            raise self.error
        self.accepted.append(message)

    def quit(self):
        pass


class CrmCollectionLettersCommon(CrmCollectionCommon):
    """Letters at every point of their way: decided, issued (in the mail queue), delivered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_manager_id = cls.manager
        cls.foreign = cls.setup_other_currency("EUR")

    def _decide(self, company=None):
        """Write the letters that are due as the job does, and be killed before any is issued."""
        Letter_sudo = self.env["crm.collection.letter"].sudo()
        letters_sudo = Letter_sudo._create_due(company or self.company, TODAY)
        self.env.invalidate_all()
        return letters_sudo

    def _charge(self, letter_sudo, **vals):
        """What is kept of a letter whose fine and interest were made an invoice of."""
        line_sudo = letter_sudo.line_ids[0]
        letter_sudo.charge_ids.create(
            letter_sudo._prepare_charge(line_sudo, line_sudo.item_id.move_id) | vals
        )

    def _plant_text(self, template, **values):
        """Texts as an older version left them: nobody saves what letters do not offer.

        :param values: of a translated field a text, or ``{language: text}``
        """
        self.env.flush_all()
        for fname, value in values.items():
            if template._fields[fname].translate and value is not False:
                stored = json.dumps(value if isinstance(value, dict) else {"en_US": value})
            else:
                stored = value or None
            query = SQL(
                "UPDATE mail_template SET %s = %s WHERE id = %s",
                *(SQL.identifier(fname), stored, template.id),
            )
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    def _send_now(self, items, user=None):
        """Letters about ``items`` now, by hand."""
        wizard = (
            self.env["crm.collection.item.send"]
            .with_user(user or self.collector)
            .with_context(active_model=items._name, active_ids=items.ids)
            .create({"again_reason": "Asked for it"})
        )
        action = wizard.action_send()
        self.env.invalidate_all()
        return action

    def _mails(self, letters):
        """Every mail made for letters, those that were taken back included."""
        domain = [
            ("model", "=", "crm.collection.letter"),
            ("res_id", "in", letters.ids),
            ("is_notification", "=", False),
        ]
        return self.env["mail.mail"].sudo().search(domain, order="id")

    def _refuse(self, error):
        """The mail server raises ``error``, which core logs as an error of its own."""
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            return self._deliver(error=error)

    def _come_back(self, letter):
        """The letter's mail comes back through the gateway. It does not count against the
        address, to which the next ones go."""
        report = write_mail(
            POSTFIX,
            recipient=letter.email_to,
            message_id=letter.sudo().mail_message_id.message_id,
            number=letter.sudo().mail_message_id.id,
            code="451",
            status="4.4.7",
            words="Delivery time expired",
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].sudo().message_process(False, report)
        self._end_transaction()

    def _run_mail_queue(self, session, cannot_connect=None):
        """The mail queue's job, over an SMTP session of the test's.

        :return: messages the server accepted
        """
        server_class = self.registry["ir.mail_server"]

        def connect(server, **kwargs):
            session.connections.append(len(session.accepted))
            if cannot_connect:
                raise cannot_connect
            return session

        with (
            mute_logger("odoo.addons.mail.models.mail_mail"),
            patch.object(server_class, "_disable_send", lambda server: False),
            patch.object(server_class, "_connect__", connect),
        ):
            self.env["mail.mail"].sudo().process_email_queue()
        self.env.invalidate_all()
        return session.accepted

    def _hold(self, record=None, kind="block", **vals):
        """Hold back a customer, an entry or an item, as the collector does; without an end, or for
        long, as the manager does."""
        fname = {
            "res.partner": "partner_id",
            "account.move": "move_id",
            "crm.collection.item": "item_id",
        }[record._name]
        vals = {"kind": kind, "reason": "Asked for it", fname: record.id, **vals}
        until = vals.get("date_until")
        is_long = not until or until > TODAY + timedelta(days=LONGEST_HOLD)
        user = self.manager if is_long else self.collector
        Hold = self.env["crm.collection.hold"].with_user(user)
        return Hold.with_company(self.company).create(vals)

    def _put_under_approval(self, phase):
        """The manager puts a phase under an approval rule: it may not act until approved."""
        rule = (
            self.env["crm.collection.approval.rule"]
            .with_user(self.manager)
            .create({"name": "Two people"})
        )
        phase.with_user(self.manager).approval_rule_id = rule
        return rule

    def _approve(self, phase):
        phase.with_user(self.manager).action_request_approval()
        phase.with_user(self.approver).action_approve()
        self.env.invalidate_all()

    def _problems(self, letters, user=None):
        """The activities that put letters on somebody's list."""
        activities = (
            self.env["mail.activity"]
            .sudo()
            .search([("res_model", "=", "crm.collection.letter"), ("res_id", "in", letters.ids)])
        )
        return (
            activities.filtered(lambda activity: activity.user_id == user) if user else activities
        )

    def _contact(self, parent, kind, email, **vals):
        return self.env["res.partner"].create(
            {"name": f"{parent.name} {kind}", "parent_id": parent.id, "type": kind, "email": email}
            | vals
        )

    @classmethod
    def _create_invoice_in(cls, currency, days, amount, partner=None):
        return cls._create_overdue(days, partner=partner, amount=amount, currency_id=currency.id)

    @classmethod
    def _create_step_rule(cls, days, phase, **step_vals):
        """The only rule in force: one step."""
        cls.rule.action_archive()
        return cls.env["crm.collection.rule"].create(
            {
                "name": "One step",
                "step_ids": [
                    Command.create(
                        {"days": days, "phase_id": phase.id, "attach_pdf": False, **step_vals}
                    )
                ],
            }
        )
