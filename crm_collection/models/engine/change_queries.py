"""What follows for an item from the step it has reached: parts of the plan, in their order."""

from odoo.tools import SQL

from ..letters.condition_queries import is_ever_to_go
from ..portfolio.queries import date_of_last_letter, installment, next_letter_date

# What holds an item back that nobody is asked for, whichever phase it is in; a hold ends.
NEVER_ASKED = ("no_partner", "no_followup", "refund", "blocked")


def standing():
    """Where an item stands: its ``place`` among the phases, whether it is held back (``still``),
    and whether its step leads ``forward`` from there; with what is to be known of the steps."""
    return SQL(
        """
        SELECT reached.*, place.sequence AS place_sequence, place.id AS place_id,
               held_back.still, goes.forward, own.step_id AS own_step_id,
               target.step_id AS target_step_id, target.phase_id AS target_phase_id,
               target.phase_sequence AS target_sequence, target.guarded AS target_guarded,
               target.version AS target_version, target.has_letter AS target_has_letter,
               meanwhile.phase_id AS meanwhile_phase_id,
               meanwhile.phase_sequence AS meanwhile_sequence,
               meanwhile.has_letter AS meanwhile_has_letter,
               manual.step_id AS manual_step_id, manual.phase_id AS manual_phase_id,
               manual.phase_sequence AS manual_sequence
          FROM reached
     LEFT JOIN crm_collection_phase current ON current.id = reached.phase_id
     LEFT JOIN step own ON own.rule_id = reached.rule_id AND own.phase_id = reached.phase_id
     LEFT JOIN step target ON target.step_id = reached.chosen_step_id
     LEFT JOIN step meanwhile ON meanwhile.step_id = reached.meanwhile_step_id
     LEFT JOIN step manual ON manual.step_id = reached.reached_manual_step_id
    CROSS JOIN LATERAL (
            SELECT COALESCE(current.sequence, -2147483648) AS sequence,
                   COALESCE(current.id, 0) AS id) AS place
    CROSS JOIN LATERAL (
            SELECT COALESCE(reached.blocker_now NOT IN (
                        'unapproved', 'not_due', 'after_letter'), FALSE) AS still
          ) AS held_back
    CROSS JOIN LATERAL (
            SELECT NOT held_back.still AND reached.pinned IS NOT TRUE
               AND target.step_id IS NOT NULL
               AND (target.phase_sequence, target.phase_id) > (place.sequence, place.id)
                   AS forward) AS goes
         WHERE reached.item_id IS NOT NULL OR reached.days > 0
            OR -reached.days <= reached.rule_horizon
        OFFSET 0 /* a part of its own: see Plan.query */"""
    )


def answer():
    """What becomes of an item whose step leads into a phase that needs an approval.

    ``waits``: in a request that still holds: it is for this phase, the item is held back
    meanwhile, or a person asked and the days have not overtaken him. ``refused``: the same
    rule, phase and debt were refused. ``asks``: neither.
    """
    return SQL(
        """
        SELECT standing.*, given.waits, given.refused,
               standing.forward AND standing.target_guarded AND NOT given.waits
                   AND NOT given.refused AS asks
          FROM standing
    CROSS JOIN LATERAL (
            SELECT standing.waiting_phase_id IS NOT NULL AND (
                        standing.still OR COALESCE(standing.forward AND standing.target_guarded
                            AND standing.target_phase_id = standing.waiting_phase_id, FALSE)
                        OR (standing.waiting_origin <> 'automatic' AND NOT (
                            standing.forward
                            AND (standing.target_sequence, standing.target_phase_id) > (
                                SELECT asked.sequence, asked.id FROM crm_collection_phase asked
                                 WHERE asked.id = standing.waiting_phase_id)))) AS waits,
                   COALESCE(standing.forward AND standing.target_guarded
                        AND standing.refused_phase_id = standing.target_phase_id
                        AND standing.refused_version = standing.target_version
                        AND standing.refused_amount = standing.amount_residual, FALSE) AS refused
          ) AS given"""
    )


def entry():
    """Whether an item moves and the step it enters: its own or, where somebody has to be asked
    about that one, the step it may enter meanwhile."""
    return SQL(
        """
        SELECT answer.*,
               CASE WHEN answer.still THEN answer.step_id
                    ELSE COALESCE(answer.own_step_id, answer.step_id) END AS stay_step_id,
               answer.forward AND (NOT answer.target_guarded OR COALESCE(
                    (answer.meanwhile_sequence, answer.meanwhile_phase_id)
                    > (answer.place_sequence, answer.place_id), FALSE)) AS moves,
               CASE WHEN answer.target_guarded THEN answer.meanwhile_step_id
                    ELSE answer.target_step_id END AS entry_step_id,
               CASE WHEN answer.target_guarded THEN answer.meanwhile_phase_id
                    ELSE answer.target_phase_id END AS entry_phase_id,
               CASE WHEN answer.target_guarded THEN answer.meanwhile_sequence
                    ELSE answer.target_sequence END AS entry_sequence,
               CASE WHEN answer.target_guarded THEN answer.meanwhile_has_letter
                    ELSE answer.target_has_letter END AS entry_has_letter
          FROM answer"""
    )


def next_letter(due=None):
    """When the next letter goes of an item that stays in its phase. A date that no run would use
    is put off (``kept_date``): it stands again where one would, the rule is in force again, say,
    or the step has its letter back.

    Under another step (its rule was exchanged) the date is counted from the last letter.

    :param SQL due: see :func:`~..letters.condition_queries.leaves_by_rule`
    """
    return SQL(
        """
        SELECT item.*, CASE WHEN goes.by_itself THEN wanted.date END AS next_date,
               CASE WHEN NOT goes.by_itself THEN wanted.date END AS kept_date
          FROM (SELECT entry.*, entry.item_id AS id FROM entry) AS item
     LEFT JOIN crm_collection_phase phase ON phase.id = item.phase_id
     LEFT JOIN crm_collection_rule_step step
               ON step.id = item.stay_step_id AND step.phase_id = item.phase_id
     LEFT JOIN crm_collection_rule rule ON rule.id = item.rule_id
    CROSS JOIN LATERAL (
            SELECT CASE WHEN item.moves THEN NULL
                        WHEN item.letter_count > 0
                             AND item.stay_step_id IS DISTINCT FROM item.step_id THEN (%(again)s)
                        ELSE COALESCE(item.date_next_letter, item.date_letter_kept) END AS date
          ) AS wanted
    CROSS JOIN LATERAL (
            SELECT COALESCE(wanted.date IS NOT NULL AND %(goes)s
                AND (item.blocker_now IS NULL OR item.blocker_now NOT IN %(never)s), FALSE)
                   AS by_itself) AS goes""",
        again=SQL(
            "SELECT %s FROM (%s) AS last",
            next_letter_date(SQL("last.date"), SQL("item.letter_count")),
            date_of_last_letter("item"),
        ),
        goes=is_ever_to_go(SQL("wanted.date"), SQL("item.today"), due),
        never=NEVER_ASKED,
    )


def change():
    """What is to be written of each, beside what is written (``*_from``)."""
    return SQL(
        """
        SELECT entry.line_id, entry.item_id, entry.move_id, entry.partner_id, entry.currency_id,
               entry.amount_residual, entry.amount_residual_currency, entry.no_followup,
               entry.date_maturity, entry.today, entry.days, entry.user_id, %(name)s AS name,
               entry.phase_id AS phase_from_id, entry.hold_id, entry.rule_id, entry.to_evaluate,
               entry.item_write_date, entry.blocker AS blocker_from, %(blocker)s AS blocker,
               entry.asks, entry.waiting_phase_id IS NOT NULL AND NOT entry.waits AS withdraws,
               CASE WHEN entry.waits OR entry.asks THEN 'pending'
                    WHEN entry.refused THEN 'refused'
                    WHEN NOT entry.moves AND entry.approval_state = 'approved'
                    THEN 'approved' END AS approval_state,
               entry.approval_state AS approval_state_from, entry.target_step_id, entry.moves,
               entry.target_phase_id,
               CASE WHEN entry.moves THEN entry.entry_step_id
                    ELSE entry.stay_step_id END AS step_id,
               CASE WHEN entry.moves THEN entry.entry_phase_id ELSE entry.phase_id END AS phase_id,
               COALESCE(entry.entry_has_letter, FALSE) AS has_letter,
               %(proposed)s AS proposed_step_id,
               entry.step_id AS step_from_id, entry.item_rule_id AS rule_from_id,
               entry.proposed_step_id AS proposed_from_id,
               entry.next_date AS date_next_letter, entry.kept_date AS date_letter_kept,
               entry.date_next_letter AS date_next_from
          FROM next_letter AS entry""",
        name=_name(),
        blocker=_blocker(),
        proposed=_proposed_step(),
    )


def _name():
    """The name of an item that is not in the portfolio yet; one that is keeps its own."""
    return SQL(
        """CASE WHEN entry.item_id IS NOT NULL THEN entry.item_name
                ELSE COALESCE(entry.move_name, '') || %s END""",
        installment("entry", SQL("entry.line_id"), SQL("entry.line_name")),
    )


def _blocker():
    """Why an item stays: what holds it back, else that its day has not come, else the approval."""
    return SQL(
        """CASE WHEN entry.blocker_now IS NOT NULL THEN entry.blocker_now
                WHEN entry.phase_id IS NULL AND entry.target_step_id IS NULL
                     AND entry.manual_step_id IS NULL AND NOT entry.waits
                THEN CASE WHEN entry.is_short THEN 'below_minimum' ELSE 'not_due' END
                WHEN entry.waits OR entry.asks THEN 'approval'
                WHEN entry.refused THEN 'refused'
           END"""
    )


def _proposed_step():
    """The manual step an item has reached, where it lies beyond the phase it is in afterwards."""
    return SQL(
        """CASE WHEN NOT entry.still AND entry.pinned IS NOT TRUE
                 AND (entry.manual_sequence, entry.manual_phase_id) > (
                      CASE WHEN entry.moves THEN entry.entry_sequence
                           ELSE entry.place_sequence END,
                      CASE WHEN entry.moves THEN entry.entry_phase_id ELSE entry.place_id END)
                THEN entry.manual_step_id END"""
    )


def is_changed():
    """Whether there is something to write about an item."""
    return SQL(
        """change.item_id IS NULL OR change.moves OR change.to_evaluate
           OR change.step_id IS DISTINCT FROM change.step_from_id
           OR change.rule_id IS DISTINCT FROM change.rule_from_id
           OR change.proposed_step_id IS DISTINCT FROM change.proposed_from_id
           OR change.asks OR change.withdraws
           OR NOT change.moves AND change.date_next_letter IS DISTINCT FROM change.date_next_from
           OR change.approval_state IS DISTINCT FROM change.approval_state_from
           OR change.blocker IS DISTINCT FROM change.blocker_from"""
    )
