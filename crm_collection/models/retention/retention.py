from odoo import api, fields, models
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

KINDS = [
    ("setting", "Setting Changed"),
    ("job", "Anonymised by the Job"),
    ("request", "Anonymised on Request"),
    ("failed", "Could Not Be Anonymised"),
    ("handed_over", "Data Handed Over"),
]


class CrmCollectionRetention(models.Model):
    """What was done with personal data of collections: when it was anonymised or handed to the
    customer, by whom, by which setting, and how much of it. Append-only.

    =========== ============================================ ===================================
    Kind        Says                                         Written by
    =========== ============================================ ===================================
    setting     for how many months data is kept from then   who changes the setting
    job         what was closed for longer, a row a batch    the scheduled job
    request     what of one customer was closed              a manager, on the customer
    failed      whose data could not be changed, and why     the scheduled job
    handed_over that a file with it was made                 a manager, on the customer
    =========== ============================================ ===================================

    Nobody has access to write it, and nothing of it is changed or deleted, by superuser included.
    """

    _name = "crm.collection.retention"
    _inherit = ["crm.collection.evidence"]
    _description = "Handling of Personal Data"
    _order = "id desc"
    _allow_sudo_commands = False  # what is written as superuser elsewhere adds nothing to it
    _evidence_refusals = dict.fromkeys(
        ("write", "unlink"),
        _lt("What was done with personal data is on record, it cannot be changed or deleted."),
    )

    kind = fields.Selection(selection=KINDS, string="What Was Done", required=True, readonly=True)
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    date = fields.Datetime(required=True, readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users", string="By", required=True, readonly=True, ondelete="restrict"
    )
    months = fields.Integer(
        readonly=True,
        aggregator=None,
        help="For how many months data was kept by the setting of the company; 0 is for ever.",
    )
    date_before = fields.Date(
        string="Closed before", readonly=True, help="What was closed before this day was due."
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    customer_count = fields.Integer(string="Number of Customers", readonly=True)
    record_count = fields.Integer(string="Records", readonly=True)
    message_count = fields.Integer(string="Messages", readonly=True)
    file_count = fields.Integer(string="Files", readonly=True)
    note = fields.Char(
        readonly=True, help="Of a file that was made its checksum; else what went wrong."
    )

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for row in self:
            row.display_name = kinds.get(row.kind, "")

    # === Business methods === #

    @api.model
    def _note(self, kind, company, **vals):
        """Add to the record, in the name of who acts.

        :return: in sudo, the row
        """
        return self.sudo().create(
            {
                "kind": kind,
                "company_id": company.id,
                "date": fields.Datetime.now(),
                "user_id": self.env.uid,
                **vals,
            }
        )
