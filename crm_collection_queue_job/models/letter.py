from odoo import models
from odoo.fields import Domain

from odoo.addons.crm_collection.models.letters.issue import FIRST, LETTERS_PER_BATCH, MAX_KILLS
from odoo.addons.crm_collection.tools.pace import Pace
from odoo.addons.crm_collection.tools.retry import in_transaction

BLOCK = 50  # letters of a job, by their numbers: a letter is always in the same one


class CrmCollectionLetter(models.Model):
    """Letters are written, with their PDFs, by jobs of the queue, many at a time.

    Who writes a letter locks it while it is *to send*: in however many jobs it is, it is written
    once.
    """

    _inherit = "crm.collection.letter"

    def _issue_elsewhere(self, run):
        # EXTENDS 'crm_collection'
        handed = super()._issue_elsewhere(run)
        if not (run._is_by_clock() or self.env.context.get("job_uuid")):
            return handed
        queued = self.env["crm.collection.queued"]
        for block, letters in (self - handed).grouped(lambda one: one.id // BLOCK).items():
            key = f"letters:{run.company_id.id}:{block}"
            if queued._hand_over(self._name, "_issue_in_queue", key, run.id, block):
                handed |= letters
        return handed

    def _issue_in_queue(self, run_id, block):
        """Write the letters of a block that are still to be sent."""
        run = self.env["crm.collection.run"].browse(run_id).exists()
        company = run.company_id
        in_company = self.with_company(company).with_context(
            lang=company._get_collection_lang() if company else None
        )
        letters = in_company.search(
            Domain("company_id", "=", company.id)
            & Domain("id", ">=", block * BLOCK)
            & Domain("id", "<", (block + 1) * BLOCK)
            & Domain("state", "=", "to_send")
            & self._get_leaving_domain(company)
        )
        letters._issue_counted(run.with_env(in_company.env))
        in_company._trigger_mail_queue()

    def _issue_counted(self, run):
        """Write letters. That a letter is about to be written is noted on it before, and not any
        more when it was: one that jobs did not survive is written by itself, and set apart after
        some."""
        for letter in self.filtered(lambda one: one.kills >= MAX_KILLS):
            in_transaction(self.env, letter._set_deadly)
        letters = self.filtered(lambda one: one.state == "to_send")
        batches, pace = letters._get_batches(), Pace(FIRST, LETTERS_PER_BATCH)
        while batches:
            batch = pace.take(batches)
            in_transaction(self.env, self.browse(batch)._count_kill, 1)
            issued = self._issue_safely(run, batch)
            in_transaction(self.env, self.browse(batch)._count_kill, -1)
            if not issued:
                batches.extendleft([letter_id] for letter_id in reversed(batch))
            pace.measure(len(batch))

    def _count_kill(self, number):
        for letter in self.exists():
            letter.kills = max(letter.kills + number, 0)
