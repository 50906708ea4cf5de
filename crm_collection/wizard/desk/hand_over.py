from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain

from ...tools.arguments import check_one, get_ids
from ...tools.done import get_done, get_undone
from ...tools.text import get_names

USER_GROUP = "crm_collection.group_crm_collection_user"


class CrmCollectionHandOver(models.TransientModel):
    """Give customers to another collector: all that is open of theirs goes along, in one step and
    with one notice.

    It is done in one company at a time: a customer's collector is a company's own.
    """

    _name = "crm.collection.hand.over"
    _inherit = "crm.collection.hand.back"
    _description = "Hand Over Customers"
    _check_company_auto = True

    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    partner_ids = fields.Many2many(
        comodel_name="res.partner",
        relation="crm_collection_hand_over_partner_rel",
        string="Customers",
        readonly=True,
        context={"active_test": False},  # an archived customer still owes
    )
    item_ids = fields.Many2many(
        comodel_name="crm.collection.item",
        relation="crm_collection_hand_over_item_rel",
        string="Open Items",
        readonly=True,
        help="Those that were chosen: they go along, whoever works them.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="New Collector",
        required=True,
        domain=lambda self: self._get_user_domain(),
    )
    reason = fields.Char(required=True)
    everyone = fields.Boolean(
        string="What Others Work, Too",
        help="Also the items that a person gave to somebody who is not the customer's collector.",
    )
    customer_names = fields.Char(string="Names", compute="_compute_counts", compute_sudo=False)
    customer_count = fields.Integer(compute="_compute_counts", compute_sudo=False)
    item_count = fields.Integer(
        string="Open Items to Hand Over", compute="_compute_counts", compute_sudo=False
    )
    other_count = fields.Integer(
        string="Open Items of Others", compute="_compute_counts", compute_sudo=False
    )

    @api.model
    def _get_user_domain(self):
        group = self.env.ref(USER_GROUP, False)
        return [("share", "=", False), ("all_group_ids", "in", group.ids if group else [])]

    # === What it is about === #

    @api.model
    def default_get(self, fields):
        """Take what the dialog was opened on: customers, contacts, or items.

        :raise UserError: they are of several companies
        """
        defaults = super().default_get(fields)
        companies, partners, items = self._get_active()
        if len(companies) > 1:
            raise UserError(self.env._("Choose customers of one company at a time."))
        found = {
            "company_id": companies.id or self.env.company.id,
            "partner_ids": [Command.set(partners.ids)],
            "item_ids": [Command.set(items.ids)],
        }
        return defaults | {fname: value for fname, value in found.items() if fname in fields}

    @api.model
    def _get_active(self):
        """:return: the companies, customers and items that were chosen"""
        Item, context = self.env["crm.collection.item"], self.env.context
        model = context.get("active_model")
        ids = get_ids(context.get("active_ids") or context.get("active_id") or 0)
        chosen = Domain("id", "in", ids)
        if model == Item._name:
            items = Item.search(chosen & Domain("state", "=", "open"))
            return items.company_id, items.partner_id, items
        if model == "crm.collection.customer":
            customers = self.env[model].search(chosen)
            return customers.company_id, customers.partner_id, Item
        Partner = self.env["res.partner"].with_context(active_test=False)
        partners = Partner.search(chosen) if model == Partner._name else Partner
        return self.env.company, partners.commercial_partner_id, Item

    @api.depends("partner_ids", "item_ids", "everyone")
    def _compute_counts(self):
        for wizard in self:
            others = wizard._get_open_items() - wizard._get_own_items()
            wizard.customer_count = len(wizard.partner_ids)
            wizard.customer_names = get_names(wizard.partner_ids)
            wizard.other_count = len(others)
            items = wizard._get_open_items() if wizard.everyone else wizard._get_own_items()
            wizard.item_count = len(items)

    def _get_open_items(self):
        return self.env["crm.collection.item"].search(
            [
                ("partner_id", "in", self.partner_ids.ids),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "open"),
            ]
        )

    def _get_own_items(self):
        """:return: the items that go along: those that were chosen, and those of nobody, of their
        customer's collector, or of who does not work there any more"""
        customers = self.partner_ids._origin.with_company(self.company_id)
        collectors = {one.id: one._get_collection_collector() for one in customers}
        items = self._get_open_items()
        gone = items.user_id.sudo().filtered(
            lambda user: not user.active or self.company_id not in user.company_ids
        )
        kept = items.filtered(
            lambda item: (
                item.user_id
                and item.user_id not in gone
                and item.user_id != collectors.get(item.partner_id.id)
            )
        )
        return items - (kept - self.item_ids._origin)

    # === Handing over === #

    def action_apply(self):
        """Give the customers and what is open of theirs to the new collector, and tell him once.

        :raise AccessError: who asks does not work in collections there
        :raise UserError: the new collector does not
        """
        check_one(self)
        self._check_rights()
        customers = self.partner_ids.commercial_partner_id.with_company(self.company_id)
        if not customers:
            raise UserError(self.env._("There is no customer to hand over."))
        customers.check_access("write")
        items = self._get_open_items() if self.everyone else self._get_own_items()
        watched = self._watch(customers)
        with_collector = customers.filtered(
            lambda customer: customer._get_collection_collector() == self.user_id
        )
        customers.collection_user_id = self.user_id
        # what was left with somebody else before
        rest = customers if self.everyone else with_collector
        if rest:
            rest._hand_over_collection(self.user_id, self.user_id, self.everyone)
        if chosen := self.item_ids.filtered(lambda item: item.user_id != self.user_id):
            chosen.with_context(mail_auto_subscribe_no_notify=True).user_id = self.user_id
        self.env.flush_all()
        self._remember(customers, watched)
        self._log_on(customers, self._get_told())
        self._notify(customers, len(items))
        return self._get_answer(customers, len(items))

    def _get_answer(self, customers, item_count):
        said = self.env._(
            "Handed over to %(user)s: %(names)s. Open items: %(count)s.",
            user=self.user_id.sudo().name,
            names=get_names(customers),
            count=item_count,
        )
        return get_done(said, self if self.sudo().changes else None)

    def action_undo(self):
        """Give the customers back to whose they were, with what went along, and tell who had them
        meanwhile.

        :raise UserError: they were handed over again since
        """
        check_one(self)
        self._check_rights()
        customers = self._hand_back(self.company_id)
        env = self._get_office_env()
        text = env._("Collections of %s: the hand-over was taken back.", self.company_id.name)
        self._log_on(customers, text)
        self._notify_back(customers)
        return get_undone(self.env._("Handed back: %s", get_names(customers)))

    def _check_rights(self):
        user_sudo = self.user_id.sudo()
        if not self.env.user.has_group(USER_GROUP) or self.company_id not in self.env.companies:
            raise AccessError(self.env._("Only collection users of the company hand over."))
        letter = self.env["crm.collection.letter"].new({"company_id": self.company_id.id})
        if user_sudo.share or not letter._is_workable_by(user_sudo):
            raise UserError(
                self.env._(
                    "%(user)s does not work in collections of %(company)s.",
                    user=user_sudo.name,
                    company=self.company_id.name,
                )
            )

    # === Telling === #

    def _get_office_env(self):
        """The language of the company's people."""
        return self.with_context(lang=self.company_id._get_collection_lang()).env

    def _get_told(self):
        return self._get_office_env()._(
            "Collections of %(company)s: handed over to %(user)s. %(reason)s",
            company=self.company_id.name,
            user=self.user_id.name,
            reason=self.reason,
        )

    def _log_on(self, customers, text):
        """In each customer's chatter."""
        customers._message_log_batch(dict.fromkeys(customers.ids, text))

    def _notify(self, customers, item_count):
        """One message, whatever was handed over."""
        env = self.with_context(lang=self.user_id.lang).env
        said = env._(
            "Customers: %(names)s. Open items: %(count)s. Why: %(reason)s",
            names=get_names(customers.with_env(env)),
            count=item_count,
            reason=self.reason,
        )
        self._send_notice(env._("%s customers were handed over to you", len(customers)), said)

    def _notify_back(self, customers):
        env = self.with_context(lang=self.user_id.lang).env
        said = env._("Customers: %s", get_names(customers.with_env(env)))
        subject = env._("%s customers were taken back from you", len(customers))
        self._send_notice(subject, said)

    def _send_notice(self, subject, said):
        """To the new collector; none to who takes them over himself."""
        if self.user_id == self.env.user:
            return
        self.env["mail.thread"].message_notify(
            subject=subject,
            body=Markup("<p>%s</p>") % said,
            partner_ids=self.user_id.partner_id.ids,
            email_layout_xmlid="mail.mail_notification_light",
        )
