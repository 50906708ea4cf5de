"""The lock of a job, and what its log sums up."""

from odoo.tools import SQL


def lock(job, company_id):
    """Take the lock of a job on a company, if it is free: SQL of whether it is ours."""
    return SQL("SELECT pg_try_advisory_lock(hashtext(%s), %s)", job, company_id)


def unlock(job, company_id):
    """Give it back."""
    return SQL("SELECT pg_advisory_unlock(hashtext(%s), %s)", job, company_id)


def blockers(company_id):
    """Open items that something holds back: (blocker, count, amount)."""
    return SQL(
        """SELECT blocker, COUNT(*), SUM(amount_residual) FROM crm_collection_item
            WHERE company_id = %s AND state = 'open' AND blocker IS NOT NULL
         GROUP BY blocker ORDER BY blocker""",
        company_id,
    )


def keeping_books(company_ids):
    """Those of the companies that have entries, items of some they had, or a hold that ends. A
    branch writes in the journals of its parents, and entries are indexed by journal and company."""
    return SQL(
        """SELECT company.id FROM res_company company
            WHERE company.id = ANY(%s) AND (
                  EXISTS (SELECT FROM crm_collection_item WHERE company_id = company.id)
               OR EXISTS (SELECT FROM crm_collection_hold
                           WHERE company_id = company.id AND state = 'active')
               OR EXISTS (
                    SELECT FROM res_company owner
                      JOIN account_journal journal ON journal.company_id = owner.id
                      JOIN LATERAL (SELECT FROM account_move move
                                     WHERE move.journal_id = journal.id
                                       AND move.company_id = company.id LIMIT 1) AS kept ON TRUE
                     WHERE company.parent_path LIKE owner.parent_path || '%%'))""",
        company_ids,
    )
