import re

from odoo.tests import tagged

from ..common_browser import CrmCollectionBrowserCase
from ..common_letters import CrmCollectionLettersCommon

OFTEN = {
    "crm.collection.item": {
        *("phase_id", "partner_id", "user_id", "rule_id", "approval_state", "blocker", "state"),
        *("date_maturity", "date_next_letter", "currency_id", "company_id", "pinned", "move_id"),
    },
    "crm.collection.letter": {"phase_id", "partner_id", "state", "user_id", "date", "origin"},
}
NEVER = {
    "crm.collection.item": {"to_evaluate", "date_letter_kept", "refused_version", "line_id"},
    "crm.collection.letter": {
        *("kills", "delivery_tries", "mail_id", "released_in", "text_tried", "date_leave"),
    },
}


@tagged("post_install", "-at_install")
class TestSmall(CrmCollectionLettersCommon, CrmCollectionBrowserCase):
    """Small things that make a screen say what is true.

    Seen to fail: with all fields offered, with the code of the language, and with a move that is
    not taken back.
    """

    def test_what_is_technical_is_not_offered_to_group_by(self):
        for name, often in OFTEN.items():
            fields = self.env[name].with_user(self.collector).fields_get(attributes=["groupable"])
            offered = {key for key, field in fields.items() if field["groupable"]}
            self.assertFalse(often - offered, name)
            self.assertFalse(offered & (NEVER[name] | {"write_uid", "create_uid"}), name)

    def test_language_of_a_letter_has_a_name(self):
        self.env["res.lang"]._activate_lang("pt_BR")
        self.customer.lang = "pt_BR"
        self._create_overdue(5)
        self._allocate()
        self._send_letters()
        letter = self._letters().with_user(self.collector)
        self.assertEqual(letter.lang, "pt_BR")
        self.assertIn("Portugu", letter.lang_label)
        self.assertIn("lang_label", letter.get_view(view_type="form")["arch"])

    def test_dates_are_dates(self):
        """Six days away is no *next month*."""
        views = self.env["ir.ui.view"].sudo().search([("model", "like", "crm.collection")])
        self.assertGreater(len(views), 50)
        self.assertFalse(views.filtered(lambda view: "remaining_days" in view.arch_db))

    def test_keys_of_the_web_client_are_left_to_it(self):
        """Alt+H is the home menu's, in every form and dialog of the module."""
        taken = {"h", "j", "s", "c", "u"}
        views = self.env["ir.ui.view"].sudo().search([("model", "like", "crm.collection")])
        for view in views:
            keys = set(re.findall(r'data-hotkey="([^"]+)"', view.arch_db))
            self.assertFalse(keys & taken, view.name)

    def test_numbers_beside_the_list_follow_a_move(self):
        """And *Undo* in the message that says it was done."""
        move = self._create_overdue(5)
        self._allocate()
        self.start_tour("/odoo/collections", "crm_collection_move_undo", login=self.collector.login)
        item = self._items(move)
        self.assertEqual(item.phase_id, self.phase_first)
        self.assertEqual(
            item.allocation_ids.sorted("id").mapped("reason_out"), ["moved", "undone", False]
        )


@tagged("post_install", "-at_install")
class TestPhone(CrmCollectionLettersCommon, CrmCollectionBrowserCase):
    browser_size = "375x667"
    touch_enabled = True

    def test_first_screen_has_something_on_it(self):
        """Items are in the third phase alone, and their column is the one that is seen."""
        self._create_overdue(40)
        self._allocate()
        self.start_tour("/odoo/collections", "crm_collection_phone", login=self.collector.login)
