from odoo import api, fields, models
from odoo.tools import LazyTranslate

from . import task_queries

_lt = LazyTranslate(__name__)

STATES = [
    ("open", "To do"),
    ("done", "Done"),
    ("dropped", "Not Needed Any More"),
    ("cancelled", "Cancelled"),
]


class CrmCollectionTask(models.Model):
    """What somebody has to do about a customer because items of his entered a step that asks for
    it: one task for each customer, step and responsible person.

    An activity puts it on his list; what becomes of that one is written here, and stays. Each
    allocation says which task came of it. Everybody with access to collections reads tasks,
    nobody writes or deletes them.

    ========= ================================================ ================================
    State     Meaning                                          Set by
    ========= ================================================ ================================
    open      it is on somebody's list                         the engine
    done      somebody did it, with what came of it            its activity, a logged contact
    dropped   all it was about is paid, or in another phase    accounting, the engine, a move
    cancelled somebody took it off the list                    its activity
    ========= ================================================ ================================
    """

    _name = "crm.collection.task"
    _inherit = [
        *("crm.collection.retained", "crm.collection.evidence", "crm.collection.thread"),
        "mail.activity.mixin",
    ]
    _description = "Collection Task"
    _order = "date desc, id desc"
    _evidence_refusals = {
        "create": _lt("Tasks are made by the steps of sending rules alone."),
        "write": _lt("A task is ended by its activity, or by logging a contact."),
        "unlink": _lt("Tasks cannot be deleted: they are the record."),
    }
    _evidence_chatter = True
    _mail_post_access = "read"  # whoever sees it sees whose it is, and says what he knows

    company_id = fields.Many2one(comodel_name="res.company", required=True, readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    customer_key = fields.Integer(
        aggregator=None,
        readonly=True,
        groups="base.group_no_one",
        help="Who the customer was when the task was made: one task at a time. Two customers that "
        "are merged may have one each.",
    )
    step_id = fields.Many2one(
        comodel_name="crm.collection.rule.step",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    phase_id = fields.Many2one(
        comodel_name="crm.collection.phase", required=True, readonly=True, ondelete="restrict"
    )
    activity_kind_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="What to Do",
        readonly=True,
        ondelete="set null",
    )
    made_for_id = fields.Many2one(
        comodel_name="res.users",
        readonly=True,
        ondelete="restrict",
        help="Who was responsible when the task was made. Further items of his join it, whoever "
        "does it now.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    date = fields.Date(string="To Be Done by", required=True, readonly=True)
    state = fields.Selection(selection=STATES, default="open", required=True, readonly=True)
    done_by_id = fields.Many2one(
        comodel_name="res.users",
        string="Ended by",
        readonly=True,
        help="Who did it, or took it off the list.",
    )
    date_done = fields.Datetime(string="Ended at", readonly=True)
    feedback = fields.Text(readonly=True)
    date_escalated = fields.Date(string="Escalated on", readonly=True)
    escalated_to_id = fields.Many2one(
        comodel_name="res.users", string="Escalated to", readonly=True
    )
    allocation_ids = fields.One2many(
        comodel_name="crm.collection.allocation",
        inverse_name="task_id",
        string="Allocations",
        help="The items it is about, in the phase in which they led to it.",
    )
    item_ids = fields.Many2many(
        comodel_name="crm.collection.item",
        string="Open Items",
        compute="_compute_item_ids",
        help="What it is about and is still in the step.",
    )

    # The customer is no part of a key of what is kept: merging two deletes rows that clash.
    _open_uniq = models.UniqueIndex(
        "(company_id, customer_key, step_id, made_for_id) WHERE state = 'open'",
        "There is such a task already.",
    )
    _open_date_idx = models.Index("(company_id, date) WHERE state = 'open'")

    # === Compute methods === #

    @api.depends("partner_id", "phase_id", "activity_kind_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for task in self:
            parts = (task.activity_kind_id.name, task.partner_id.name, task.phase_id.name)
            task.display_name = " · ".join(filter(None, parts))

    @api.depends("allocation_ids.date_out")
    def _compute_item_ids(self):
        for task in self:
            here = task.allocation_ids.filtered(lambda allocation: not allocation.date_out)
            task.item_ids = here.item_id

    # === Business methods === #

    def _get_list_entries(self):
        """:return: the activities that have these tasks on somebody's list"""
        domain = [
            ("res_model", "=", self._name),
            ("res_id", "in", self.ids),
            ("automated", "=", True),
        ]
        return self.env["mail.activity"].sudo().search(domain)

    def _end(self, state, **vals):
        """End those of these that are open, in the user's name.

        :return: those that were
        """
        tasks_sudo = self.sudo().filtered(lambda task: task.state == "open")
        tasks_sudo._write_evidence(
            {
                "state": state,
                "done_by_id": self.env.uid,
                "date_done": fields.Datetime.now(),
                **vals,
            }
        )
        return tasks_sudo

    def _cancel_unlisted(self):
        """Those that are on nobody's list any more were taken off it."""
        listed = set(self._get_list_entries().mapped("res_id"))
        self.filtered(lambda task: task.id not in listed)._end("cancelled")

    @api.model
    def _drop_idle(self, company):
        """End the company's tasks about nothing that is still in their step."""
        self._drop_idle_in(task_queries.idle_of_company(company.id))

    @api.model
    def _drop_idle_of_items(self, item_ids):
        """As :meth:`_drop_idle`, of the tasks that were about these items."""
        self._drop_idle_in(task_queries.idle_of_items(list(item_ids)))

    def _drop_idle_in(self, scope):
        self.flush_model(["state"])
        rows = self.env.execute_query(task_queries.drop_idle(scope, self.env.uid))
        if rows:
            self.invalidate_model(flush=False)
            # what a person put there himself is his to take off
            self.browse(row[0] for row in rows)._get_list_entries().unlink()
