from odoo import fields, models


class CrmCollectionRun(models.Model):
    """What a job is about to write, noted before it does: one that is killed leaves the note, and
    the next one goes about it in another way."""

    _inherit = "crm.collection.run"

    at_work = fields.Char(
        readonly=True,
        help="What was being written when the job was last seen: letters, or how many items.",
    )

    def _note_work(self, note):
        """:param str note: ids of letters or size of a slice; ``None`` when it is done"""
        if (self.at_work or None) != note:
            self.at_work = note
            self._commit(0)

    def _take_work(self):
        """:return: ids of the letters the company's last job was writing when it was killed"""
        domain = [("kind", "=", self.kind), ("company_id", "=", self.company_id.id)]
        runs = self.search([*domain, ("at_work", "!=", False)])
        ids = [int(number) for run in runs for number in run.at_work.split(",")]
        runs.at_work = False
        return ids
