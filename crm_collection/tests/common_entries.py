from datetime import timedelta

from odoo import fields
from odoo.fields import Command

TODAY = fields.Date.to_date("2026-03-16")  # a Monday


class CrmCollectionEntries:
    """Entries of the tests' company: what customers owe, and what is owed to them."""

    @classmethod
    def _create_overdue(cls, days, partner=None, amount=100.0, terms=None, **vals):
        """A posted invoice due ``days`` ago (negative: in the future).

        :param terms: days between the installments, e.g. ``(0, 30)`` for two equal ones, the
            first due ``days`` ago
        """
        due = TODAY - timedelta(days=days)
        vals.setdefault("invoice_date", due)
        vals.setdefault("partner_id", (partner or cls.customer).id)
        if terms:
            vals["invoice_payment_term_id"] = cls._create_terms(terms).id
        else:
            vals["invoice_date_due"] = due
            vals["invoice_payment_term_id"] = False
        move = cls._create_plain(amount, vals) or cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "company_id": cls.company.id,
                "invoice_line_ids": [
                    Command.create({"name": "Service", "price_unit": amount, "tax_ids": []})
                ],
                **vals,
            }
        )
        move.action_post()
        return move

    @classmethod
    def _create_plain(cls, amount, vals):
        """An invoice due in one, of the tests' company and in its currency, as it would be: its
        lines are written as core makes them, and nobody follows it. Two fifths quicker, of what
        takes a fifth of the suite.

        :return: the draft, ``None`` where something else is asked for
        """
        plain = {"invoice_date", "invoice_date_due", "invoice_payment_term_id", "partner_id"}
        if vals["invoice_payment_term_id"] or vals.keys() - plain:
            return None
        customer = cls.env["res.partner"].browse(vals["partner_id"]).with_company(cls.company)
        product = {
            "name": "Service",
            "price_unit": amount,
            "tax_ids": [],
            "account_id": cls.company_data["default_account_revenue"].id,
            "credit": amount,
        }
        owed = {
            "display_type": "payment_term",
            "partner_id": customer.commercial_partner_id.id,
            "account_id": customer.property_account_receivable_id.id,
            "debit": amount,
            "date_maturity": vals["invoice_date_due"],
        }
        Move = cls.env["account.move"].with_context(skip_invoice_sync=True, tracking_disable=True)
        move = Move.create(
            {
                "move_type": "out_invoice",
                "company_id": cls.company.id,
                "line_ids": [Command.create(product), Command.create(owed)],
                **vals,
            }
        )
        return move.with_env(cls.env)

    @classmethod
    def _create_entry(cls, days, amount=100.0, partners=None, **line_vals):
        """A posted miscellaneous entry such as an opening balance: an item for each of the
        customers (the test's one when none is named), quicker than so many invoices."""
        due = TODAY - timedelta(days=days)
        accounts = cls.company_data
        owed = {"account_id": accounts["default_account_receivable"].id, "debit": amount}
        lines = [
            {**owed, "partner_id": partner.id, "date_maturity": due, **line_vals}
            for partner in partners or cls.customer
        ]
        income = {
            "account_id": accounts["default_account_revenue"].id,
            "credit": amount * len(lines),
        }
        Move = cls.env["account.move"].with_context(tracking_disable=True)
        move = Move.create(
            {
                "move_type": "entry",
                "date": due,
                "line_ids": [Command.create(vals) for vals in [*lines, income]],
            }
        ).with_env(cls.env)
        move.action_post()
        return move

    @classmethod
    def _create_terms(cls, days):
        share = round(100 / len(days), 6)
        return cls.env["account.payment.term"].create(
            {
                "name": "Installments",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": share, "nb_days": number})
                    for number in days[:-1]
                ]
                + [
                    Command.create(
                        {
                            "value": "percent",
                            "value_amount": 100 - share * (len(days) - 1),
                            "nb_days": days[-1],
                        }
                    )
                ],
            }
        )

    @classmethod
    def _create_credit(cls, amount, partner=None, days=0, **vals):
        """An open credit note of the customer, not matched with anything."""
        move = cls.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": (partner or cls.customer).id,
                "invoice_date": TODAY - timedelta(days=days),
                "invoice_line_ids": [
                    Command.create({"name": "Credit", "price_unit": amount, "tax_ids": []})
                ],
                **vals,
            }
        )
        move.action_post()
        return move

    @classmethod
    def _receivables(cls, moves):
        return moves.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
