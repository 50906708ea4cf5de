"""Settlements that are taken back: what was matched is so no more, or the money went back."""

from odoo.tools import SQL

from ..portfolio.queries import line_is_refund


def is_undone(partial_ref):
    """Condition: what the partial reconciliation settled is not settled by it any more. It was
    undone, or its payment was refunded in full, though accounting has it on the item still.

    :param SQL partial_ref: its number
    """
    return SQL(
        """(NOT EXISTS (SELECT FROM account_partial_reconcile standing
                         WHERE standing.id = %(partial_ref)s)
            OR %(partial_ref)s IN (%(refunded)s))""",
        partial_ref=partial_ref,
        refunded=_refunded(),
    )


def _refunded():
    """The partial reconciliations of payments that were refunded in full, from the few refunds
    there are; not of a payment with the refund itself, which settles that."""
    return SQL(
        """SELECT partial.id
             FROM (SELECT source_payment_id, SUM(amount) AS amount FROM account_payment
                    WHERE source_payment_id IS NOT NULL AND state IN ('in_process', 'paid')
                 GROUP BY source_payment_id) AS refund
             JOIN account_payment source
                  ON source.id = refund.source_payment_id AND source.amount <= refund.amount
             JOIN account_move_line credit ON credit.payment_id = source.id
             JOIN account_partial_reconcile partial ON partial.credit_move_id = credit.id
             JOIN account_move_line debit ON debit.id = partial.debit_move_id
            WHERE NOT %s""",
        line_is_refund("debit"),
    )
