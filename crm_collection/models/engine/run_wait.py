from datetime import timedelta

from odoo import api, fields, models

from .run import JOBS

# When letters that wait for the allocation of the day ask for it again.
WAIT = timedelta(minutes=15)


class CrmCollectionRun(models.Model):
    """Letters go by the phases of the day: they wait until its items are allocated."""

    _inherit = "crm.collection.run"

    @api.model
    def _is_allocated(self, company, day):
        """:return: whether the allocation job has been through the company's items that day, and
        nobody has asked for it again since"""
        domain = [
            ("kind", "=", "allocation"),
            ("company_id", "=", company.id),
            ("date", "=", day),
            ("state", "=", "done"),
        ]
        run = self.search(domain, limit=1)
        return bool(run) and not run._is_asked_again()

    def _is_asked_again(self):
        """Whether somebody asked for the job since it began for the company, and it has yet to
        begin again: what was asked for is forgotten where it does."""
        return bool(self.env["crm.collection.run.ask"]._get_due(self.kind, self.company_id))

    @api.model
    def _is_family_allocated(self, company, day):
        """:return: whether the allocation job has been through the items of all companies that
        are one creditor with this one: its letters are about what is due there, too. Each by its
        own day, as midnight comes to them at different times"""
        others = company._get_collection_family() & self._get_companies() - company
        return self._is_allocated(company, day) and all(
            self._is_allocated(other, other._get_collection_today()) for other in others
        )

    def _wait_for_allocation(self):
        """Have the items allocated first, and come back after that: once, however many
        companies wait, and not at once where the allocation fails."""
        self.state = "waiting"
        self._log_waiting()
        self._ask("allocation", self.company_id)
        # jobs may be run by users who do not see scheduled actions
        cron_sudo = self.env.ref(JOBS[self.kind]).sudo()
        now = fields.Datetime.now()
        to_come = [("cron_id", "=", cron_sudo.id), ("call_at", ">", now)]
        if not self.env["ir.cron.trigger"].sudo().search_count(to_come, limit=1):
            self._ask(self.kind, self.company_id, now + WAIT)

    def _log_waiting(self):
        self._log_note(
            self.env._(
                "No new letters: the items are not allocated for this day yet, their phases may be "
                "of an earlier one."
            )
        )
