from odoo.tests import HttpCase, tagged

from ..common_approval import CrmCollectionApprovalCommon


@tagged("post_install", "-at_install")
class TestChatterRoute(CrmCollectionApprovalCommon, HttpCase):
    """The route by which the web client posts: it works as superuser, and passes on what it is
    told."""

    def _post(self, thread, **vals):
        result = self.make_jsonrpc_request(
            "/mail/message/post",
            {
                "thread_model": thread._name,
                "thread_id": thread.id,
                "post_data": {
                    "body": "Approved by the board",
                    "subtype_xmlid": "mail.mt_note",
                    **vals,
                },
            },
        )
        return self.env["mail.message"].sudo().browse(result["message_id"])

    def test_people_post_comments_in_their_own_name(self):
        """Nobody's words look like the record of a decision.

        Seen to fail with the type of a message among what the web client may tell.
        """
        move = self._create_overdue(12)
        self._allocate()
        item = self._items(move)
        self.manager.sudo().group_ids += self.env.ref("base.group_partner_manager")
        self.authenticate(self.manager.login, self.manager.login)
        forged = {"message_type": "notification", "author_id": self.approver.partner_id.id}
        for thread in (item, move, item.phase_id):
            with self.subTest(thread._name):
                message = self._post(thread, **forged)
                self.assertIn("board", message.body)
                self.assertEqual(message.message_type, "comment")
                self.assertEqual(message.author_id, self.manager.partner_id)
        elsewhere = self._post(self.customer, **forged)
        self.assertEqual(elsewhere.message_type, "notification")
