from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ...tools.arguments import check_one
from ...tools.context import without_keys
from ...tools.done import get_done

# What an outcome asks for, and the hold that keeps it.
HOLD_KINDS = {"promise": "promise", "dispute": "dispute", "hold": "block"}
ITEM_MODELS = ("crm.collection.item", "account.move")
LONGEST_REASON = 200


class CrmCollectionContactLog(models.TransientModel):
    """Log a call, a meeting or a message, with all that came of it, in one dialog.

    Opened on items, entries, a customer or one of his contacts. Everything is written in one
    transaction and as the user: the contact in his name, the holds within what he may set, the
    next activity on the contact. What the dialog shows is in :mod:`.log_screen`.
    """

    _name = "crm.collection.contact.log"
    _inherit = "crm.collection.item.selection"
    _description = "Log a Collection Contact"

    company_id = fields.Many2one(
        comodel_name="res.company", required=True, default=lambda self: self._default_company_id()
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        default=lambda self: self._default_partner_id(),
        domain="['|', ('parent_id', '=', False), ('is_company', '=', True)]",
    )
    person_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_person_id",
        store=True,
        compute_sudo=False,
        readonly=False,
        domain="[('id', 'child_of', partner_id)]",
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    channel = fields.Selection(
        selection=lambda self: self._get_selection("channel"), required=True, default="call"
    )
    direction = fields.Selection(
        selection=lambda self: self._get_selection("direction"), required=True, default="out"
    )
    outcome_id = fields.Many2one(comodel_name="crm.collection.outcome")
    follow_up = fields.Selection(related="outcome_id.follow_up")
    item_ids = fields.Many2many(
        relation="crm_collection_contact_log_item_rel",
        compute="_compute_item_ids",
        store=True,
        compute_sudo=False,
        default=None,
        readonly=False,
    )
    is_whole = fields.Boolean(
        compute="_compute_is_whole",
        store=True,
        compute_sudo=False,
        help="Nothing was picked: what is agreed on is agreed on for the customer.",
    )
    note = fields.Text()
    reason = fields.Char(help="Empty: the first line of the note.")
    date_until = fields.Date(
        string="Until",
        compute="_compute_date_until",
        store=True,
        compute_sudo=False,
        readonly=False,
    )
    amount = fields.Monetary(string="Promised Amount", help="0: all that is owed.")
    next_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="Next Action",
        default=lambda self: self.env.ref("mail.mail_activity_data_call", False),
        domain="[('res_model', 'in', (False, 'crm.collection.contact'))]",
    )
    next_date = fields.Date(
        string="On", compute="_compute_next_date", store=True, compute_sudo=False, readonly=False
    )
    next_user_id = fields.Many2one(
        comodel_name="res.users",
        string="By",
        compute="_compute_next_user_id",
        store=True,
        compute_sudo=False,
        readonly=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )

    @api.model
    def _get_selection(self, fname):
        return self.env["crm.collection.contact"]._fields[fname]._description_selection(self.env)

    # === Defaults === #

    @api.model
    def default_get(self, fields):
        """Whoever is named as a customer and is one of his contacts is the person spoken to."""
        defaults = super().default_get(fields)
        partner = self.env["res.partner"].browse(defaults.get("partner_id"))
        customer = partner.commercial_partner_id
        if customer != partner:
            defaults |= {"partner_id": customer.id, "person_id": partner.id}
        return defaults

    @api.model
    def _default_partner_id(self):
        """:raise UserError: it is opened on several customers"""
        records = self._get_opened_on()
        if records._name == "res.partner":
            customers = records.commercial_partner_id
        elif records._name == "account.move":
            customers = records.commercial_partner_id or records.collection_item_ids.partner_id
        else:
            customers = records.partner_id.commercial_partner_id
        if records:
            self.env["crm.collection.contact"]._check_one_customer(customers)
        named = records._name == "res.partner" and len(records) == 1
        return records if named else customers

    @api.model
    def _default_company_id(self):
        companies = self._default_item_ids().company_id or self._get_opened_company()
        return self.env.company if self.env.company in companies else companies[:1]

    def _get_opened_company(self):
        records = self._get_opened_on()
        has_company = records and records._name != "res.partner"
        return records.company_id if has_company else self.env.company

    @api.model
    def _get_opened_on(self):
        """:return: the records of the context, those of nothing in particular as items"""
        known = (*ITEM_MODELS, "res.partner", "crm.collection.customer")
        model = self.env.context.get("active_model")
        if model not in known:
            return self.env["crm.collection.item"]
        return self.env[model].browse(self._get_active_ids())

    # === Compute methods === #

    @api.depends("partner_id")
    def _compute_person_id(self):
        """Who was spoken to last, else who deals with collections, else the customer."""
        Contact = self.env["crm.collection.contact"]
        for wizard in self:
            customer = wizard.partner_id
            if not customer:
                wizard.person_id = False
                continue
            domain = Domain("partner_id", "=", customer.id) & Domain("person_id", "!=", False)
            last = Contact.search(domain & Domain("person_id.active", "=", True), limit=1)
            typed = customer.address_get(["collection"])["collection"]
            wizard.person_id = last.person_id or typed

    @api.depends("partner_id", "company_id")
    def _compute_item_ids(self):
        """Those it was opened on, else all that is overdue."""
        for wizard in self:
            items = wizard._get_picked() or wizard._get_overdue()
            wizard.item_ids = [Command.set(items.ids)]

    @api.depends("item_ids")
    def _compute_is_whole(self):
        for wizard in self:
            items = wizard.item_ids._origin
            is_default = not wizard._get_picked() and items == wizard._get_overdue()
            wizard.is_whole = is_default or not items

    @api.depends("outcome_id", "company_id")
    def _compute_date_until(self):
        """Whoever may not hold back without an end is offered the last day he may."""
        Hold = self.env["crm.collection.hold"]
        for wizard in self:
            kind = HOLD_KINDS.get(wizard.follow_up)
            offered = Hold._get_offered(kind, wizard.company_id) if kind else {}
            wizard.date_until = offered.get("date_until", False)

    @api.depends("outcome_id", "company_id")
    def _compute_next_date(self):
        """So many days later, or the next working day."""
        for wizard in self:
            company, days = wizard.company_id, wizard.outcome_id.next_days
            wizard.next_date = days and company._get_collection_workday(days)

    @api.depends("partner_id", "company_id")
    def _compute_next_user_id(self):
        """The customer's collector, as far as he works, else who logs it."""
        for wizard in self:
            customer = wizard.partner_id.with_company(wizard.company_id)
            collector = customer and customer._get_collection_collector()
            wizard.next_user_id = collector or self.env.user

    def _get_picked(self):
        """:return: the items it was opened on, of the customer and company that it is about"""
        if self.env.context.get("active_model") not in ITEM_MODELS:
            return self.env["crm.collection.item"]
        return self._default_item_ids().filtered_domain(self._get_items_domain())

    def _get_overdue(self):
        today = self.company_id._get_collection_today()
        overdue = self._get_items_domain() & Domain("date_maturity", "<", today)
        return self.env["crm.collection.item"].search(overdue)

    def _get_items_domain(self):
        return (
            Domain("partner_id", "=", self.partner_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("state", "=", "open")
        )

    # === Actions === #

    def action_log(self):
        """Put the contact on record, with what was agreed on, and plan what comes next."""
        check_one(self).check_access("read")
        self._check_complete()
        # what opened the dialog says nothing of the records that come of it
        Contact = without_keys(self.env["crm.collection.contact"])
        holds = self._set_holds()
        contact = Contact.create(
            {
                "company_id": self.company_id.id,
                "partner_id": self.partner_id.id,
                "person_id": self.person_id.id,
                "date": self.date,
                "channel": self.channel,
                "direction": self.direction,
                "outcome_id": self.outcome_id.id,
                "item_ids": [Command.set(self.item_ids.ids)],
                "note": self.note,
                "hold_ids": [Command.set(holds.ids)],
            }
        )
        self._schedule(contact)
        return get_done(self.env._("Logged: %s", contact.display_name), contact)

    def _check_complete(self):
        """:raise UserError: something is missing, or cannot be"""
        env, today = self.env, self.company_id._get_collection_today()
        if not self.outcome_id:
            raise UserError(env._("Choose what came of it."))
        strangers = self.item_ids - self.item_ids.filtered_domain(self._get_items_domain())
        if strangers:
            raise UserError(
                env._(
                    "%(items)s: not open any more, or not of %(customer)s. Uncheck it.",
                    items=", ".join(strangers.mapped("display_name")),
                    customer=self.partner_id.display_name,
                )
            )
        if self.next_date and self.next_date < today:
            raise UserError(env._("The next action cannot be in the past."))
        if self.follow_up in HOLD_KINDS:
            self._check_hold(today)

    def _check_hold(self, today):
        env, is_promise = self.env, self.follow_up == "promise"
        if is_promise and not self.date_until:
            raise UserError(env._("Say which day the payment is promised for."))
        if self.date_until and self.date_until < today:
            raise UserError(env._("The day until which collection waits cannot be in the past."))
        if self.follow_up == "dispute" and not self._get_first_line():
            raise UserError(env._("Say what is disputed, as the reason or in the note."))

    # === What comes of it === #

    def _set_holds(self):
        """:return: one hold of the customer where nothing was picked, one promise about the items
        that were, as *Hold...* makes it, else a hold for each item"""
        Hold, kind = without_keys(self.env["crm.collection.hold"]), HOLD_KINDS.get(self.follow_up)
        if not kind:
            return Hold
        common = {
            "kind": kind,
            "company_id": self.company_id.id,
            "reason": self._get_first_line() or self.outcome_id.name,
        }
        if self.date_until:
            common["date_until"] = self.date_until
        amount = self.amount if kind == "promise" else 0.0
        if self.is_whole:
            return Hold.create([{**common, "partner_id": self.partner_id.id, "amount": amount}])
        if kind == "promise":
            items = self._get_promised(amount)
            return Hold.create({**common, "item_ids": [Command.set(items.ids)], "amount": amount})
        return Hold.create([{**common, "item_id": item.id} for item in self.item_ids])

    def _get_promised(self, amount):
        """:return: the items that the amount (0: all that is owed) pays. What is due first is paid
        first, as open credits do; what nothing is promised of is not held."""
        items = self.item_ids.sorted(lambda item: (item.date_maturity, item.line_id.id))
        if not amount:
            return items
        currency, promised, left = self.currency_id, items.browse(), amount
        for item in items:
            if currency.compare_amounts(left, 0) > 0:
                promised |= item
                left -= item.amount_residual
        if currency.compare_amounts(left, 0) > 0:
            raise UserError(
                self.env._("More is promised than these items owe. Check others, or promise less.")
            )
        return promised

    def _get_first_line(self):
        """:return: why, in one line"""
        lines = (self.reason or self.note or "").strip().splitlines()
        return lines[0][:LONGEST_REASON] if lines else ""

    def _schedule(self, contact):
        if not self.next_date:
            return
        contact.activity_schedule(
            date_deadline=self.next_date,
            summary=self.outcome_id.name,
            note=self.note or "",
            activity_type_id=self.next_type_id.id,
            user_id=(self.next_user_id or self.env.user).id,
            automated=False,
        )
