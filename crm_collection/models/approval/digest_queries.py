"""Whether items are in their phase as it was approved."""

from odoo.tools import SQL


def not_as_approved(item_ids, phase_id, template_id, digest):
    """The items of a phase whose letter is not the one that was shown when they were approved, or
    that owe more than they did then (a payment or credit was undone). What was approved before
    digests were kept is not compared.

    :return: SQL of (item id, whether it is the letter)
    """
    return SQL(
        """SELECT line.item_id, other.letter
             FROM (SELECT DISTINCT ON (line.item_id) line.*
                     FROM crm_collection_approval_line line
                    WHERE line.item_id = ANY(%(item_ids)s) AND line.phase_id = %(phase_id)s
                      AND line.state = 'approved'
                 ORDER BY line.item_id, line.id DESC) AS line
             JOIN crm_collection_item item ON item.id = line.item_id
       CROSS JOIN LATERAL (SELECT %(letter)s AS letter) AS other
            WHERE other.letter OR item.amount_residual_currency > line.amount_currency""",
        item_ids=item_ids,
        phase_id=phase_id,
        letter=_was_another("line.approval_id", template_id, digest),
    )


def _was_another(approval, template_id, digest):
    """Condition: somebody agreed to another letter."""
    table, column = approval.split(".")
    return SQL(
        """EXISTS (SELECT FROM crm_collection_approval_decision decision
                    WHERE decision.approval_id = %(approval)s AND decision.decision = 'approved'
                      AND decision.digests IS NOT NULL
                      AND decision.digests ->> %(template_id)s IS DISTINCT FROM %(digest)s)""",
        approval=SQL.identifier(table, column),
        template_id=str(template_id),
        digest=digest,
    )


def phase_not_as_approved(phase_id, template_id, digest):
    """Whether the definition of a phase was approved with another letter; :return: SQL"""
    return SQL(
        """SELECT %s FROM (
               SELECT MAX(approval.id) AS approval_id FROM crm_collection_approval approval
                WHERE approval.phase_id = %s AND approval.kind = 'definition'
                  AND approval.state = 'approved') AS last""",
        _was_another("last.approval_id", template_id, digest),
        phase_id,
    )
