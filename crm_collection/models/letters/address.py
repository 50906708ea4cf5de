from odoo import api, fields, models
from odoo.exceptions import AccessError

EMAIL, POST = "email", "post"
STATES = [("used", "In Use"), ("bounced", "Comes Back"), ("complained", "Complained")]
REFUSED_STATES = ("bounced", "complained")


class CrmCollectionAddress(models.Model):
    """An e-mail address from which mail came back, and whether letters still go there.

    After the company's number of refusals for good, or one complaint of spam, no letter goes there
    until a collection user says otherwise (:meth:`action_use_again`). Counted by the incoming mail
    for the company whose letter it was, and heeded by all that are one creditor with it.
    """

    _name = "crm.collection.address"
    _description = "Returned Address"
    _rec_name = "email"
    _order = "date_refused desc, id desc"

    email = fields.Char(
        string="Address", required=True, readonly=True, help="Of another channel, too."
    )
    channel = fields.Selection(
        selection=lambda self: self.env["crm.collection.letter"]._selection_channel(),
        required=True,
        readonly=True,
        default=EMAIL,
    )
    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    state = fields.Selection(selection=STATES, required=True, readonly=True, default="used")
    reason = fields.Char(string="What the Server Says", readonly=True)
    returned_ids = fields.One2many(
        comodel_name="crm.collection.returned",
        inverse_name="address_id",
        string="What Came Back",
        readonly=True,
    )
    returned_count = fields.Integer(
        string="Came Back",
        readonly=True,
        aggregator=None,
        help="How often mail was refused for good, since the address was last put right.",
    )
    date_refused = fields.Datetime(string="Not Used since", readonly=True)
    date_lifted = fields.Datetime(string="Used Again since", readonly=True)
    lifted_by_id = fields.Many2one(
        comodel_name="res.users", string="Used Again by", readonly=True, ondelete="set null"
    )
    partner_ids = fields.Many2many(
        comodel_name="res.partner", string="Contacts", compute="_compute_partner_ids"
    )

    _company_email_uniq = models.UniqueIndex(
        "(company_id, email)", "There is a record of this address already."
    )
    _email_idx = models.Index("(email) WHERE state != 'used'")

    @api.depends("email", "channel")
    def _compute_partner_ids(self):
        """The contacts that the user may see, by the first of their addresses; of another channel
        those whose letters came back."""
        found = self.env["res.partner"].search([("email_normalized", "in", self.mapped("email"))])
        by_email = found.grouped("email_normalized")
        for address in self:
            address.partner_ids = (
                by_email.get(address.email, found.browse())
                if address.channel == EMAIL
                else address.returned_ids.letter_id.recipient_ids
            )

    def write(self, vals):
        """Who may be written to is asked anew."""
        result = super().write(vals)
        self.env["crm.collection.letter"].invalidate_model(["refused_ids"], flush=False)
        return result

    # === Who may be written to === #

    @api.model
    def _get_refused(self, company, emails):
        """:return: in sudo, the records of those normalized addresses that no letter of the
        company may go to"""
        if not emails:
            return self.sudo().browse()
        family = company._get_collection_family()
        return self.sudo().search(
            [
                ("email", "in", list(emails)),
                ("company_id", "in", family.ids),
                ("state", "in", REFUSED_STATES),
            ]
        )

    def _get_words(self):
        """:return: why the address is not used, for who reads it on a letter"""
        self.ensure_one()
        if self.state == "complained":
            return self.env._("%s: whoever reads it complained of spam.", self.email)
        return self.env._(
            "%(email)s: mail came back (%(count)s).", email=self.email, count=self.returned_count
        )

    # === What came back === #

    @api.model
    def _get_or_create(self, company, email, channel=EMAIL):
        """:return: the company's record of a normalized address"""
        found = self.search([("company_id", "=", company.id), ("email", "=", email)], limit=1)
        vals = {"company_id": company.id, "email": email, "channel": channel}
        return found or self.create(vals)

    def _judge(self):
        """Say whether the addresses are used, by what counts against them."""
        for address in self:
            counted = address.returned_ids.filtered("counts")
            refused = counted.filtered(lambda one: one.kind == "hard")
            state = "used"
            if counted - refused:
                state = "complained"
            elif len(refused) >= address._get_returned_max():
                state = "bounced"
            values = {"state": state, "returned_count": len(refused)}
            if counted:
                values["reason"] = counted[0].reason
            if state != "used" and address.state == "used":
                values["date_refused"] = fields.Datetime.now()
            address.write(values)

    def _get_returned_max(self):
        """:return: after how many returns an address is given up; what comes back by post was
        looked at by the postman"""
        return self.company_id.collection_returned_max if self.channel == EMAIL else 1

    # === Actions === #

    def action_use_again(self):
        """Letters go to these addresses again; what came back until now counts no more."""
        self.check_access("read")
        if not self.env.user.has_group("crm_collection.group_crm_collection_user"):
            raise AccessError(self.env._("Only collection users decide about addresses."))
        addresses_sudo = self.sudo()  # users have no right to write: this is all they change
        addresses_sudo.returned_ids.counts = False
        addresses_sudo.write(
            {"date_lifted": fields.Datetime.now(), "lifted_by_id": self.env.user.id}
        )
        addresses_sudo._judge()
        # letters that had nobody to go to do not wait for the night
        self.env["crm.collection.run"]._ask("letters", addresses_sudo.company_id)
