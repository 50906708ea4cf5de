from odoo import api, fields, models
from odoo.exceptions import UserError

from ...models.portfolio import collector_queries
from ...tools.arguments import check_one

MOST = 50_000  # records that are remembered: what is more is handed over once more instead


class CrmCollectionHandBack(models.AbstractModel):
    """Who worked what before customers got another collector, and how that is taken back.

    A wizard that gives customers to collectors remembers what it changed, and nothing else: taking
    it back leaves alone what went on to somebody else meanwhile.
    """

    _name = "crm.collection.hand.back"
    _inherit = "crm.collection.guarded"
    _description = "Taking Back a Change of Collectors"

    # {company: {"customers": [[id, collector before, now]], "records": {model: [[id, …]]}}}
    changes = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS)

    @api.model
    def _is_default_own(self, fname):
        return fname == "changes" or super()._is_default_own(fname)

    # === Remembering === #

    def _watch(self, customers):
        """:param customers: in the company in which they get another collector
        :return: how it is, which :meth:`_remember` is told"""
        collectors = {one.id: one.collection_user_id.id or None for one in customers}
        return collectors, customers._get_collection_worked()

    def _remember(self, customers, watched):
        """Keep what is otherwise than it was when it was watched."""
        collectors, worked = watched
        records = self._compare(worked, customers._get_collection_worked())
        changed = [
            (one.id, collectors[one.id], one.collection_user_id.id or None)
            for one in customers
            if collectors[one.id] != (one.collection_user_id.id or None)
        ]
        if sum(map(len, records.values())) + len(changed) <= MOST:
            key = str(customers.env.company.id)
            wizard_sudo = self.sudo()  # nobody has a say in what his dialog remembers
            wizard_sudo.changes = {
                **(wizard_sudo.changes or {}),
                key: {"customers": changed, "records": records},
            }

    @staticmethod
    def _compare(before, now):
        """:return: {model: list of (id, who worked it, who works it)} of what changed"""
        return {
            model: [
                (id_, user_id, now[model][id_])
                for id_, user_id in users.items()
                if id_ in now[model] and now[model][id_] != user_id
            ]
            for model, users in before.items()
        }

    # === Taking back === #

    def _hand_back(self, company):
        """Give everything of a company back to who had it.

        :return: the customers
        :raise UserError: it was taken back already, or customers went to somebody else since
        """
        remembered = check_one(self).sudo().changes or {}
        changes = remembered.pop(str(company.id), None)
        if not changes:
            raise UserError(self.env._("There is nothing to take back."))
        Partner = self.env["res.partner"].with_company(company).with_context(active_test=False)
        before = {id_: old for id_, old, _new in changes["customers"]}
        customers = Partner.browse(before).exists()
        self._check_not_since(customers, {id_: new for id_, _old, new in changes["customers"]})
        worked = customers._get_collection_worked()
        for user_id, ids in self._group(before).items():
            (customers & Partner.browse(ids)).collection_user_id = user_id
        # what went along with that, and was the last collector's before
        now = customers._get_collection_worked()
        for model, rows in self._compare(now, worked).items():
            self._put_back(model, [(id_, to_be, is_now) for id_, is_now, to_be in rows])
        for model, rows in changes["records"].items():
            self._put_back(model, rows)
        self.sudo().changes = remembered
        return customers

    @api.model
    def _check_not_since(self, customers, users):
        customers.check_access("write")
        if any((one.collection_user_id.id or None) != users[one.id] for one in customers):
            raise UserError(
                self.env._(
                    "Some of these customers have another collector by now, and nothing is taken "
                    "back. Hand them over instead."
                )
            )

    @staticmethod
    def _group(users):
        groups = {}
        for id_, user_id in users.items():
            groups.setdefault(user_id or False, []).append(id_)
        return groups

    def _put_back(self, model, rows):
        """:param rows: list of (id, who is to work it, who works it)"""
        if rows:
            table = self.env[model]._table
            self.env.cr.execute(collector_queries.put_back(table, rows, self.env.uid))
            self.env[model].invalidate_model(["user_id"], flush=False)
