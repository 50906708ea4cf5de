"""Which of two texts a customer gets, where a phase compares them."""

from odoo.tools import SQL

from ..portfolio.queries import letter_template


def letter_text(today):
    """The text of an item's letter on a day: :func:`.letter_template`, of which the phase's own
    is one of two where it compares them. Over ``item``, ``step`` and ``phase``;
    ``crm.collection.phase._get_letter`` says the same of records."""
    return SQL(
        "CASE WHEN %s = 'b' THEN phase.template_b_id ELSE %s END",
        side(today),
        letter_template(),
    )


def side(today):
    """Which of the two texts that is, ``a`` or ``b``; NULL where nothing is compared: the step has
    a text of its own, or sends none, or it is another time.

    Drawn by a checksum of comparison and customer, whose halves are as good as a coin that was
    thrown once for each customer: the same in every round, for every item, by every job.
    ``crm.collection.phase._draw_side`` draws the same.
    """
    return SQL(
        """CASE WHEN phase.template_b_id IS NOT NULL AND phase.template_id IS NOT NULL
                 AND step.template_id IS NULL AND step.without_letter IS NOT TRUE
                 AND %(today)s::date BETWEEN COALESCE(phase.compare_from, '-infinity')
                                         AND COALESCE(phase.compare_until, 'infinity')
                THEN CASE WHEN get_byte(decode(md5(concat_ws(':', %(key)s, item.partner_id)),
                                               'hex'), 0) %% 2 = 1
                          THEN 'b' ELSE 'a' END END""",
        today=today,
        key=comparison_key(),
    )


def comparison_key():
    """By what the comparison that runs in a phase is known: another text, or a draw that was
    wished for, is another comparison. Over ``phase``."""
    return SQL(
        """concat_ws('-', phase.id, phase.compare_number, phase.template_id,
                     phase.template_b_id)"""
    )
