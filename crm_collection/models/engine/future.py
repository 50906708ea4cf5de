import copy
from collections import defaultdict
from datetime import timedelta

# Further ahead nothing is foreseen: a hold may last, and a step wait, for a hundred years.
FURTHEST = timedelta(days=3660)
PRETENDED_ID = 2_000_000_000  # beside the numbers of what there is
# What a letter waits for whose day has come: it leaves on another one.
POSTPONED = ("quiet", "contacts", "workday", "hours")
# How a letter is written that leaves as soon as it can: see `condition_queries.waits`.
WAITS = {"state": "failed", "will_retry": True}
# What is pretended, but the customers that are watched: see `Future.forget`.
PRETENDED = (
    *("items", "new_items", "allocations", "moved_ids", "letters", "letter_lines"),
    *("changed_letters", "asked", "withdrawn_ids", "written_line_ids", "contacts"),
    "hours",
)


class Future:
    """What the jobs will have made of some customers' items, if nothing else happens: changed
    items, allocations, letters and requests, in the columns of their tables.

    :param company: ``res.company``, whose items are asked about
    :param companies: those that are one creditor, this one included, in the order of the jobs
    :param date today: the company's day
    :param list partner_ids: the commercial partners it is about
    """

    def __init__(self, company, companies, today, partner_ids):
        self.company = company
        self.companies = companies
        self.senders = companies  # those whose letters job may write to the customers
        self.follows_letters = False  # whether where items go depends on what letters reach
        self.letter_days = {}  # the working days letters wait for, by company's id
        self.today = today
        self.partner_ids = partner_ids
        self.lines = {}  # what they owe: rows of `lines_of_customers` by journal item
        self.judged_ids = []  # promises that were kept or broken
        self.holds = {}  # the last day of those that are in force, or will be
        self.days_until = {}  # the day of the next part that is missed, of payment plans
        self.payments = {}  # the last day one on its way is waited for, by journal item
        self.bounds = set()  # days on which one begins or may end
        self.routes = {}  # how letters get to a customer, or why not
        self.queued = {}  # letters in the mail queue that leave on another day: their first one
        self.queued_items = {}  # their items as they are due for them, by journal item
        self.queued_hours = {}  # the same days, by company's and customer's id
        self.reminders = []  # of promises, that are to come: (day, contact)
        self._last_id = PRETENDED_ID
        self.forget()

    def forget(self):
        """Pretend nothing: the world is as it stands, but what waits in the mail queue for another
        day has not left."""
        self.items = copy.deepcopy(self.queued_items)  # changed columns by journal item
        self.new_items = {}
        self.allocations = []
        self.moved_ids = set()
        self.letters = []
        self.letter_lines = []
        # changed columns of letters that waited, by their number
        self.changed_letters = dict.fromkeys(self.queued, WAITS)
        self.contacts = []  # that customers will have had
        # the day on which the sending hours begin that a letter waits for, by company and customer
        self.hours = dict(self.queued_hours)
        self.asked = {}
        self.withdrawn_ids = set()
        self.written_line_ids = set()
        self.watched_ids = set(self.partner_ids)

    def branch(self):
        """:return: a future that goes on from here by itself"""
        branch = copy.copy(self)
        for fname in PRETENDED:
            setattr(branch, fname, copy.deepcopy(getattr(self, fname)))
        return branch

    def _draw_id(self):
        self._last_id += 1
        return self._last_id

    def add_days(self, days, numbers):
        """:return: the days so many after each of ``days``, from today on; the calendar ends"""
        furthest = self.today + FURTHEST
        return [
            day + timedelta(days=number)
            for day in days
            if day and day < furthest
            for number in numbers
            if self.today <= day + timedelta(days=number)
        ]

    # === What is so === #

    def get(self, fname, line_id):
        """:return: a column of an item as it will be"""
        item = self.new_items.get(line_id) or self.items.get(line_id) or {}
        return item.get(fname, self.lines[line_id].get(fname))

    def get_values(self, fname):
        """:return: what a column of the items says"""
        return {self.get(fname, line_id) for line_id in self.lines}

    def is_due(self, line_id, day):
        """:return: whether the day of an item's next letter has come"""
        date_next = self.get("date_next_letter", line_id)
        return bool(date_next and date_next <= day and self.get("phase_id", line_id))

    def watch(self, partner_ids):
        """Look at the letters of these customers alone: those of others say nothing of them."""
        self.watched_ids = set(partner_ids)

    def _get_watched(self):
        return {
            line_id: line
            for line_id, line in self.lines.items()
            if line["partner_id"] in self.watched_ids
        }

    def get_letter_days(self):
        """:return: the days on which letters are to go"""
        days = {self.get("date_next_letter", line_id) for line_id in self._get_watched()}
        return {day for day in days if day}

    def get_due_partner_ids(self, company, day):
        """:return: the customers with items of a company the day of whose letter has come"""
        return sorted(
            {
                line["partner_id"]
                for line_id, line in self._get_watched().items()
                if line["company_id"] == company.id and self.is_due(line_id, day)
            }
        )

    # === The allocation job === #

    def allocate(self, row, dates=True):
        """Write a row of the plan (see :func:`.foresee_queries.next_changes`).

        :param bool dates: whether the day of the next letter is the plan's to say, of an item
            that stays where it is
        """
        line_id, day = row["line_id"], row["today"]
        item = self._get_or_create(row)
        for fname in ("step_id", "rule_id", "proposed_step_id", "blocker", "approval_state"):
            item[fname] = row[fname]
        item["to_evaluate"] = False
        if row["moves"] or dates:
            item["date_next_letter"] = row["date_next_after"]
            item["date_letter_kept"] = row["date_letter_kept"]
        if row["moves"]:
            item.update(
                phase_id=row["phase_id"], date_phase=day, letter_count=row["letter_count_after"]
            )
            self._enter(item["id"], row, day)
        if row["withdraws"]:
            self.withdrawn_ids.add(item["id"])
            self.asked.pop(line_id, None)
        if row["asks"]:
            self._ask(line_id, item["id"], row)

    def follow(self, row):
        """Write a row of the plan that was made without the letters: of an item that had one since
        it is in its phase, the date of the next is the letter's to say."""
        if row["moves"]:
            self.written_line_ids.discard(row["line_id"])
        is_written = row["line_id"] in self.written_line_ids
        self.allocate(row, dates=not is_written)

    def _get_or_create(self, row):
        line_id = row["line_id"]
        if line_id in self.new_items:
            return self.new_items[line_id]
        if row["item_id"]:
            return self.items.setdefault(line_id, {"id": row["item_id"]})
        copied = ("line_id", "move_id", "partner_id", "name", "currency_id", "no_followup")
        amounts = ("amount_residual", "amount_residual_currency")
        item = {key: row[key] for key in copied} | {key: str(row[key]) for key in amounts}
        item.update(
            id=self._draw_id(),
            company_id=self.lines[line_id]["company_id"],
            date_maturity=row["date_maturity"],
            state="open",
            letter_count=0,
            date_next_letter=None,
        )
        return self.new_items.setdefault(line_id, item)

    def _enter(self, item_id, row, day):
        self.moved_ids.add(item_id)
        for allocation in self.allocations:
            if allocation["item_id"] == item_id and not allocation.get("date_out"):
                allocation.update(date_out=day, reason_out="moved")
        self.allocations.append(
            {
                "id": self._draw_id(),
                "item_id": item_id,
                "phase_id": row["phase_id"],
                "origin": "automatic",
                "date_in": day,
                "day_in": day,
            }
        )

    def _ask(self, line_id, item_id, row):
        number = self._draw_id()
        self.asked[line_id] = {
            "id": number,
            "approval_id": number,
            "item_id": item_id,
            "company_id": self.lines[line_id]["company_id"],
            "phase_id": row["target_phase_id"],
            "state": "pending",
        }

    # === The letters job === #

    def is_letter_day(self, company, day):
        """:return: whether letters of a company leave by themselves on a day"""
        working_days = self.letter_days.get(company.id)
        return not working_days or working_days.is_working(day)

    def filter_leaving(self, letters, day):
        """:return: those of letters that wait which leave on a day: a person's on any"""
        return letters.filtered(
            lambda letter: (
                self.queued.get(letter.id, day) <= day
                and (letter.origin == "manual" or self.is_letter_day(letter.company_id, day))
            )
        )

    def get_next_letter_days(self, day):
        """:return: the days on which companies go on whose letters do not leave on a day"""
        next_days = {days.get_next(day) for days in self.letter_days.values() if days}
        return next_days - {day}

    def queue(self, days, rows):
        """Pretend that letters in the mail queue have not left: their items are due as they were.

        :param dict days: {letter: the first day on which it leaves}
        :param rows: of :func:`.foresee_queries.in_queue`
        """
        self.queued = {letter.id: day for letter, day in days.items()}
        self.queued_hours = {
            (letter.company_id.id, letter.partner_id.id): day for letter, day in days.items()
        }
        self.queued_items = {
            row["line_id"]: {
                "id": row["item_id"],
                "letter_count": row["letter_count"],
                "date_next_letter": row["date_due"],
                "date_letter_kept": None,
            }
            for row in rows
        }
        self.bounds |= set(days.values())
        self.forget()

    def remind(self, day):
        """Customers were reminded of what they promised, up to a day: contacts they had."""
        self.contacts = [contact for on, contact in self.reminders if on <= day]

    def issue(self, states, over_ids, rows, day):
        """Issue letters that waited, as they are.

        :param dict states: {letter id: its state then}
        :param list over_ids: those that do not leave: they are decided anew, or nothing of them is
            owed
        :param list rows: as for :meth:`write_letters`, of the items they are about
        """
        self.changed_letters |= dict.fromkeys(over_ids, {"state": "cancelled"})
        for letter_id, state in states.items():
            self.changed_letters[letter_id] = {"state": state, "date": str(day)}
        for row in rows:
            if not row["problem"]:
                self._write_about(row)

    def write_letters(self, company, rows, day):
        """Write a company's letters of a day.

        :param list rows: :func:`.foresee_queries.due_on` of the customers who get one, with the
            ``problem`` that keeps it there (to be printed, say)
        """
        by_partner = defaultdict(list)
        for row in rows:
            by_partner[row["partner_id"]].append(row)
        for partner_id, of_partner in by_partner.items():
            letter_id = self._draw_id()
            self.letters.append(
                {
                    "id": letter_id,
                    "company_id": company.id,
                    "partner_id": partner_id,
                    "state": of_partner[0]["problem"] or "outgoing",
                    "date": day,
                    "origin": "automatic",
                }
            )
            for row in of_partner:
                line = {"id": self._draw_id(), "letter_id": letter_id, "item_id": row["item_id"]}
                self.letter_lines.append(line)
                if row["problem"]:
                    continue  # it has not left, and is due as it was
                self._write_about(row)

    def _write_about(self, row):
        """A letter about an item left: it has its turn again after the step's interval."""
        item = self._get_or_create(row)
        self.written_line_ids.add(row["line_id"])
        item["letter_count"] = row["letter_count"] + 1
        item["date_next_letter"] = row["date_after"] if row["goes_after"] else None
