import logging
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...tools.arguments import check_one
from . import forewarning_queries

_logger = logging.getLogger(__name__)

MOST = 50000  # letters of a company on a day
# What is compared before a forewarning is written again.
SAID = (
    *("state", "phase_id", "step_id", "channel", "user_id", "item_count"),
    *("amount", "amount_asked"),
)


class CrmCollectionForewarning(models.Model):
    """A letter that leaves tomorrow by itself, told the evening before to whoever looks after the
    customer: he may hold it back, and need do nothing where all is well.

    Which letters leave is the simulation's to say. What is here is what it said last: when it was
    told, when somebody looked, and when a hold changed. Nobody writes it, and it is gone with the
    letters of the day.
    """

    _name = "crm.collection.forewarning"
    _description = "Letter That Leaves Next"
    _order = "date, amount_asked desc, id"
    _rec_name = "partner_id"

    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, ondelete="cascade"
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(string="Leaves on", required=True, readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Collector",
        readonly=True,
        index="btree_not_null",
        help="Who is told: the collector, else who answers for collections.",
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        readonly=True,
        ondelete="cascade",
        help="The most severe phase of its items: it sets the tone.",
    )
    step_id = fields.Many2one(
        comodel_name="crm.collection.rule.step", readonly=True, ondelete="set null"
    )
    state = fields.Selection(
        selection=[
            ("leaves", "Leaves"),
            ("approval", "Waits for approval"),
            ("stays", "Does not leave"),
        ],
        required=True,
        readonly=True,
        default="leaves",
    )
    channel = fields.Selection(
        selection=lambda self: self.env["crm.collection.letter"]._selection_channel(),
        readonly=True,
        help="By which it goes; what goes by post leaves when somebody has printed it. Empty: it "
        "reaches nobody.",
    )
    item_ids = fields.One2many(
        comodel_name="crm.collection.forewarning.item",
        inverse_name="forewarning_id",
        string="Open Items",
        readonly=True,
    )
    open_items = fields.Char(string="Which Items", readonly=True)
    item_count = fields.Integer(string="Number of Items", readonly=True, aggregator=None)
    amount = fields.Monetary(
        string="Owed",
        currency_field="company_currency_id",
        readonly=True,
        help="What the items of the letter owe, in company currency, at the rate each of them is "
        "booked at.",
    )
    amount_asked = fields.Monetary(
        string="Asked for",
        currency_field="company_currency_id",
        readonly=True,
        help="What the letter asks for: less open credits and what is not due yet, with fine and "
        "interest. In company currency, at the rate each item is booked at.",
    )
    date_known = fields.Datetime(
        string="As of", readonly=True, help="When it was last worked out that it leaves, or not."
    )

    can_take_back = fields.Boolean(compute="_compute_can_take_back", compute_sudo=False)

    _customer_uniq = models.UniqueIndex(
        "(company_id, date, partner_id)", "The letter is announced already."
    )

    # === Compute methods === #

    @api.depends("state", "partner_id")
    @api.depends_context("uid")
    def _compute_can_take_back(self):
        """Whether the user set a hold of the customer today, which was a mistake perhaps."""
        holds = self._get_own_holds()
        held = {(hold.customer_id, hold.company_id) for hold in holds}
        for one in self:
            one.can_take_back = (one.partner_id, one.company_id) in held

    def _get_own_holds(self):
        holds = self.env["crm.collection.hold"].search(
            Domain("customer_id", "in", self.partner_id.ids)
            & Domain("company_id", "in", self.company_id.ids)
            & Domain("state", "=", "active")
            & Domain("user_id", "=", self.env.uid)
        )
        return holds.filtered("can_take_back")

    # === Actions === #

    @api.model
    def action_open(self):
        """What leaves next of the user's customers, as it is now: those of whom he was told, and
        all others for managers.

        :raise AccessError: for who only reads
        """
        self._check_user()
        is_manager = self.env.user.has_group("crm_collection.group_crm_collection_manager")
        for company in self.env.companies:
            day = self._get_next_day(company)
            self._refresh(company, day, None if is_manager else self._get_own(company, day).ids)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_forewarning_action"
        )
        stands_in = len(self.env.user._get_collection_substituted()) > 1
        mine = self.search_count(Domain("user_id", "=", self.env.uid), limit=1)
        shown = "filter_mine" if (mine or not is_manager) and not stands_in else "group_by_user"
        context = {"search_default_filter_leaves": 1, f"search_default_{shown}": 1}
        return {**action, "context": context, "target": "main"}

    def action_hold(self):
        """A hold of the customer: the letter does not leave, nor any other until it ends."""
        self._check_user()
        one = check_one(self)
        return self._open_hold(default_partner_id=one.partner_id.id)

    def action_take_back(self):
        """The user's own holds of the customer, set today, were a mistake: it leaves after all.

        :raise UserError: there is none of these
        """
        self._check_user()
        mine = check_one(self)._get_own_holds()
        if not mine:
            raise UserError(
                self.env._(
                    "There is no hold of today that you set and could take back. What keeps the "
                    "letter from leaving is told on the customer's page; a hold of an earlier day "
                    "is lifted, which asks why."
                )
            )
        return mine.action_take_back()

    def action_customer(self):
        """The customer's page."""
        one = check_one(self)
        return self.env["crm.collection.desk"]._get_customer_action(one.partner_id, one.company_id)

    def _open_hold(self, **defaults):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Hold"),
            "res_model": "crm.collection.hold",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_company_id": self.company_id.id, **defaults},
        }

    def _check_user(self):
        self.check_access("read")
        if not self.env.user.has_group("crm_collection.group_crm_collection_user"):
            raise AccessError(self.env._("Only collection users hold letters back."))

    # === What leaves === #

    @api.model
    def _get_next_day(self, company):
        """:return: the day of the letters that leave next: today where its letters are to come"""
        today = company._get_collection_today()
        run = self.env["crm.collection.run"]._get_last("letters", company).get(company)
        is_over = run and run.date == today and run.state == "done"
        start = company._get_collection_start("letters", today)
        is_past = is_over or start <= fields.Datetime.now()
        return company._get_collection_next_letter_day(today + timedelta(days=int(is_past)))

    @api.model
    def _get_own(self, company, day):
        """:return: the customers the user was told of for a day, and those whose items he works;
        also those of whom he stands in for"""
        in_company = Domain("company_id", "=", company.id)
        is_own = Domain("user_id", "in", self.env.user._get_collection_substituted().ids)
        told = self.search(in_company & is_own & Domain("date", "=", day)).partner_id
        is_open = Domain("state", "=", "open") & Domain("partner_id", "!=", False)
        worked = self.env["crm.collection.item"]._read_group(
            in_company & is_own & is_open, ["partner_id"]
        )
        return told.union(*(partner for (partner,) in worked))

    @api.model
    def _refresh(self, company, day, partner_ids=None):
        """Ask the simulation again what leaves on a day, and keep what it says.

        :param list partner_ids: of some customers alone
        """
        rows = self._get_rows(company, day, partner_ids)
        self_sudo = self.sudo()  # nobody writes it; who may ask was checked
        known = self_sudo.search(
            Domain("company_id", "=", company.id)
            & Domain("date", "=", day)
            & (Domain.TRUE if partner_ids is None else Domain("partner_id", "in", partner_ids))
        )
        by_partner = {one.partner_id.id: one for one in known}
        new, changed, tellers = [], {}, {}
        for row in rows:
            one = by_partner.pop(row["partner_id"], None)
            vals = self._prepare_vals(company, day, row, tellers)
            if one is None:
                new.append((vals, row["lines"]))
            elif not one._says(vals, row["lines"]):
                one.write(vals)
                changed[one] = row["lines"]
        self_sudo._write_items(changed)
        gone = known.browse(one.id for one in by_partner.values())
        gone.filtered(lambda one: one.state != "stays").state = "stays"
        known.date_known = fields.Datetime.now()
        try:
            with self.env.cr.savepoint():
                created = self_sudo.create([vals for vals, _lines in new])
                lines = [lines for _vals, lines in new]
                self_sudo._write_items(dict(zip(created, lines, strict=True)))
        except UniqueViolation:
            _logger.info("What leaves on %s is being told by somebody else, too", day)

    @api.model
    def _get_rows(self, company, day, partner_ids):
        """:return: a row of the simulation for each customer, with its ``state``. What is written
        on the day and waits for sending hours of a later one is told the evening before that.
        """
        if partner_ids == [] or not company.sudo()._is_collection_sending():
            return []
        leaving, waiting = self.env["crm.collection.engine"]._simulate_letters(
            company, day, partner_ids, MOST
        )
        written = {row["partner_id"] for row in leaving}
        leaves = [row for row in leaving if not row["date_leave"]]
        return [row | {"state": "leaves"} for row in leaves] + [
            row | {"state": "approval"} for row in waiting if row["partner_id"] not in written
        ]

    def _write_items(self, lines):
        """
        :param dict lines: {forewarning: its items as the simulation has them}
        """
        if not lines:
            return
        rows = [
            one._prepare_item(line) | {"forewarning_id": one.id, "company_id": one.company_id.id}
            for one, of_one in lines.items()
            for line in of_one
        ]
        self.env.flush_all()
        ids = [one.id for one in lines]
        self.env.cr.execute(forewarning_queries.replace_items(ids, rows, self.env.uid))
        self.env["crm.collection.forewarning.item"].invalidate_model()
        self.invalidate_model(["item_ids"])

    def _says(self, vals, lines):
        """Whether the forewarning says the same already."""
        said = {name: self[name].id if name.endswith("_id") else self[name] for name in SAID}
        return (
            all(said[name] == (vals[name] or False) for name in SAID if name[:6] != "amount")
            and not any(
                self.company_currency_id.compare_amounts(said[name], vals[name])
                for name in ("amount", "amount_asked")
            )
            and {one.line_id.id for one in self.item_ids} == {line["line_id"] for line in lines}
        )

    @api.model
    def _prepare_vals(self, company, day, row, tellers):
        """:param dict row: of ``crm.collection.engine._simulate_letters``
        :param dict tellers: {collector: who is told}, as far as it is known already
        """
        if row["user_id"] not in tellers:
            letter = self.env["crm.collection.letter"].sudo()
            letter = letter.new({"company_id": company.id, "user_id": row["user_id"]})
            tellers[row["user_id"]] = letter._get_responsible().id
        return {
            "company_id": company.id,
            "date": day,
            "partner_id": row["partner_id"],
            "user_id": tellers[row["user_id"]],
            "phase_id": row["phase_id"],
            "step_id": row["step_id"],
            "channel": row.get("channel"),
            "state": row["state"],
            "open_items": ", ".join(name or "" for name in row["names"]),
            "item_count": len(row["lines"]),
            "amount": company.currency_id.round(row["amount"]),
            "amount_asked": company.currency_id.round(row["asked"]),
            "date_known": fields.Datetime.now(),
        }

    @api.model
    def _prepare_item(self, line):
        copied = ("line_id", "item_id", "phase_id", "name", "currency_id", "days")
        return {name: line[name] for name in copied} | {
            "date_maturity": line["date_maturity"],
            "amount": line["amount_residual_currency"],
            "amount_asked": line["amount_asked"],
        }
