"""The allocation plan: every item the job has something to write about, and what.

One statement: what the days and the debt say of each item (:mod:`.decision_queries`), compared
with where it is, with the approvals it waits for and with what is written already.
"""

from odoo.tools import SQL

from ..portfolio.queries import installment
from ..portfolio.rule_queries import steps
from .decision_queries import decide


def _open_item_name():
    """The name of an item that is not in the portfolio yet; one that is keeps its own."""
    return SQL(
        "COALESCE(decided.move_name, '') || CASE WHEN decided.item_id IS NULL THEN %s ELSE '' END",
        installment("decided", SQL("decided.line_id"), SQL("decided.line_name")),
    )


def _standing():
    """Where an item stands: its ``place`` among the phases, whether it is ``held``, and whether
    its step ``goes`` forward from there."""
    return SQL(
        """CROSS JOIN LATERAL (
                SELECT COALESCE(current.sequence, -2147483648) AS sequence,
                       COALESCE(current.id, 0) AS id) AS place
        CROSS JOIN LATERAL (
                SELECT COALESCE(decided.blocker_now NOT IN ('unapproved', 'not_due'), FALSE)
                       AS still
               ) AS held
        CROSS JOIN LATERAL (
                SELECT NOT held.still AND decided.pinned IS NOT TRUE
                   AND target.step_id IS NOT NULL
                   AND (target.phase_sequence, target.phase_id) > (place.sequence, place.id)
                       AS forward
               ) AS goes"""
    )


def _approval():
    """What becomes of an item whose step leads into a phase that needs an approval.

    ``waits``: in a request that still holds: it is for this phase, the item is held back
    meanwhile, or a person asked and the days have not overtaken him. ``refused``: the same
    rule, phase and debt were refused. ``asks``: neither.
    """
    return SQL(
        """
        SELECT answer.*, goes.forward AND target.guarded AND NOT answer.waits
               AND NOT answer.refused AS asks
          FROM (
            SELECT decided.waiting_phase_id IS NOT NULL AND (
                        held.still OR COALESCE(goes.forward AND target.guarded
                            AND target.phase_id = decided.waiting_phase_id, FALSE)
                        OR (decided.waiting_origin <> 'automatic' AND NOT (
                            goes.forward AND (target.phase_sequence, target.phase_id) > (
                                SELECT asked.sequence, asked.id FROM crm_collection_phase asked
                                 WHERE asked.id = decided.waiting_phase_id)))) AS waits,
                   COALESCE(goes.forward AND target.guarded
                        AND decided.refused_phase_id = target.phase_id
                        AND decided.refused_version = target.version
                        AND decided.refused_amount = decided.amount_residual, FALSE) AS refused
          ) AS answer"""
    )


def _entry():
    """Whether an item moves and the step it enters: its own or, where somebody has to be asked
    about that one, the step it may enter meanwhile."""
    return SQL(
        """
        SELECT goes.forward AND (NOT target.guarded OR COALESCE(
                    (meanwhile.phase_sequence, meanwhile.phase_id)
                    > (place.sequence, place.id), FALSE)) AS moves,
               CASE WHEN target.guarded THEN meanwhile.step_id ELSE target.step_id
                    END AS step_id,
               CASE WHEN target.guarded THEN meanwhile.phase_id ELSE target.phase_id
                    END AS phase_id,
               CASE WHEN target.guarded THEN meanwhile.phase_sequence
                    ELSE target.phase_sequence END AS phase_sequence,
               CASE WHEN target.guarded THEN meanwhile.has_letter ELSE target.has_letter
                    END AS has_letter"""
    )


def _blocker():
    """Why an item stays: what holds it back, else that its day has not come, else the approval."""
    return SQL(
        """CASE WHEN decided.blocker_now IS NOT NULL THEN decided.blocker_now
                WHEN decided.phase_id IS NULL AND target.step_id IS NULL
                     AND manual.step_id IS NULL AND NOT approval.waits
                THEN CASE WHEN decided.is_short THEN 'below_minimum' ELSE 'not_due' END
                WHEN approval.waits OR approval.asks THEN 'approval'
                WHEN approval.refused THEN 'refused'
           END"""
    )


def _proposed_step():
    """The manual step an item has reached, where it lies beyond the phase it is in afterwards."""
    return SQL(
        """CASE WHEN NOT held.still AND decided.pinned IS NOT TRUE
                 AND (manual.phase_sequence, manual.phase_id) > (
                      CASE WHEN entry.moves THEN entry.phase_sequence ELSE place.sequence END,
                      CASE WHEN entry.moves THEN entry.phase_id ELSE place.id END)
                THEN manual.step_id END"""
    )


def _is_changed():
    """Whether there is something to write about an item."""
    return SQL(
        """change.item_id IS NULL OR change.moves OR change.to_evaluate
           OR change.step_id IS DISTINCT FROM change.step_from_id
           OR change.rule_id IS DISTINCT FROM change.rule_from_id
           OR change.proposed_step_id IS DISTINCT FROM change.proposed_from_id
           OR change.asks OR change.withdraws
           OR change.approval_state IS DISTINCT FROM change.approval_state_from
           OR change.blocker IS DISTINCT FROM change.blocker_from"""
    )


def plan(
    company_id,
    today,
    partner_model,
    rules,
    account_ids,
    horizon,
    changed_only=True,
    together=False,
):
    """What to write, one row per item: see :func:`decide` for the parameters.

    An item moves when nothing holds it back, nobody pinned it, and the step's phase is more
    severe than the one it is in. Into a phase that needs an approval it does not move, it
    ``asks``, and goes as far as it may without (``entry``). ``proposed_step`` is a manual-only
    step it has reached. The step of an item that stays is the one its rule has for its phase.
    """
    return SQL(
        """
        SELECT row_number() OVER (%(order)s) AS seq, change.*
          FROM (
            SELECT decided.line_id, decided.item_id, decided.move_id, decided.partner_id,
                   decided.currency_id, decided.amount_residual, decided.amount_residual_currency,
                   decided.no_followup, decided.date_maturity, decided.days, decided.user_id,
                   %(name)s AS name,
                   decided.phase_id AS phase_from_id, decided.hold_id,
                   decided.rule_id, decided.to_evaluate, decided.item_write_date,
                   decided.blocker AS blocker_from,
                   %(blocker)s AS blocker,
                   approval.asks, decided.waiting_phase_id IS NOT NULL AND NOT approval.waits
                       AS withdraws,
                   CASE WHEN approval.waits OR approval.asks THEN 'pending'
                        WHEN approval.refused THEN 'refused'
                        WHEN NOT entry.moves AND decided.approval_state = 'approved'
                        THEN 'approved' END AS approval_state,
                   decided.approval_state AS approval_state_from, target.step_id AS target_step_id,
                   entry.moves, target.phase_id AS target_phase_id,
                   CASE WHEN entry.moves THEN entry.step_id
                        WHEN held.still THEN decided.step_id
                        ELSE COALESCE(own.step_id, decided.step_id) END AS step_id,
                   CASE WHEN entry.moves THEN entry.phase_id ELSE decided.phase_id END AS phase_id,
                   COALESCE(entry.has_letter, FALSE) AS has_letter,
                   %(proposed)s AS proposed_step_id,
                   decided.step_id AS step_from_id, decided.item_rule_id AS rule_from_id,
                   decided.proposed_step_id AS proposed_from_id
              FROM (%(decide)s) AS decided
         LEFT JOIN crm_collection_phase current ON current.id = decided.phase_id
         LEFT JOIN (%(steps)s) AS own ON own.rule_id = decided.rule_id
               AND own.phase_id = decided.phase_id
         LEFT JOIN (%(steps)s) AS target ON target.step_id = decided.chosen_step_id
         LEFT JOIN (%(steps)s) AS meanwhile ON meanwhile.step_id = decided.meanwhile_step_id
         LEFT JOIN (%(steps)s) AS manual ON manual.step_id = decided.reached_manual_step_id
        %(standing)s
        CROSS JOIN LATERAL (%(approval)s) AS approval
        CROSS JOIN LATERAL (%(entry)s) AS entry
             WHERE decided.item_id IS NOT NULL OR decided.days > 0
                OR -decided.days <= decided.rule_horizon
          ) AS change
         WHERE %(filter)s""",
        decide=decide(company_id, today, partner_model, rules, account_ids, horizon),
        steps=steps(company_id),
        order=SQL("ORDER BY change.partner_id") if together else SQL(),
        name=_open_item_name(),
        blocker=_blocker(),
        proposed=_proposed_step(),
        standing=_standing(),
        approval=_approval(),
        entry=_entry(),
        filter=_is_changed() if changed_only else SQL("TRUE"),
    )


def fingerprint(company_id, today, rules):
    """A short text that changes with anything a plan depends on, except the items themselves.

    Of the large tables counts and sums: an entry posted in a long transaction commits with a
    write date older than the latest one already seen. Of the small ones every word.
    """
    large = (
        SQL("account_move WHERE company_id = %s AND state = 'posted'", company_id),
        SQL("res_partner"),
    )
    small = (
        SQL("crm_collection_phase"),
        SQL("crm_collection_approval_rule"),
        SQL("crm_collection_rule"),
        SQL("crm_collection_rule_step"),
        SQL("crm_collection_hold WHERE company_id = %s AND state = 'active'", company_id),
    )
    parts = [
        SQL("%s", str(today)),
        SQL("%s", str([(rule.id, list(rule._get_criteria_domain())) for rule in rules])),
        *(
            SQL(
                """(SELECT concat_ws(',', COUNT(*), COALESCE(SUM(id), 0),
                           SUM(EXTRACT(EPOCH FROM write_date))) FROM %s)""",
                table,
            )
            for table in large
        ),
        *(
            SQL(
                """(SELECT md5(string_agg(record::text, ',' ORDER BY id))
                      FROM (SELECT * FROM %s) AS record)""",
                table,
            )
            for table in small
        ),
    ]
    return SQL("SELECT md5(concat_ws(';', %s))", SQL(", ").join(parts))
