import sys

from odoo.tests import TransactionCase, new_test_user, tagged

OWN = "/crm_collection/models/"
COUNT = 20
CORE = ("create", "write")


@tagged("post_install", "-at_install")
class TestOrdinary(TransactionCase):
    """Who posts, mails or keeps contacts and has nothing to do with collections pays for the
    module with a few calls: counted here, timed by `./dev bench --ordinary`.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        user = new_test_user(
            cls.env, "employee", groups="base.group_user,base.group_partner_manager"
        )
        cls.env = cls.env(user=user)
        cls.partner = cls.env["res.partner"].create({"name": "Customer"})

    def _count(self, work):
        """:return: how often each of many called the module, or was called by it"""
        work(0)
        self.env.flush_all()  # what is cached is cached
        calls = []

        def profile(frame, event, _argument):
            if event != "call":
                return
            own = [OWN in one.f_code.co_filename for one in (frame, frame.f_back) if one]
            # of what the module calls, core's own methods go on as they would without it
            if own[0] or own[1:] == [True] and frame.f_code.co_name not in CORE:
                calls.append(frame.f_code.co_name)

        sys.setprofile(profile)
        try:
            for number in range(COUNT):
                work(number)
                self.env.flush_all()
        finally:
            sys.setprofile(None)
        return len(calls) / COUNT

    def test_messages(self):
        calls = self._count(lambda number: self.partner.message_post(body=f"Message {number}"))
        self.assertLessEqual(calls, 10)

    def test_partners(self):
        create = self.env["res.partner"].create
        calls = self._count(lambda number: create({"name": f"Partner {number}"}))
        self.assertLessEqual(calls, 9)  # who keeps contacts, and who gave a customer its own rule
