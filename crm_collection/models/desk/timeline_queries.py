"""Everything that happened with a customer, the latest first, whatever it was."""

from odoo.tools import SQL

KINDS = ("letter", "contact", "hold", "payment", "move", "approval", "note", "task", "thanks")


def timeline(partner_id, company_ids, kinds, before, limit):
    """What happened: (kind, moment in UTC, number of the record it is told by, how many, amount in
    company currency, which of several things).

    :param kinds: of :data:`KINDS`
    :param before: (moment, kind, number) of the last one that is shown already, or ``None``
    """
    customer = {"partner_id": partner_id, "company_ids": company_ids}
    parts = SQL(" UNION ALL ").join(_PARTS[kind](customer) for kind in KINDS if kind in kinds)
    return SQL(
        """SELECT kind, moment, ref, number, amount, what
             FROM (%s) AS happened (kind, moment, ref, number, amount, what)
            WHERE moment IS NOT NULL AND %s
         ORDER BY moment DESC, kind DESC, ref DESC LIMIT %s""",
        parts,
        SQL("(moment, kind, ref) < (%s::timestamp, %s, %s)", *before) if before else SQL("TRUE"),
        limit,
    )


def _letters(customer):
    return SQL(
        """SELECT 'letter', COALESCE(date_sent, delivery_started, create_date), id, 1,
                  NULL::numeric, state
             FROM crm_collection_letter
            WHERE company_id = ANY(%(company_ids)s) AND partner_id = %(partner_id)s""",
        **customer,
    )


def _contacts(customer):
    return SQL(
        """SELECT 'contact', date, id, 1, NULL::numeric, state
             FROM crm_collection_contact
            WHERE company_id = ANY(%(company_ids)s) AND partner_id = %(partner_id)s""",
        **customer,
    )


def _holds(customer):
    """When each was set, and when it was over."""
    return SQL(
        """SELECT 'hold', happened.moment, hold.id, 1, hold.amount, happened.what
             FROM crm_collection_hold hold
       CROSS JOIN LATERAL (VALUES (hold.create_date, 'set'),
                                  (CASE WHEN hold.state != 'active' THEN hold.closed_on END,
                                   hold.state)) AS happened (moment, what)
            WHERE hold.company_id = ANY(%(company_ids)s)
              AND hold.customer_id = %(partner_id)s""",
        **customer,
    )


def _payments(customer):
    """One line for what came together, of however many items; what was undone is one of its own."""
    return SQL(
        """SELECT 'payment', MIN(create_date), MIN(id), COUNT(*)::integer, SUM(amount),
                  CASE WHEN reversal_of_id IS NULL THEN kind ELSE 'returned' END
             FROM crm_collection_settlement
            WHERE company_id = ANY(%(company_ids)s) AND partner_id = %(partner_id)s
         GROUP BY date, counterpart_name, reversal_of_id IS NULL, kind,
                  CASE WHEN reversal_of_id IS NULL THEN kind ELSE 'returned' END""",
        **customer,
    )


def _moves(customer):
    """One line for the items that entered a phase together."""
    return SQL(
        """SELECT 'move', date_in, MIN(id), COUNT(*)::integer, SUM(amount_in), origin
             FROM crm_collection_allocation
            WHERE company_id = ANY(%(company_ids)s) AND partner_id = %(partner_id)s
         GROUP BY date_in, phase_id, origin""",
        **customer,
    )


def _approvals(customer):
    return SQL(
        """SELECT 'approval', date, id, item_count, amount, decision
             FROM crm_collection_approval_decision
            WHERE company_id = ANY(%(company_ids)s) AND partner_id = %(partner_id)s""",
        **customer,
    )


def _notes(customer):
    """What people wrote in the chatters of the customer, his items and letters; what a customer
    wrote is a contact."""
    return SQL(
        """SELECT 'note', message.date, message.id, 1, NULL::numeric, message.model
             FROM mail_message message
            WHERE message.message_type = 'comment' AND (
                  message.model = 'res.partner' AND message.res_id IN (
                      SELECT id FROM res_partner WHERE commercial_partner_id = %(partner_id)s)
               OR message.model = 'crm.collection.letter' AND message.res_id IN (
                      SELECT id FROM crm_collection_letter
                       WHERE company_id = ANY(%(company_ids)s) AND partner_id = %(partner_id)s)
               OR message.model = 'crm.collection.item' AND message.res_id IN (
                      SELECT id FROM crm_collection_item
                       WHERE company_id = ANY(%(company_ids)s) AND partner_id = %(partner_id)s))""",
        **customer,
    )


def _tasks(customer):
    """Tasks that were done, or taken off the list; what a contact did is told by the contact."""
    return SQL(
        """SELECT 'task', date_done, id, 1, NULL::numeric, state
             FROM crm_collection_task
            WHERE company_id = ANY(%(company_ids)s) AND partner_id = %(partner_id)s
              AND state IN ('done', 'cancelled') AND contact_id IS NULL""",
        **customer,
    )


def _thanks(customer):
    """Thanks for payments, with what became of the mail."""
    return SQL(
        """SELECT 'thanks', thanks.create_date, thanks.id, 1, NULL::numeric,
                  COALESCE(mail.state, 'sent')
             FROM crm_collection_thanks thanks
        LEFT JOIN mail_mail mail ON mail.id = thanks.mail_id
            WHERE thanks.company_id = ANY(%(company_ids)s)
              AND thanks.partner_id = %(partner_id)s""",
        **customer,
    )


_PARTS = {
    "letter": _letters,
    "contact": _contacts,
    "hold": _holds,
    "payment": _payments,
    "move": _moves,
    "approval": _approvals,
    "note": _notes,
    "task": _tasks,
    "thanks": _thanks,
}
