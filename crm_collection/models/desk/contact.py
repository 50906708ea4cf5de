from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

CHANNELS = [
    ("call", "Call"),
    ("email", "E-mail"),
    ("meeting", "Meeting"),
    ("message", "Message"),
]
# What a contact is, whatever anybody says: in the name of who was there, and as it was.
OWN = ("user_id", "state", "date_answered", "answered_by_id")


class CrmCollectionContact(models.Model):
    """What was said with a customer, by whom, about what, and what came of it.

    A call or a meeting that somebody logs is done at once; what a customer writes waits until
    somebody answers it. It stays on record: whoever logged something wrong takes it back, and the
    record says so.

    ============= ============================================== ==============================
    State         Meaning                                        Set by
    ============= ============================================== ==============================
    waiting       the customer wrote, nobody has answered        incoming mail
    done          it was said, and what came of it is known      who logs it, who answers it
    void          it was logged by mistake                       who logged it
    ============= ============================================== ==============================
    """

    _name = "crm.collection.contact"
    _inherit = [
        *("crm.collection.retained", "crm.collection.evidence", "crm.collection.grouping"),
        *("crm.collection.thread", "mail.activity.mixin"),
    ]
    _description = "Collection Contact"
    _order = "date desc, id desc"
    _check_company_auto = True
    _evidence_refusals = {
        "write": _lt("A contact is on record as it was. Take it back, and log it again."),
        "unlink": _lt("Contacts are not deleted: they are the record. Take back what is wrong."),
    }
    _evidence_system = True
    _evidence_error = UserError
    _evidence_chatter = True

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", required=True, ondelete="restrict"
    )
    person_id = fields.Many2one(
        comodel_name="res.partner",
        ondelete="set null",
        index="btree_not_null",
        help="Who of the customer's was spoken to, or wrote.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Collector",
        default=lambda self: self.env.user,
        required=True,
        index=True,
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    channel = fields.Selection(selection=CHANNELS, required=True, default="call")
    direction = fields.Selection(
        selection=[("out", "We called or wrote"), ("in", "The customer did")],
        required=True,
        default="out",
    )
    state = fields.Selection(
        selection=[("waiting", "To be answered"), ("done", "Done"), ("void", "Logged by mistake")],
        required=True,
        default="done",
    )
    outcome_id = fields.Many2one(
        comodel_name="crm.collection.outcome", ondelete="restrict", index="btree_not_null"
    )
    is_reached = fields.Boolean(
        string="Customer Reached",
        compute="_compute_is_reached",
        store=True,
        help="As the outcome said when the contact was logged.",
    )
    item_ids = fields.Many2many(
        comodel_name="crm.collection.item",
        relation="crm_collection_contact_item_rel",
        string="Open Items",
        check_company=True,
        help="What it was about. Empty: all that the customer owes.",
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        compute="_compute_phase_id",
        store=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The most severe phase of the items at that time.",
    )
    note = fields.Text()
    hold_ids = fields.Many2many(
        comodel_name="crm.collection.hold",
        relation="crm_collection_contact_hold_rel",
        string="Promises, Disputes and Holds",
        help="What was agreed on.",
    )
    letter_id = fields.Many2one(
        comodel_name="crm.collection.letter",
        ondelete="set null",
        index="btree_not_null",
        help="The letter that is answered.",
    )
    message_id = fields.Many2one(
        comodel_name="mail.message",
        string="E-mail",
        ondelete="set null",  # found by the index that keeps it a single contact's
    )
    answered_by_id = fields.Many2one(comodel_name="res.users", ondelete="restrict")
    date_answered = fields.Datetime(string="Answered on")

    _partner_date_idx = models.Index("(company_id, partner_id, date)")
    _date_idx = models.Index("(company_id, date)")
    _waiting_idx = models.Index("(company_id, partner_id) WHERE state = 'waiting'")

    # === Compute methods === #

    @api.depends("channel", "partner_id", "date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        channels = dict(self._fields["channel"]._description_selection(self.env))
        for contact in self:
            name = contact.partner_id.name or ""
            contact.display_name = f"{channels.get(contact.channel, '')} · {name}"

    @api.depends("outcome_id")
    def _compute_is_reached(self):
        """Kept: an outcome that counts otherwise from now on does not change what was."""
        for contact in self:
            contact.is_reached = contact.outcome_id.is_reached

    @api.depends("item_ids", "partner_id")
    def _compute_phase_id(self):
        """Kept, as the above."""
        for contact in self:
            phases = contact._get_items().phase_id
            contact.phase_id = phases.sorted(lambda phase: (phase.sequence, phase.id))[-1:]

    # === Constraints and ORM overrides === #

    @api.constrains("date")
    def _check_date(self):
        for contact in self:
            if contact.date > fields.Datetime.now():
                raise ValidationError(self.env._("A contact is logged after it took place."))

    @api.model_create_multi
    def create(self, vals_list):
        """Log contacts in the user's own name, with the customer and not one of his contacts.

        :raise UserError: it is logged in another's name, or as something that only mail makes
        """
        contacts = super().create([self._complete_vals(vals) for vals in vals_list])
        if not self.env.su and any(contact._is_forged() for contact in contacts):
            raise UserError(self.env._("A contact is logged in the name of who was there."))
        return contacts

    def write(self, vals):
        """Who may not write contacts is told so, and who may that one stays as it was."""
        self.check_access("write")
        return super().write(vals)

    @api.model
    def _is_default_own(self, fname):
        # EXTENDS 'crm.collection.evidence': the rest is what screens say of a new contact
        return fname in OWN

    @api.model
    def _complete_vals(self, vals):
        """:return: the values, with the customer that is meant: his contact is the person"""
        partner = self.env["res.partner"].browse(vals.get("partner_id"))
        customer = partner.commercial_partner_id
        vals = {**vals, "partner_id": customer.id}
        if customer != partner:
            vals.setdefault("person_id", partner.id)
        return vals

    def _is_forged(self):
        self.ensure_one()
        other = self.answered_by_id or self.date_answered or self.user_id != self.env.user
        return bool(other or self.state != "done")

    # === Business methods === #

    def _get_items(self):
        """:return: the items it is about: those that were named, else all that the customer owes"""
        self.ensure_one()
        return self.item_ids or self.env["crm.collection.item"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("partner_id", "=", self.partner_id.id),
                ("state", "=", "open"),
            ]
        )
