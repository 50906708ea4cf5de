from odoo import fields, models

KINDS = [
    ("hard", "Refused for Good"),
    ("soft", "Not Delivered in Time"),
    ("policy", "Refused as Mail"),
    ("unclear", "Came Back"),
    ("delayed", "Delayed"),
    ("delivered", "Delivered"),
    ("relayed", "Passed On"),
    ("expanded", "Passed On to a List"),
    ("complaint", "Complaint"),
    ("feedback", "Other Feedback"),
    ("receipt", "Receipt"),
    ("automatic", "Automatic Answer"),
]
# The mail did not reach this address.
FAILURES = ("hard", "soft", "policy", "unclear")
# It counts against the address.
COUNTING = ("hard", "complaint")


class CrmCollectionReturned(models.Model):
    """What came back of a letter's mail, once for each report and address, as it was meant.

    Written by the incoming mail alone (:mod:`.bounce`). ``counts`` is taken away where a person
    says that the letter arrived, or that the address is used again; nothing else is changed.
    """

    _name = "crm.collection.returned"
    _description = "Returned Mail"
    _order = "date desc, id desc"
    _rec_name = "email"

    letter_id = fields.Many2one(
        comodel_name="crm.collection.letter",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="None where nobody can tell which mail it was.",
    )
    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    address_id = fields.Many2one(
        comodel_name="crm.collection.address",
        string="Returned Address",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    kind = fields.Selection(selection=KINDS, required=True, readonly=True)
    email = fields.Char(string="Address", readonly=True, index="btree_not_null")
    status = fields.Char(readonly=True, help="What the server says in numbers: 5.1.1, 4.4.7.")
    reason = fields.Char(string="What the Server Says", readonly=True)
    mail_ref = fields.Char(
        string="Message-Id",
        readonly=True,
        index="btree_not_null",
        help="Of the mail that this is about.",
    )
    report_ref = fields.Char(
        string="Message-Id of the Report", readonly=True, index="btree_not_null"
    )
    counts = fields.Boolean(
        string="Counts against the Address",
        readonly=True,
        help="A refusal for good, or a complaint, that nobody has put right since.",
    )
