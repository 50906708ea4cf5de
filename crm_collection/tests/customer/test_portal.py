from datetime import timedelta

from odoo import SUPERUSER_ID
from odoo.fields import Command, Domain
from odoo.tests import tagged

from ..common import TODAY
from ..common_portal import CrmCollectionPortalCommon

# What a customer must not read: the names of phases and the words of the back office.
INTERNAL_WORDS = ("Phase 1", "Phase 2", "Phase 3", "Manual", "legal", "Legal", "Cobran")


@tagged("post_install", "-at_install")
class TestPortal(CrmCollectionPortalCommon):
    """What a customer sees of his account after logging in, and what he does not.

    Seen to fail: with `child_of` read as `=`, with the letters' domain without its state, with
    the customers' domain left out of `_get_collection_letters_domain`, with `in_payment` payable.
    """

    # === Items === #

    def test_list_shows_own_open_items_in_neutral_words(self):
        move = self._create_overdue(40, amount=1234.5)
        future = self._create_overdue(-8, amount=77)
        foreign = self._create_overdue(12, partner=self.other)
        self._write_letters()
        self._login(self.portal_user)
        page = self._get("/my/collections")
        for text in (move.name, "1,234.50", "40 days overdue", future.name, "Due in 8 days"):
            self.assertIn(text, page)
        self.assertNotIn(foreign.name, page)
        for word in INTERNAL_WORDS:
            self.assertNotIn(word, page)

    def test_list_has_contacts_of_the_customer_archived_ones_too(self):
        contact = self._contact(self.customer, "invoice", "branch@customer.example")
        of_contact = self._create_overdue(5, partner=contact)
        contact.action_archive()
        of_customer = self._create_overdue(5)
        self._login(self.portal_user)
        page = self._get("/my/collections")
        self.assertIn(of_contact.name, page)
        self.assertIn(of_customer.name, page)

    def test_parents_see_their_subsidiaries_and_not_the_other_way_round(self):
        """As core's portal has it with invoices."""
        subsidiary = self._create_customer("Subsidiary", parent_id=self.customer.id)
        self.assertEqual(subsidiary.commercial_partner_id, subsidiary)
        below = self._create_portal_user("portal_subsidiary", subsidiary)
        of_subsidiary = self._create_overdue(12, partner=subsidiary, amount=11)
        of_customer = self._create_overdue(12, amount=22)
        self._write_letters()
        letters = self._letters(subsidiary) | self._letters()
        self._login(self.portal_user)
        page = self._get("/my/collections")
        self.assertIn(of_subsidiary.name, page)
        self.assertIn(of_customer.name, page)
        for letter in letters:
            self._get(f"/my/collections/letters/{letter.id}/pdf")
        self._login(below)
        page = self._get("/my/collections")
        self.assertIn(of_subsidiary.name, page)
        self.assertNotIn(of_customer.name, page)
        self._get(f"/my/collections/letters/{self._letters().id}/pdf", status=404)

    def test_open_items_being_paid_are_not_asked_for(self):
        move = self._create_overdue(12)
        self._create_provider()
        move.payment_state = "in_payment"
        self._login(self.portal_user)
        page = self._get("/my/collections")
        self.assertIn("Payment in progress", page)
        self.assertNotIn("/my/collections/pay", page)

    def test_open_items_without_a_document_of_the_portal_are_listed_without_a_link(self):
        """Such as the opening balance, which is owed but no invoice, and has no due date."""
        line_vals = {"account_id": self.company_data["default_account_receivable"].id}
        income = {"account_id": self.company_data["default_account_revenue"].id}
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": TODAY - timedelta(days=3),
                "line_ids": [
                    Command.create(
                        line_vals
                        | {
                            "debit": 300,
                            "partner_id": self.customer.id,
                            "date_maturity": False,
                        }
                    ),
                    Command.create(income | {"credit": 300}),
                ],
            }
        )
        entry.action_post()
        self._create_provider()
        self._login(self.portal_user)
        self.assertFalse(self._receivables(entry).date_maturity)
        page = self._get("/my/collections?filterby=overdue")
        self.assertIn(entry.name, page)
        self.assertIn("3 days overdue", page)
        self.assertIn("Of which overdue", page)
        self.assertNotIn(f"/my/invoices/{entry.id}", page)
        self.assertNotIn(entry.name, self._get("/my/collections?filterby=open"))
        response = self.url_open("/my/collections/pay", allow_redirects=False)
        self.assertEqual(response.status_code, 303, "Back to the list: nothing to pay online.")

    def test_totals_by_currency_with_credits(self):
        self._create_overdue(5, amount=100)
        self._create_overdue(-5, amount=20)
        self._create_credit(30)
        self._create_invoice_in(self.foreign, 5, 55)
        statement = self.env["crm.collection.statement"].sudo()
        accounts = statement._get_accounts(
            Domain("partner_id", "child_of", self.customer.id), self.company
        )
        self.assertEqual(
            [
                [account["currency"]]
                + [account[key] for key in ("residual", "overdue", "credit", "balance")]
                for account in accounts
            ],
            [
                [self.company.currency_id, 120.0, 100.0, 30.0, 90.0],
                [self.foreign, 55.0, 55.0, 0.0, 55.0],
            ],
        )
        self._login(self.portal_user)
        page = self._get("/my/collections")
        for text in ("120.00", "100.00", "30.00", "90.00", "55.00"):
            self.assertIn(text, page)

    def test_filters_sorting_and_pages(self):
        late, early = self._create_overdue(20, amount=10), self._create_overdue(-3, amount=500)
        self._login(self.portal_user)
        page = self._get("/my/collections?filterby=overdue")
        self.assertIn(late.name, page)
        self.assertNotIn(early.name, page)
        page = self._get("/my/collections?filterby=open")
        self.assertNotIn(late.name, page)
        self.assertIn(early.name, page)
        page = self._get("/my/collections?sortby=amount")
        self.assertLess(page.index(early.name), page.index(late.name))
        page = self._get("/my/collections?sortby=due")
        self.assertLess(page.index(late.name), page.index(early.name))
        self._get("/my/collections?sortby=nonsense&filterby=nonsense")
        self._get("/my/collections/page/99")

    def test_nothing_open_is_said_friendly(self):
        self._login(self.portal_user)
        self.assertIn("nothing open on your account", self._get("/my/collections"))

    def test_disputed_open_items_are_under_review_and_not_asked_for(self):
        disputed, other = self._create_overdue(12), self._create_overdue(12, amount=33)
        self._create_provider()
        self._allocate()
        self._hold(self._items(disputed), kind="dispute")
        self._login(self.portal_user)
        page = self._get("/my/collections")
        self.assertEqual(page.count("Under review"), 2, "For the wide and the narrow screen.")
        self.assertNotIn(f"/my/invoices/{disputed.id}?payment", page)
        self.assertIn(f"/my/invoices/{other.id}?payment", page)

    def test_a_disputed_customer_is_under_review_in_all(self):
        self._create_overdue(12)
        self._allocate()
        self._hold(self.customer, kind="dispute")
        self._login(self.portal_user)
        self.assertIn("Under review", self._get("/my/collections"))

    def test_blocked_invoices_are_under_review(self):
        self._create_overdue(12).action_toggle_block_payment()
        self._login(self.portal_user)
        self.assertIn("Under review", self._get("/my/collections"))

    # === Access === #

    def test_public_has_to_log_in(self):
        for path in ("", "/letters", "/statement", "/statement/pdf", "/pay", "/letters/1/pdf"):
            response = self.url_open(f"/my/collections{path}", allow_redirects=False)
            self.assertEqual(response.status_code, 303, path)
            self.assertIn("/web/login", response.headers["Location"])

    def test_open_items_of_companies_the_user_is_not_in_are_not_listed(self):
        second = self.setup_other_company(name="Segunda Ltda")
        foreign = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "company_id": second["company"].id,
                "journal_id": second["default_journal_sale"].id,
                "invoice_date": TODAY,
                "invoice_date_due": TODAY,
                "invoice_line_ids": [
                    Command.create({"name": "Service", "price_unit": 42.42, "tax_ids": []})
                ],
            }
        )
        foreign.action_post()
        own = self._create_overdue(3)
        both = self._create_portal_user(
            "portal_both", self.customer, self.company | second["company"]
        )
        self._login(self.portal_user)
        for path in ("/my/collections", "/my/collections/statement"):
            page = self._get(path)
            self.assertIn(own.name, page)
            self.assertNotIn("42.42", page)
        self._login(both)
        for path in ("/my/collections", "/my/collections/statement"):
            page = self._get(path)
            self.assertIn("42.42", page)
            self.assertIn("Segunda Ltda", page)

    # === Letters === #

    def test_letters_that_reached_the_customer_are_listed(self):
        self._create_overdue(12)
        letter = self._write_letters()
        self._login(self.portal_user)
        page = self._get("/my/collections/letters")
        self.assertIn(letter._get_sent_subject(), page)
        self.assertIn(f"/my/collections/letters/{letter.id}/pdf", page)
        for state in ("to_send", "outgoing", "bounced", "failed", "no_address", "cancelled"):
            letter.state = state
            page = self._get("/my/collections/letters")
            self.assertNotIn(f"/my/collections/letters/{letter.id}/pdf", page, state)
            self._get(f"/my/collections/letters/{letter.id}/pdf", status=404)

    def test_letter_as_it_was_sent(self):
        self._create_overdue(12)
        letter = self._write_letters()
        letter.pdf_attachment_id.with_user(SUPERUSER_ID).raw = b"%PDF as it was sent"
        self._login(self.portal_user)
        response = self.url_open(f"/my/collections/letters/{letter.id}/pdf")
        self.assertEqual(response.content, b"%PDF as it was sent")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn("attachment", response.headers["Content-Disposition"])
        letter.pdf_attachment_id = False
        self.assertIn(
            letter._get_sent_subject(), self._get(f"/my/collections/letters/{letter.id}/pdf")
        )

    def test_letters_of_others_are_not_found(self):
        self._create_overdue(12)
        letter = self._write_letters()
        self._login(self.other_user)
        self.assertNotIn(letter._get_sent_subject(), self._get("/my/collections/letters"))
        self._get(f"/my/collections/letters/{letter.id}/pdf", status=404)
        self._get(f"/my/collections/letters/{letter.id + 1000}/pdf", status=404)
        token = letter._get_online_token()
        self._get(f"/my/collections/letters/{letter.id}/pdf?token={token}", status=404)

    # === Home === #

    def test_home_counts_open_items_and_letters(self):
        self._create_overdue(12, terms=(0, 30))
        self._create_overdue(12, partner=self.other)
        self._write_letters()
        self._login(self.portal_user)
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["collection_count", "collection_letter_count"]}
        )
        self.assertEqual(counters["collection_count"], 2)
        self.assertEqual(counters["collection_letter_count"], 1)
        page = self._get("/my")
        self.assertIn("/my/collections", page)
