import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import LazyTranslate

from ...tools.arguments import get_ids
from . import hold_queries

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)


# What becomes of a hold later.
LATER = ("date_closed", "closed_on", "entry_name")
# How each hold begins, whatever anybody says.
BEGINNING = ("state", "user_id", *LATER)


class CrmCollectionHold(models.Model):
    """Collection held back for a customer, an entry or an item, or for several items of a customer
    that are spoken of together: a promise about them is one, and kept or broken as one.

    While a hold is in force nothing it covers moves or is written to; when it ends, collection
    resumes by itself in the phase the days say. What a promise becomes is said in :mod:`.promise`.
    """

    _name = "crm.collection.hold"
    _inherit = ["crm.collection.retained", "crm.collection.evidence", "crm.collection.thread"]
    _description = "Collection Hold"
    _order = "date_from desc, id desc"
    _check_company_auto = True
    _allow_sudo_commands = False  # what is written as superuser elsewhere reaches no hold
    _evidence_refusals = {
        "write": _lt(
            "A hold is on record: it is changed with Change and ended with Lift, which ask why."
        ),
        "unlink": _lt("Holds are not deleted: they are the record. Lift one that is in force."),
    }
    _evidence_system = True
    _evidence_error = UserError
    _evidence_chatter = True

    kind = fields.Selection(
        selection=[("block", "Block"), ("dispute", "Dispute"), ("promise", "Promise to pay")],
        default="block",
        required=True,
        tracking=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", index="btree_not_null", tracking=True
    )
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice/Entry",
        check_company=True,
        ondelete="set null",  # the record of the hold stays, see `_release_entries`
        index="btree_not_null",
    )
    item_id = fields.Many2one(
        comodel_name="crm.collection.item",
        string="Open Item",
        check_company=True,
        ondelete="cascade",
        index="btree_not_null",
    )
    item_ids = fields.Many2many(
        comodel_name="crm.collection.item",
        relation="crm_collection_hold_item_rel",
        column1="hold_id",
        column2="item_id",
        string="Open Items",
        check_company=True,
        copy=False,
        help="Several items of one customer, held together.",
    )
    is_several = fields.Boolean(string="Several Items", readonly=True, copy=False)
    customer_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer Concerned",
        compute="_compute_customer_id",
        store=True,
        index="btree_not_null",
    )
    entry_name = fields.Char(
        string="Deleted Entry", readonly=True, copy=False, help="Its number, when it was deleted."
    )
    reason = fields.Char(required=True, tracking=True)
    date_from = fields.Date(required=True, default=lambda self: self._default_date_from())
    date_until = fields.Date(
        string="Until",
        tracking=True,
        help="Last day of the hold, or the day the payment is promised for. Empty: until lifted.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="By",
        default=lambda self: self.env.user,
        readonly=True,
        copy=False,
    )
    state = fields.Selection(
        selection=[
            ("active", "In force"),
            ("ended", "Ended"),
            ("kept", "Promise kept"),
            ("broken", "Promise broken"),
            ("void", "Set by mistake"),
        ],
        default="active",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    date_closed = fields.Date(readonly=True, copy=False)
    closed_on = fields.Datetime(string="Over since", readonly=True, copy=False)
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(
        aggregator=None,
        tracking=True,
        help="What is promised, or disputed, in the company's currency. 0: all that is owed.",
    )

    _promise_has_date = models.Constraint(
        "CHECK(kind != 'promise' OR date_until IS NOT NULL)", "A promise needs the day it is for."
    )
    _one_scope = models.Constraint(
        """CHECK(num_nonnulls(partner_id, move_id, item_id) = 1 AND is_several IS NOT TRUE
                 OR num_nonnulls(partner_id, move_id, item_id) = 0
                    AND (entry_name IS NOT NULL OR is_several IS TRUE))""",
        "A hold is for one customer, one invoice, one item, or several items of one customer.",
    )
    _dates_in_order = models.Constraint(
        "CHECK(date_until IS NULL OR date_until >= date_from)", "The hold ends before it begins."
    )
    _amount_positive = models.Constraint(
        "CHECK(amount >= 0)", "A promised or disputed amount cannot be negative."
    )
    _active_idx = models.Index("(company_id) WHERE state = 'active'")

    def _default_date_from(self):
        return self.env.company._get_collection_today()

    # === Compute methods === #

    @api.depends(
        *("kind", "customer_id", "move_id", "item_id", "item_ids", "entry_name", "date_until")
    )
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            scope = record.item_id or record.move_id or record.partner_id
            name = scope.display_name or record.entry_name or ""
            if record.is_several:
                items = self.env._("%s open items", len(record.item_ids))
                name = ", ".join(filter(None, (record.customer_id.name, items)))
            record.display_name = f"{kinds.get(record.kind, '')}: {name}"

    @api.depends("partner_id", "move_id.partner_id", "item_id.partner_id", "item_ids.partner_id")
    def _compute_customer_id(self):
        """Shown; what is held is asked of :mod:`.hold_queries`. An entry that names no customer
        has that of its lines, where it is one; of a deleted one it stays on record."""
        for record in self:
            if record.entry_name:
                record.customer_id = record.customer_id
                continue
            items = record.item_id | record.item_ids
            named = record.partner_id or items.partner_id or record.move_id.partner_id
            lines = record.move_id.line_ids.filtered(
                lambda line: line.account_type == "asset_receivable"
            )
            partners = (named or lines.partner_id).commercial_partner_id
            record.customer_id = partners if len(partners) == 1 else False

    @api.onchange("company_id", "move_id", "item_id", "item_ids")
    def _onchange_company_id(self):
        """A hold begins today where its company is, which may not be where its user is; another
        day that was chosen stays."""
        items = self.item_id | self.item_ids[:1]
        company = items.company_id or self.move_id.company_id or self.company_id
        if company and not self._origin:
            self.company_id = company
            if self.date_from in {one._get_collection_today() for one in self.env.companies}:
                self.date_from = company._get_collection_today()

    # === Constraints and ORM overrides === #

    @api.constrains("company_id", "item_id", "item_ids", "move_id")
    def _check_scope_company(self):
        for record in self:
            scope = record.item_id or record.item_ids or record.move_id
            if scope and scope.company_id != record.company_id:
                raise ValidationError(
                    self.env._("The hold and what it holds belong to different companies.")
                )

    @api.constrains("item_ids", "is_several")
    def _check_items(self):
        for record in self:
            if record.is_several != bool(record.item_ids):
                raise ValidationError(self.env._("Which items are held is said when it is set."))
            if len(record.item_ids.partner_id.commercial_partner_id) > 1:
                raise ValidationError(
                    self.env._("Items of several customers are held for each customer by itself.")
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Set holds in the user's own name.

        :raise UserError: a hold is to begin in another state, or in another's name
        """
        for vals in vals_list:
            self._complete_vals(vals)
            self._complete_date(vals)
            self._complete_until(vals)
        holds = super().create(vals_list)
        # looked at afterwards: a default may have said it, too
        if not self.env.su:
            if any(hold._is_forged() for hold in holds):
                raise UserError(
                    self.env._("A hold begins in force, and in the name of who sets it.")
                )
            holds._check_begins()
            holds._check_length()
        self._forget_held()
        return holds

    def write(self, vals):
        """Change a hold: what is evidence of it is not."""
        self.check_access("write")
        self._complete_vals(vals)
        result = super().write(vals)
        self._forget_held()
        return result

    @api.model
    def _is_default_own(self, fname):
        # EXTENDS 'crm.collection.evidence': the rest is what screens say of a new hold
        return fname in BEGINNING

    def unlink(self):
        """A hold that goes with its item holds nothing any more."""
        result = super().unlink()
        self._forget_held()
        return result

    def _forget_held(self):
        """What items say of holds is asked of the database, and anew when a hold changes."""
        self.env["crm.collection.item"].invalidate_model(["hold_id", "is_held"], flush=False)

    def _is_forged(self):
        self.ensure_one()
        changed = any(self[fname] for fname in LATER) or self.user_id != self.env.user
        return self.state != "active" or changed

    def _complete_vals(self, vals):
        """The scope is the commercial partner, and brings its company along. One item alone is not
        several."""
        if partner_id := vals.get("partner_id"):
            partner = self.env["res.partner"].browse(partner_id)
            vals["partner_id"] = partner.commercial_partner_id.id
        if "item_ids" in vals:
            ids = self._get_item_ids(vals.pop("item_ids"))
            vals |= {"item_id": ids[0]} if len(ids) == 1 else {}
            vals |= {"item_ids": [Command.set(ids)], "is_several": True} if len(ids) > 1 else {}
            first = self.env["crm.collection.item"].browse(ids[:1])
            if first:
                vals.setdefault("company_id", first.company_id.id)
        for fname in ("item_id", "move_id"):
            if vals.get(fname) and "company_id" not in vals:
                record = self.env[self._fields[fname].comodel_name].browse(vals[fname])
                vals["company_id"] = record.company_id.id

    @api.model
    def _get_item_ids(self, commands):
        """:return: the items that a form, or a caller, names by commands, each once"""
        ids = []
        for command in commands if isinstance(commands, (list, tuple)) else ():
            if isinstance(command, (list, tuple)) and len(command) > 1:
                ids += get_ids(command[2] if command[0] == Command.SET else command[1])
        return list(dict.fromkeys(ids))

    def _complete_date(self, vals):
        """A hold begins today where its company is, which may not be where its user is."""
        if vals.get("company_id") and not {"date_from", "default_date_from"} & {
            *vals,
            *self.env.context,
        }:
            company = self.env["res.company"].browse(vals["company_id"])
            vals["date_from"] = company._get_collection_today()

    # === Business methods === #

    def _close(self, state, **vals):
        """:param vals: what else is said of how they end; all that is, where they have already"""
        again = self.filtered(lambda record: record.state == state)
        if again and vals:
            again.sudo().write(vals)
        for company, holds in (self - again).grouped("company_id").items():
            is_over = state != "active"
            when = {
                "date_closed": is_over and company._get_collection_today(),
                "closed_on": is_over and fields.Datetime.now(),
            }
            # state is the engine's field: the access check was the caller's
            holds.sudo().write({"state": state, **when, **vals})

    @api.model
    def _refresh_customers(self, items):
        """Items changed hands by SQL: so did the holds that are about them."""
        if not items:
            return
        holds_sudo = self.sudo().search(
            Domain("item_id", "in", items.ids)
            | Domain("item_ids", "in", items.ids)
            | Domain("move_id", "in", items.move_id.ids)
        )
        self.env.add_to_compute(self._fields["customer_id"], holds_sudo)

    @api.model
    def _follow_customers(self, partners):
        """Contacts belong to another customer now: so do the holds that are about them."""
        family_sudo = partners.sudo().with_context(active_test=False)
        ids = family_sudo.search([("id", "child_of", partners.ids)]).ids
        holds_sudo = self.sudo().search(
            Domain("partner_id", "in", ids)
            | Domain("move_id.partner_id", "in", ids)
            | Domain("item_id.partner_id", "in", ids)
            | Domain("item_ids.partner_id", "in", ids)
        )
        self.env.add_to_compute(self._fields["customer_id"], holds_sudo)

    @api.model
    def _release_entries(self, moves):
        """Before entries are deleted: their holds end, and keep what they were about."""
        holds_sudo = self.sudo().search([("move_id", "in", moves.ids)])  # whoever deletes them
        for move, of_move in holds_sudo.grouped("move_id").items():
            of_move.entry_name = move.display_name
        holds_sudo.filtered(lambda record: record.state == "active")._close("ended")

    def _close_safely(self, state, run=None, **vals):
        """Close the holds together, or one by one when one of them cannot be."""
        try:
            with self.env.cr.savepoint():
                return self._close(state, **vals)
        except psycopg2.OperationalError:
            raise  # not the hold's fault: the run decides
        except Exception as error:
            if len(self) == 1:
                _logger.info("Hold %s could not be closed: %s", self.id, error)
                if run:
                    run._log_exception(f"{self.display_name}: {error}", self.item_id.id)
                return None
        for record in self:
            record._close_safely(state, run, **vals)
        return None

    @api.model
    def _get_by_item(self, items):
        """:return: {item id: the hold in force today}"""
        result = {}
        for company, company_items in items.grouped("company_id").items():
            if company and company_items.ids:
                result.update(self._get_by_item_of_company(company, company_items))
        return result

    def _get_by_item_of_company(self, company, items):
        self.env.flush_all()
        today = company._get_collection_today()
        rows = self.env.execute_query(hold_queries.held_items(company.id, today, items.ids))
        return {item_id: self.browse(hold_id) for item_id, hold_id in rows}

    @api.model
    def _get_held_items_domain(self):
        """:return: domain of the items held today, in whichever company: what may be seen of them
        is the record rules' to say"""
        self.env.flush_all()
        domain = Domain.FALSE
        for (company,) in self.sudo()._read_group([("state", "=", "active")], ["company_id"]):
            held = hold_queries.held_item_ids(company.id, company._get_collection_today())
            domain |= Domain("id", "in", held)
        return domain
