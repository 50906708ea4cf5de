from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import LazyTranslate

from . import author_queries

_lt = LazyTranslate(__name__)

KINDS = [("created", "Made"), ("changed", "Changed"), ("deleted", "Deleted")]
APPROVAL_RULE, PHASE = "crm.collection.approval.rule", "crm.collection.phase"


class CrmCollectionApprovalChange(models.Model):
    """Who made or changed something that leads to requests: append-only.

    ================== ===================================================================
    What is named      Changed are
    ================== ===================================================================
    approval rule      who decides: its levels, how many, from which amount, the escalation
    phase              its values, its name and place; what was proposed is in the request
    sending rule       its values and its steps
    letter text        text, translations, sender, attachments, images
    customer           the rule of its own, by company
    ================== ===================================================================

    Whoever did it decides about no request that rests on it until others have approved one that
    does (``approval_id``; an approval rule nobody ever approves). The installation and the jobs
    are nobody. Written by the models' own methods as superuser; no role may.
    """

    _name = "crm.collection.approval.change"
    _inherit = ["crm.collection.retained", "crm.collection.evidence"]
    _description = "Change That Leads to Approvals"
    _order = "id desc"
    _rec_name = "name"
    _evidence_refusals = dict.fromkeys(
        ("write", "unlink"), _lt("Who changed what is on record, it cannot be changed or deleted.")
    )

    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Changed by",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    date = fields.Datetime(required=True, readonly=True)
    kind = fields.Selection(selection=KINDS, required=True, readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Integer(string="Record", required=True, readonly=True, aggregator=None)
    name = fields.Char(string="What", readonly=True, help="As it was called then.")
    detail = fields.Char(string="What Changed", readonly=True)
    is_selection = fields.Boolean(
        string="Which Rule Applies",
        readonly=True,
        help="It may bring customers of other sending rules under this one, or the other way.",
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True, index=True)
    approval_id = fields.Many2one(
        comodel_name="crm.collection.approval",
        string="Approved with",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The first request resting on it that others approved.",
    )

    _open_idx = models.Index("(res_model, res_id) WHERE approval_id IS NULL")

    @api.model
    def _note(self, records, kind, fnames=(), company=None, is_selection=False):
        """Keep on record that the current user made, changed or deleted these.

        :param fnames: the names of the fields that changed
        """
        if self.env.uid == SUPERUSER_ID or not records:
            return
        labels = [records._fields[fname]._description_string(self.env) for fname in fnames]
        common = {
            "user_id": self.env.uid,
            "date": fields.Datetime.now(),
            "kind": kind,
            "res_model": records._name,
            "detail": ", ".join(labels) or False,
            "is_selection": is_selection,
        }
        values = [
            common
            | {
                "res_id": record.id,
                "name": record.display_name,
                "company_id": (company or self._get_company(record)).id,
            }
            for record in records.sudo()
        ]
        self.sudo().with_context(active_test=False).create(values)

    @api.model
    def _get_unnoted(self, records):
        """:return: those the current user has nothing on record about in this transaction yet: a
        text that is copied gets files and images at once, which is one change"""
        domain = [("res_model", "=", records._name), ("res_id", "in", records.ids)]
        domain += [("user_id", "=", self.env.uid), ("create_date", "=", self.env.cr.now())]
        noted_sudo = self.sudo().search([*domain, ("approval_id", "=", False)])
        return records.browse(set(records.ids) - set(noted_sudo.mapped("res_id")))

    @api.model
    def _get_company(self, record):
        return record.company_id if "company_id" in record._fields else self.env["res.company"]

    @api.model
    def _get_open_authors(self, records):
        """:return: {record id: who changed it, and nobody else has approved it since}"""
        self.flush_model()
        rows = self.env.execute_query(author_queries.open_authors(records._name, records.ids))
        users = self.env["res.users"]
        authors = {}
        for res_id, user_id in rows:
            authors[res_id] = authors.get(res_id, users) | users.browse(user_id)
        return authors

    @api.model
    def _set_approved(self, ids, approval):
        """Others have approved what rested on these changes."""
        changes = self.sudo().browse(ids)
        if changes:
            changes._write_evidence({"approval_id": approval.id})
