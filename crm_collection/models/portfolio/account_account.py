from odoo import api, models
from odoo.fields import Domain


class AccountAccount(models.Model):
    _inherit = "account.account"

    @api.model
    def _get_collection_receivable_ids(self):
        """Receivable accounts, archived ones too: what they hold is owed still.

        Queries name them one by one instead of joining the table: by an account's number the
        planner knows how many journal items there are, by its type it takes them for a few and
        reads items, entries and customers row by row.

        :return: list of ids, of all companies
        """
        # sudo: jobs and readers of reports need no rights on the chart of accounts; whose journal
        # items they get is bounded by the query that uses the numbers
        accounts = self.sudo().with_context(active_test=False)
        return accounts.search(Domain("account_type", "=", "asset_receivable")).ids
