from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.arguments import check_one
from ...tools.search import find_ids, find_keys
from . import entry_queries

ACCOUNT_GROUPS = "account.group_account_invoice,account.group_account_readonly"
# Columns of entry_stage.
STAGE_FIELDS = ("collection_phase_id", "collection_rule_id")
# What a list shows of an entry whose items differ: the first of these that applies.
APPROVAL_STATES = ("pending", "refused", "approved")


class AccountMove(models.Model):
    """The collection of an entry's items, shown on the entry and never written to it.

    Phase and rule are those of the open item in the most severe phase (the highest sequence,
    then id). An entry awaits approval while one of its open items does, was refused when one
    was, else is approved when one entered its phase by approval. They are stored nowhere on the
    entry: lists filter by ``search=``, group and sort by :meth:`_field_to_sql`.
    """

    _inherit = "account.move"

    collection_item_ids = fields.One2many(
        comodel_name="crm.collection.item",
        inverse_name="move_id",
        string="Items in Collection",
        readonly=True,
        copy=False,
        groups=ACCOUNT_GROUPS,
    )
    collection_phase_id = fields.Many2one(
        comodel_name="crm.collection.phase",
        compute="_compute_collection_stage",
        search="_search_collection_phase_id",
        groups=ACCOUNT_GROUPS,
        help="The most severe phase of the items that are still open.",
    )
    collection_rule_id = fields.Many2one(
        comodel_name="crm.collection.rule",
        string="Sending Rule",
        compute="_compute_collection_stage",
        search="_search_collection_rule_id",
        groups=ACCOUNT_GROUPS,
    )
    collection_approval_state = fields.Selection(
        selection="_selection_collection_approval_state",
        string="Collection Approval",
        compute="_compute_collection_approval",
        search="_search_collection_approval_state",
        groups=ACCOUNT_GROUPS,
        help="Whether items of the entry wait for somebody to agree that they enter a phase.",
    )
    collection_approval_ids = fields.Many2many(
        comodel_name="crm.collection.approval",
        string="Requests",
        compute="_compute_collection_approval",
        groups=ACCOUNT_GROUPS,
        help="The requests in which items of the entry wait.",
    )
    collection_item_count = fields.Integer(
        compute="_compute_collection_counts", groups=ACCOUNT_GROUPS
    )
    collection_letter_count = fields.Integer(
        aggregator=None, compute="_compute_collection_counts", groups=ACCOUNT_GROUPS
    )

    @api.model
    def _selection_collection_approval_state(self):
        return (
            self.env["crm.collection.item"]
            ._fields["approval_state"]
            ._description_selection(self.env)
        )

    # === Compute methods === #

    @api.depends("collection_item_ids.state", "collection_item_ids.phase_id")
    def _compute_collection_stage(self):
        groups = self.env["crm.collection.item"]._read_group(
            Domain("move_id", "in", self.ids) & Domain("state", "=", "open"),
            ["move_id", "phase_id", "rule_id"],
            ["id:max"],
        )
        # From the mildest to the most severe: the last one of an entry stays in the dict.
        groups.sort(key=lambda g: (bool(g[1]), g[1].sequence, g[1].id or 0, g[3]))
        stages = {move: (phase, rule) for move, phase, rule, _id in groups}
        for move in self:
            phase, rule = stages.get(move._origin, (False, False))
            move.collection_phase_id = phase
            move.collection_rule_id = rule

    @api.depends("collection_item_ids.state", "collection_item_ids.approval_state")
    def _compute_collection_approval(self):
        groups = self.env["crm.collection.item"]._read_group(
            Domain("move_id", "in", self.ids)
            & Domain("state", "=", "open")
            & Domain("approval_state", "!=", False),
            ["move_id"],
            ["approval_state:array_agg_distinct", "id:recordset"],
        )
        states = {move: (found, items) for move, found, items in groups}
        for move in self:
            found, items = states.get(move._origin, ((), self.env["crm.collection.item"]))
            move.collection_approval_state = next(
                (state for state in APPROVAL_STATES if state in found), False
            )
            move.collection_approval_ids = items.approval_id

    @api.depends("collection_item_ids")
    def _compute_collection_counts(self):
        domain = Domain("move_id", "in", self.ids)
        Item = self.env["crm.collection.item"]
        items = dict(Item._read_group(domain, ["move_id"], ["__count"]))
        letters = dict(
            self.env["crm.collection.letter.line"]._read_group(
                Domain("item_id.move_id", "in", self.ids),
                ["item_id.move_id"],
                ["letter_id:count_distinct"],
            )
        )
        for move in self:
            move.collection_item_count = items.get(move._origin, 0)
            move.collection_letter_count = letters.get(move._origin, 0)

    # === Search methods === #

    def _search_collection_phase_id(self, operator, value):
        ids = find_ids(self.env["crm.collection.phase"], operator, value)
        return ids if ids is NotImplemented else self._search_collection_phase("id", ids)

    def _search_collection_approval_state(self, operator, value):
        keys = find_keys(self, "collection_approval_state", operator, value)
        if keys is NotImplemented:
            return NotImplemented
        stronger, domains = Domain.FALSE, []
        for state in APPROVAL_STATES:
            mine = self._get_collection_approval_domain(state)
            if state in keys:
                domains.append(mine & ~stronger)
            stronger |= mine
        if False in keys:
            domains.append(~stronger)
        return Domain.OR(domains)

    @api.model
    def _get_collection_approval_domain(self, state):
        return Domain(
            "collection_item_ids",
            "any",
            Domain("state", "=", "open") & Domain("approval_state", "=", state),
        )

    def _search_collection_phase(self, fname, values):
        """The entries whose most severe open phase has ``fname`` among ``values``.

        Said on the items, so that their access rules and indexes serve: some open item is
        in a wanted phase and none in a more severe one that is not wanted.
        """
        Phase = self.env["crm.collection.phase"]
        phases = Phase.search([("active", "in", [True, False])], order="sequence desc, id desc")
        wanted_below, unwanted = {}, Phase
        for phase in phases:
            if phase[fname] in values:
                wanted_below[unwanted] = wanted_below.get(unwanted, Phase) | phase
            else:
                unwanted |= phase
        domain = Domain.OR(
            self._get_collection_domain(wanted) & ~self._get_collection_domain(above)
            for above, wanted in wanted_below.items()
        )
        if False in values:
            domain |= ~self._get_collection_domain(phases)
        return domain

    def _search_collection_rule_id(self, operator, value):
        ids = find_ids(self.env["crm.collection.rule"], operator, value)
        if ids is NotImplemented:
            return NotImplemented

        def to_sql(model, alias, query):
            sql_rule = model._field_to_sql(alias, "collection_rule_id", query)
            return entry_queries.is_among(sql_rule, ids)

        return Domain.custom(
            to_sql=to_sql, predicate=lambda move: move.collection_rule_id.id in ids
        )

    @api.model
    def _get_collection_domain(self, phases):
        """:return: the domain of the entries with an open item in one of ``phases``."""
        if not phases:
            return Domain.FALSE
        return Domain(
            "collection_item_ids",
            "any",
            Domain("state", "=", "open") & Domain("phase_id", "in", phases.ids),
        )

    # === ORM overrides === #

    def _field_to_sql(self, alias, fname, query=None):
        if query is not None and fname in STAGE_FIELDS:
            rows, name = entry_queries.entry_stage(self.env), "collection_stage"
        elif query is not None and fname == "collection_approval_state":
            rows, name = entry_queries.entry_approval(self.env), "collection_approval"
        else:
            return super()._field_to_sql(alias, fname, query=query)
        self._check_field_access(self._fields[fname], "read")
        stage = query.make_alias(alias, name)
        query.add_join("LEFT JOIN", stage, *entry_queries.join(rows, stage, alias))
        return entry_queries.column(stage, fname)

    # === Actions === #

    def action_open_collection_items(self):
        """The items of these entries, settled ones too."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_collection.crm_collection_item_action"
        )
        action["name"] = self.env._("Open Items")
        action["domain"] = [("move_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_collection_maintain(self):
        """Phase maintenance of the open items of these entries."""
        return self.collection_item_ids.filtered(
            lambda item: item.state == "open"
        ).action_maintain()

    def action_collection_hold(self):
        """A new hold on the entry."""
        check_one(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hold Collection"),
            "res_model": "crm.collection.hold",
            "view_mode": "form",
            "target": "new",
            "context": {"default_move_id": self.id, "default_company_id": self.company_id.id},
        }
