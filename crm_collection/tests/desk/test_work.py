from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..common import TODAY, CrmCollectionCommon

POINTS = {
    "reply": 40,
    "broken": 25,
    "promise": 15,
    "amount": 30,
    "age": 20,
    "phase": 10,
    "silence": 10,
    "trust": 10,
}


@tagged("post_install", "-at_install")
class TestWork(CrmCollectionCommon):
    """My Work: who is on the list, in which order, and why."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({f"collection_rank_{part}": points for part, points in POINTS.items()})
        cls.company.collection_rank_full = 1000
        cls.second = cls._create_customer("Bauer AG")
        cls.third = cls._create_customer("Conrad KG")
        for customer in (cls.customer, cls.second, cls.third):
            customer.collection_user_id = cls.collector

    def _desk(self, user=None):
        return self.env(user=user or self.collector)["crm.collection.desk"]

    def _work(self, user=None, **filters):
        self.env.invalidate_all()
        return self._desk(user).get_work(filters)

    def _names(self, user=None, **filters):
        return [line["name"] for line in self._work(user, **filters)["lines"]]

    def _line(self, customer=None, user=None, **filters):
        customer = customer or self.customer
        lines = self._work(user, **filters)["lines"]
        return next((line for line in lines if line["partner_id"] == customer.id), None)

    def _parts(self, customer=None):
        return {part["key"]: part["points"] for part in self._line(customer)["parts"]}

    def _log(self, customer=None, user=None, **vals):
        vals = {"partner_id": (customer or self.customer).id, "company_id": self.company.id, **vals}
        return self.env(user=user or self.collector)["crm.collection.contact"].create(vals)

    def _hold(self, move, kind, until, **vals):
        item = self._items(move)[:1]
        return (
            self.env(user=self.collector)["crm.collection.hold"]
            .with_company(self.company)
            .create(
                {
                    "item_id": item.id,
                    "kind": kind,
                    "reason": "Said so",
                    "date_until": TODAY + timedelta(days=until),
                    **vals,
                }
            )
        )

    def test_points_are_the_sum_of_parts_that_are_told(self):
        """GIVEN a customer 45 days late with half of the amount for full points, never spoken to
        WHEN the list is opened
        THEN each part is worth its share, and the line says so in words.
        """
        self._create_overdue(45, amount=500)
        self._allocate()
        line = self._line()
        parts = self._parts()
        self.assertEqual(parts["amount"], 15)
        self.assertEqual(parts["age"], 10)
        self.assertEqual(parts["silence"], 10)
        self.assertEqual(parts["trust"], 5)
        self.assertAlmostEqual(line["points"], sum(parts.values()))
        self.assertEqual([part["key"] for part in line["parts"]][0], "amount")
        self.assertIn("500.00", line["reason"])
        self.assertEqual((line["overdue"], line["days"]), (500, 45))
        self.assertEqual(line["next"]["key"], "first")

    def test_order_follows_the_weights(self):
        """GIVEN a large young debt and a small old one
        WHEN the manager gives points for age alone
        THEN the old one comes first.
        """
        self._create_overdue(2, amount=5000)
        self._create_overdue(80, amount=10, partner=self.second)
        self._allocate()
        self.assertEqual(self._names(), ["Adler GmbH", "Bauer AG"])
        self.company.write({"collection_rank_amount": 0, "collection_rank_age": 50})
        self.assertEqual(self._names(), ["Bauer AG", "Adler GmbH"])

    def test_due_today_is_not_overdue(self):
        self._create_overdue(0)
        self._create_overdue(1, partner=self.second)
        self._allocate()
        self.assertEqual(self._names(), ["Bauer AG"])

    def test_what_is_held_is_left_alone_until_it_is_over(self):
        """GIVEN an item promised for in three days
        THEN its customer is not on the list, is on its day, and first when it was broken.
        """
        move = self._create_overdue(20, amount=400)
        self._create_overdue(20, amount=600, partner=self.second)
        self._allocate()
        self._hold(move, "promise", 3)
        self.assertEqual(self._names(), ["Bauer AG"])
        self._move_on(3)
        self.assertEqual(self._line()["next"]["key"], "promise")
        self.assertEqual(self._parts()["promise"], POINTS["promise"])
        self._move_on(4)
        self._allocate()
        self.assertEqual(self._names()[0], "Adler GmbH")
        self.assertEqual(self._line()["next"]["key"], "broken")
        self.assertEqual(self._parts()["broken"], POINTS["broken"])
        self.assertEqual(self._names(bucket="broken"), ["Adler GmbH"])
        page = self._desk().get_customer(self.customer.id, self.company.id)
        self.assertEqual(page["broken"], self.customer.collection_broken_note)
        self.assertTrue(page["broken"])
        # somebody who was spoken to about it is not first any more; no answer is no contact
        self._log(outcome_id=self.env.ref("crm_collection.outcome_no_answer").id)
        self.assertEqual(self._line()["next"]["key"], "broken")
        self._log(outcome_id=self.env.ref("crm_collection.outcome_other").id)
        self.assertNotIn("broken", self._parts())

    def test_the_day_before_of_and_after(self):
        """GIVEN a dispute to be resolved by a day, and two promises that overlap, in Auckland
        THEN the dispute is on the list from the day after, the promises from the earlier one's
        day: by the company's clock."""
        self.company.collection_tz = "Pacific/Auckland"
        disputed, promised = self._create_overdue(20), self._create_overdue(20, partner=self.second)
        self._allocate()
        today = self.first_day = self.company._get_collection_today()
        dispute = {"date_until": today + timedelta(days=30), "date_due": today + timedelta(days=2)}
        self._hold(disputed, "dispute", 0, **dispute)
        for days in (5, 2):
            self._hold(promised, "promise", 0, date_until=today + timedelta(days=days))
        self._move_on(1)
        self.assertFalse(self._names())
        self._move_on(1)
        self.assertEqual(self._names(), ["Bauer AG"])
        self.assertEqual(self._line(self.second)["next"]["key"], "promise")
        with freeze_time(fields.Datetime.to_string(self._midnight(3) - timedelta(minutes=1))):
            self.assertFalse(self._names(bucket="dispute"))
        with freeze_time(fields.Datetime.to_string(self._midnight(3))):
            self.assertEqual(self._names(bucket="dispute"), ["Adler GmbH"])

    def _midnight(self, days):
        """The first moment, in UTC, of the day so many days after the first of the company."""
        return self.company._get_collection_midnight(self.first_day + timedelta(days=days))

    def test_merged_customers(self):
        """GIVEN two customers, one with a promise that was broken and a mail that waits
        WHEN they are merged
        THEN there is one line with all of it, and one page with both stories."""
        self._create_overdue(20)
        move = self._create_overdue(20, partner=self.second)
        self._allocate()
        self._hold(move, "promise", 1)
        self._log(self.second, note="Said so")
        waiting = self._log(self.second, user=self.env.ref("base.user_root"), note="Wrote")
        waiting.sudo()._write_evidence({"direction": "in", "state": "waiting"})
        self._move_on(2)
        self._allocate()
        merge = self.env["base.partner.merge.automatic.wizard"].sudo()
        merge._merge((self.customer | self.second).ids, self.customer)
        self.assertEqual(self._names(), ["Adler GmbH"])
        self.assertTrue({"reply", "broken"} <= self._parts().keys())
        self.assertEqual(self._line()["overdue"], 200)
        entries = self._desk().get_timeline(self.customer.id, self.company.id)["entries"]
        told = " ".join(f"{entry['title']} {entry['text']}" for entry in entries)
        for said in ("Said so", "Wrote", "Promise"):
            self.assertIn(said, told)

    def test_a_reply_is_answered_first(self):
        """GIVEN a customer who owes nothing that is overdue, and wrote
        THEN he is on the list until he is answered.
        """
        self._create_overdue(30, partner=self.second)
        self._allocate()
        contact = self._log(user=self.env.ref("base.user_root"), user_id=self.collector.id)
        contact.sudo()._write_evidence({"direction": "in", "channel": "email", "state": "waiting"})
        self.assertEqual(self._line()["next"]["key"], "reply")
        self.assertFalse({"age", "amount", "silence"} & self._parts().keys())
        self.assertEqual(self._names(bucket="reply"), ["Adler GmbH"])
        contact.sudo()._write_evidence({"state": "done"})
        self.assertEqual(self._names(), ["Bauer AG"])

    def test_silence_ends_with_a_contact_of_the_company_day(self):
        """The day of a contact is the company's: one at 23:30 in Sao Paulo is of that day."""
        self.company.collection_tz = "America/Sao_Paulo"
        self._create_overdue(10)
        self._allocate()
        reached = self.env.ref("crm_collection.outcome_other")
        self._log(outcome_id=reached.id, date="2026-03-16 02:30:00")  # the 15th there
        self.assertAlmostEqual(self._parts()["silence"], round(10 / 30, 1))

    def test_taken_back_is_no_contact(self):
        self._create_overdue(10)
        self._allocate()
        contact = self._log(outcome_id=self.env.ref("crm_collection.outcome_other").id)
        self.assertNotIn("silence", self._parts())
        contact.with_user(self.collector).action_take_back()
        self.assertEqual(self._parts()["silence"], 10)

    def test_put_aside_and_taken_up(self):
        """GIVEN a customer who was put aside until a day
        THEN he is on a list of his own, comes back on the day, or when he writes.
        """
        self._create_overdue(10)
        self._allocate()
        desk = self._desk()
        desk.action_put_aside(self.customer.id, self.company.id, str(TODAY + timedelta(days=2)))
        self.assertFalse(self._names())
        self.assertEqual(self._names(bucket="aside"), ["Adler GmbH"])
        desk.action_take_up(self.customer.id, self.company.id)
        self.assertEqual(self._names(), ["Adler GmbH"])
        desk.action_put_aside(self.customer.id, self.company.id)
        self._move_on(1)
        self.assertEqual(self._names(), ["Adler GmbH"])
        desk.action_put_aside(self.customer.id, self.company.id)
        contact = self._log(user=self.env.ref("base.user_root"), user_id=self.collector.id)
        mark = self.env["crm.collection.desk.mark"].sudo().search([])
        mark.date = fields.Datetime.now() - timedelta(minutes=5)  # time stands still here
        contact.sudo()._write_evidence({"direction": "in", "state": "waiting"})
        self.assertEqual(self._names(), ["Adler GmbH"])

    def test_two_marks_are_one_line(self):
        """GIVEN customers who were put aside, and were merged since
        THEN there is one line, put aside for as long as was said last.
        """
        self._create_overdue(10)
        self._allocate()
        for hour, days in ((8, 9), (9, 1)):
            self.env["crm.collection.desk.mark"].sudo().create(
                {
                    "company_id": self.company.id,
                    "partner_id": self.customer.id,
                    "date": f"2026-03-15 0{hour}:00:00",
                    "date_until": TODAY + timedelta(days=days - 1),
                }
            )
        self.assertEqual(self._names(), ["Adler GmbH"])
        self.assertFalse(self._names(bucket="aside"))

    def test_customer_of_another_company_breaks_no_list(self):
        """GIVEN a customer who owes here and is another company's contact now
        THEN the list opens with his name, and without his telephone.
        """
        second = self.env(su=True)["res.company"].create({"name": "Second"})
        self._create_overdue(10)
        self._create_overdue(10, partner=self.second)
        self._allocate()
        (self.customer | self.second).phone = "+49 30 1234"
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id = %s", [second.id, self.customer.id]
        )
        self.assertFalse(self._line()["phone"])
        self.assertEqual(self._line(self.second)["phone"], "+49 30 1234")

    def test_put_aside_is_for_users_and_for_days_to_come(self):
        auditor = self._create_user("auditor", None)
        auditor.group_ids += self.env.ref("account.group_account_readonly")
        self._create_overdue(10)
        self._allocate()
        with self.assertRaises(AccessError):
            self._desk(auditor).action_put_aside(self.customer.id, self.company.id)
        self.assertFalse(self._work(auditor, scope="all")["can_work"])
        for until in (TODAY, "nonsense", {"a": 1}):
            with self.assertRaises(UserError):
                self._desk().action_put_aside(self.customer.id, self.company.id, until)
        for partner_id, company_id in ((0, self.company.id), ("x", 1), (self.customer.id, -1)):
            with self.assertRaises(UserError):
                self._desk().action_put_aside(partner_id, company_id)
        with self.assertRaises(AccessError):
            self._desk(self.outsider).get_work({})

    def test_mine_my_teams_and_all(self):
        """GIVEN three collectors, two of them in a team
        THEN each sees his own, the team's, or everybody's.
        """
        other, stranger = self._create_users(other="user", stranger="user")
        self.second.collection_user_id, self.third.collection_user_id = other, stranger
        for customer in (self.customer, self.second, self.third):
            self._create_overdue(10, partner=customer)
        self._allocate()
        self.assertEqual(self._names(), ["Adler GmbH"])
        self.assertEqual(self._names(scope="team"), ["Adler GmbH"])
        self.env(user=self.manager)["crm.collection.team"].create(
            {
                "name": "North",
                "leader_id": self.manager.id,
                "member_ids": (self.collector | other).ids,
            }
        )
        self.assertEqual(set(self._names(scope="team")), {"Adler GmbH", "Bauer AG"})
        self.assertEqual(set(self._names(self.manager, scope="team")), {"Adler GmbH", "Bauer AG"})
        self.assertEqual(len(self._names(scope="all")), 3)

    def test_search_and_filters_from_outside(self):
        """Whatever is given as a filter is one, or none; it is never an error."""
        self._create_overdue(10)
        self._create_overdue(10, partner=self.second)
        self._allocate()
        self.assertEqual(self._names(search="bau"), ["Bauer AG"])
        for search in ("%", "'; DROP TABLE x; --", "\0", "%s", "__"):
            self._work(search=search)
        for filters in (None, [], "x", {"scope": 1, "bucket": [], "offset": -1, "company_id": {}}):
            self.assertEqual(len(self._desk().get_work(filters)["lines"]), 2)
        self.assertFalse(self._work(offset=80)["lines"])

    def test_planned_for_today_and_letters_that_reached_nobody(self):
        self._create_overdue(10)
        self._create_overdue(10, partner=self.second)
        self._allocate()
        self.second.email = False
        contact = self._log(outcome_id=self.env.ref("crm_collection.outcome_call_back").id)
        contact.activity_schedule(
            "mail.mail_activity_data_call",
            date_deadline=TODAY + timedelta(days=1),
            user_id=self.collector.id,
        )
        self._send_letters()
        self.assertEqual(self._line()["next"]["key"], "wait")
        self.assertEqual(self._line(self.second)["next"]["key"], "call")  # the letter's to-do
        self.assertEqual(self._names(bucket="letter"), ["Bauer AG"])
        self._move_on(1)
        self.assertEqual(self._line()["next"]["key"], "call")

    def test_what_is_new_since_the_last_look(self):
        """GIVEN a collector who looked at the list yesterday
        WHEN a payment comes
        THEN the line says so, and not any more when he comes back after that.
        """
        move = self._create_overdue(10, amount=300)
        self._allocate()
        self._desk().action_look()
        self.assertFalse(self._line()["news"])
        self._move_on(1)
        self._pay(move, 120)
        self._end_transaction()
        [news] = [one for one in self._line()["news"] if one["key"] == "payment"]
        self.assertIn("120.00", news["text"])
        self._desk().action_look()
        self.assertTrue(self._line()["news"])  # he is still looking
        # what is written is written by the database's clock, which does not stand still
        visit = self.env["crm.collection.desk.visit"].sudo().search([])
        visit.date_before = "2099-01-01 00:00:00"
        self.assertFalse(self._line()["news"])

    def test_a_constant_number_of_statements(self):
        """Ten times as many customers take as many statements."""
        moves = [self._create_overdue(10)]
        self._allocate()
        self._work()
        counts = []
        for number in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._desk().get_work({})
            counts.append(self.env.cr.sql_log_count - before)
            if not number:
                partners = [self._create_customer(f"N{index} Ltd") for index in range(9)]
                for partner in partners:
                    partner.collection_user_id = self.collector
                self._create_entry(12, partners=self.env["res.partner"].union(*partners))
                self._allocate()
        self.assertEqual(len(self._names()), 10)
        self.assertEqual(counts[0], counts[1])
        self.assertTrue(moves)
