import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import split_every

from ...tools.arguments import check_one
from ...tools.retry import in_transaction
from .promise_broken import DISPUTE_TASK, USER_GROUP

_logger = logging.getLogger(__name__)

RESOLUTIONS = [
    ("accepted", "Accepted"),
    ("partly", "Accepted in part"),
    ("rejected", "Rejected"),
]
# What only a dispute has, and how it ended.
OF_DISPUTES = ("dispute_reason_id", "owner_id", "date_due")
OUTCOME = ("resolution", "refund_id", "resolved_by_id")
TOLD_AT_ONCE = 500  # responsible persons told in one transaction


class CrmCollectionHold(models.Model):
    """A dispute has a reason, somebody who is to resolve it by a day, and a resolution that ends
    it. While it is in force it holds all of the items it is about, whatever part is disputed."""

    _inherit = ["crm.collection.hold", "mail.activity.mixin"]
    _name = "crm.collection.hold"

    dispute_reason_id = fields.Many2one(
        comodel_name="crm.collection.dispute.reason",
        string="Reason of the Dispute",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        domain="[('company_id', 'in', (False, company_id))]",
    )
    owner_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        index="btree_not_null",
        tracking=True,
        copy=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Who is to resolve the dispute. Empty: the collector.",
    )
    date_due = fields.Date(
        string="To Be Resolved by",
        tracking=True,
        copy=False,
        help="After it the dispute is on the list of who is responsible.",
    )
    is_due_told = fields.Boolean(string="Responsible Reminded", readonly=True, copy=False)
    resolution = fields.Selection(selection=RESOLUTIONS, readonly=True, copy=False, tracking=True)
    refund_id = fields.Many2one(
        comodel_name="account.move",
        string="Credit Note",
        readonly=True,
        copy=False,
        check_company=True,
        ondelete="set null",
        index="btree_not_null",
        tracking=True,
    )
    resolved_by_id = fields.Many2one(
        comodel_name="res.users", string="Resolved by", readonly=True, copy=False
    )

    _due_idx = models.Index(
        "(company_id, date_due) WHERE state = 'active' AND date_due IS NOT NULL"
    )

    # === Constraints and ORM overrides === #

    @api.constrains("dispute_reason_id", "company_id")
    def _check_dispute_reason(self):
        for hold in self:
            company = hold.dispute_reason_id.sudo().company_id
            if company and company != hold.company_id:
                raise ValidationError(self.env._("The reason is another company's."))

    @api.constrains("owner_id", "company_id")
    def _check_owner(self):
        """Who is to resolve it may see it."""
        for hold in self:
            owner_sudo = hold.owner_id.sudo()
            if not owner_sudo:
                continue
            sees = owner_sudo.has_group(USER_GROUP) or owner_sudo.has_group(
                "account.group_account_readonly"
            )
            if not sees or hold.company_id not in owner_sudo.company_ids:
                raise ValidationError(
                    self.env._(
                        "%s sees no holds of this company: choose somebody who does.",
                        owner_sudo.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """A dispute is the collector's to resolve, unless somebody else is named."""
        vals_list = [self._complete_dispute(vals) for vals in vals_list]
        holds = super().create(vals_list)
        for hold in holds:
            if hold.kind != "dispute" or hold.owner_id:
                continue
            if user := hold._get_task_user():
                hold._write_evidence({"owner_id": user.id})
        return holds

    @api.model
    def _complete_dispute(self, vals):
        """:return: the values, of other kinds without what disputes alone have"""
        kind = vals.get("kind") or self.default_get(["kind"]).get("kind")
        if kind == "dispute":
            return vals
        return {fname: value for fname, value in vals.items() if fname not in OF_DISPUTES}

    @api.model
    def _is_default_own(self, fname):
        return fname in (*OUTCOME, "is_due_told") or super()._is_default_own(fname)

    def _is_forged(self):
        # EXTENDS: how a dispute ends is no beginning
        return super()._is_forged() or any(self[name] for name in (*OUTCOME, "is_due_told"))

    # === Actions === #

    def action_resolve(self):
        """Ask how the dispute ended."""
        check_one(self).check_access("write")
        self._check_dispute()
        return self._ask_why("resolve", self.env._("Resolve the Dispute"))

    # === Business methods === #

    def _check_dispute(self):
        """:raise UserError: it is none"""
        if self.kind != "dispute":
            raise UserError(self.env._("Only a dispute is resolved. Lift the hold instead."))

    def _resolve(self, resolution, why, refund=None):
        """End a dispute; collection goes on with the next run.

        :param str resolution: one of ``RESOLUTIONS``
        :param str why: for the record
        :param refund: the credit note, where one was given
        :raise UserError: it is over or none, or the credit note is another customer's
        """
        check_one(self).check_access("write")
        self._check_in_force()
        self._check_dispute()
        refund = refund or self.env["account.move"]
        if resolution not in dict(RESOLUTIONS):
            raise UserError(self.env._("Say how the dispute ended."))
        if refund:
            self._check_refund(resolution, refund)
        self._tell_why(why)
        self._close(
            "ended",
            resolution=resolution,
            refund_id=refund.id,
            resolved_by_id=self.env.user.id,
        )

    def _check_refund(self, resolution, refund):
        """:raise UserError: the credit note cannot be what was given"""
        refund.check_access("read")
        customers = refund.commercial_partner_id == self.customer_id.commercial_partner_id
        is_his = customers or not self.customer_id
        if refund.move_type != "out_refund" or refund.company_id != self.company_id or not is_his:
            raise UserError(self.env._("Choose a credit note of the customer, of this company."))
        if resolution == "rejected":
            raise UserError(self.env._("What is rejected has no credit note."))

    def _change(self, vals, why):
        """EXTENDS: another day is another reminder"""
        day = self.date_due
        result = super()._change(vals, why)
        if self.date_due != day and self.is_due_told:
            self._drop_tasks(DISPUTE_TASK)
            self.sudo().write({"is_due_told": False})
        return result

    # === Reminding === #

    @api.model
    def _update_states(self, company, today, run=None):
        # EXTENDS: what was to be resolved by now and is not
        if not super()._update_states(company, today, run):
            return False
        late_sudo = self.sudo().search(self._get_late_domain(company, today), order="id")
        for ids in split_every(TOLD_AT_ONCE, late_sudo.ids):
            remind = late_sudo.browse(ids)._remind_safely
            in_transaction(self.env, remind, run, commit=bool(run))
            if run and not run._commit(0):
                return False
        return True

    @api.model
    def _get_late_domain(self, company, today):
        return (
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "active")
            & Domain("kind", "=", "dispute")
            & Domain("date_due", "<", today)
            & Domain("is_due_told", "=", False)
        )

    def _remind_safely(self, run=None):
        """Remind of them together, or of one by one when one of them cannot be."""
        try:
            with self.env.cr.savepoint():
                return self._remind_responsible()
        except psycopg2.OperationalError:
            raise  # not the hold's fault: the run decides
        except Exception as error:
            if len(self) == 1:
                _logger.info("Nobody could be reminded of hold %s: %s", self.id, error)
                if run:
                    run._log_exception(f"{self.display_name}: {error}", self.item_id.id)
                return None
        for hold in self:
            hold._remind_safely(run)
        return None

    def _remind_responsible(self):
        """Once: who is responsible has it on his list from then on."""
        self.sudo().write({"is_due_told": True})
        self._schedule_tasks(
            DISPUTE_TASK,
            lambda hold: hold.env._("To be resolved: %s", hold.display_name),
        )

    def _get_task_user(self):
        # EXTENDS: a dispute is resolved by who is responsible
        owner = self.owner_id.sudo()
        if owner.active and self.company_id in owner.company_ids:
            return owner
        return super()._get_task_user()
