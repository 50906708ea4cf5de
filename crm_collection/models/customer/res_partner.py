from odoo import models
from odoo.tools import format_date

from ...tools.arguments import check_one, get_ids
from ...tools.text import get_file_name


class ResPartner(models.Model):
    """The customer's statement of account: printed, sent, and shown in the portal."""

    _inherit = "res.partner"

    def _get_collection_statements(self):
        """Return the statements of the customer, a dict for each active company with anything
        open (see ``crm.collection.statement``), in the customer's language."""
        self.ensure_one()
        customer = self.commercial_partner_id
        statement = self.env["crm.collection.statement"]
        return statement.with_context(lang=self._get_collection_lang())._get_statements(
            customer, self.env.companies
        )

    def _get_collection_lang(self):
        """Return the customer's language where it is installed, else the company's."""
        self.ensure_one()
        letter = self.env["crm.collection.letter"].new(
            {"company_id": self.env.company.id, "partner_id": self.commercial_partner_id.id}
        )
        return letter._get_lang(self.lang)

    def _get_collection_statement_name(self):
        """Return the name of the file without extension, in the customer's language."""
        self.ensure_one()
        env = self.with_context(lang=self._get_collection_lang()).env
        name = env._(
            "Statement of account %(customer)s %(date)s",
            customer=self.commercial_partner_id.name,
            date=format_date(env, self.env.company._get_collection_today()),
        )
        return get_file_name(name)

    def _get_collection_recipient(self):
        """Return the contact that gets the statement: of type Collection, else for invoices, else
        the customer; the first with an address. Empty where none has one."""
        self.ensure_one()
        customer = self.commercial_partner_id
        letter = self.env["crm.collection.letter"].new(
            {"partner_id": customer.id, "company_id": self.env.company.id}
        )
        return letter._get_recipients()[0]

    # === Actions === #

    def action_print_collection_statement(self):
        """The statement of these customers as a PDF."""
        report = self.env.ref("crm_collection.action_report_statement")
        return report.report_action(self, config=False)

    def action_send_collection_statement(self):
        """Open the dialog that sends these customers their statement; the open items that the
        context names (``crm_collection_items``) are what it is about above all."""
        check_one(self)
        item_ids = get_ids(self.env.context.get("crm_collection_items") or [])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Statement"),
            "res_model": "crm.collection.statement.send",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": self.commercial_partner_id.id,
                "default_item_ids": item_ids,
            },
        }
