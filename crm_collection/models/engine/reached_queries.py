"""The step of its rule that an item has reached, and what holds it back: parts of the plan.

Aliases: ``open_item`` (the candidate with its hold), ``customer``, ``rule``, and ``step``, the
steps in force.
"""

from odoo.tools import SQL

from ..letters.condition_queries import waits_for_letter
from ..portfolio.broken_queries import broken
from ..portfolio.rule_queries import rules_with_unusable


def first_step():
    """When the first step of a rule is reached, and how long before the due date that is."""
    return SQL(
        """SELECT rule_id, MIN(threshold) AS threshold, -LEAST(MIN(threshold), 0) AS horizon
             FROM step GROUP BY rule_id"""
    )


def promised(rules, company, day):
    """Items of which a promise was broken have reached the step that the rule has for it, at once:
    they count at least as many days (``days_reached``) as it takes.

    :param SQL day: the days as a relation
    """
    if not any(rules.step_ids.mapped("after_promise")):
        return SQL("SELECT held.*, held.days_counted AS days_reached, FALSE AS is_broken FROM held")
    return SQL(
        """
        SELECT held.*, GREATEST(held.days_counted, broken.threshold) AS days_reached,
               broken.threshold IS NOT NULL AS is_broken
          FROM held
     LEFT JOIN (SELECT promise.today, promise.line_id, MAX(step.threshold) AS threshold
                  FROM (%(broken)s) AS promise
                  JOIN customer ON customer.partner_id = promise.partner_id
                  JOIN step ON step.rule_id = customer.rule_id AND step.after_promise
              GROUP BY promise.today, promise.line_id) AS broken
               ON broken.line_id = held.line_id AND broken.today = held.today""",
        broken=broken(company.id, day, _without_item()),
    )


def _without_item():
    """What is no open item yet, as :func:`.broken_queries.broken` asks for it."""
    return SQL(
        """SELECT held.today, held.line_id, held.move_id, held.partner_id, line.date
             FROM held JOIN account_move_line line ON line.id = held.line_id
            WHERE held.item_id IS NULL"""
    )


def reached(rules, company):
    """What the days and the debt say of each: its rule, the automatic step it belongs in
    (``chosen``) and the one it may go to while somebody decides about that (``meanwhile``),
    the manual one it has reached, and what holds it back (``blocker_now``).

    Each customer is in ``customer`` once, and ``DISTINCT`` tells the planner so: else it hashes
    the items to look up the customers, and of 604,000 items that went to disk, 27 s for 23.
    """
    is_kept = _get_is_kept(rules, company)
    return SQL(
        """
        SELECT open_item.*, customer.rule_id, customer.user_id,
               first_step.horizon AS rule_horizon,
               chosen.step_id AS chosen_step_id, %(meanwhile)s AS meanwhile_step_id,
               %(is_short)s AS is_short, %(manual)s AS reached_manual_step_id,
               %(blocker)s AS blocker_now
          FROM promised AS open_item
     LEFT JOIN (%(customer)s) AS customer ON customer.partner_id = open_item.partner_id
     LEFT JOIN crm_collection_rule rule ON rule.id = customer.rule_id
     LEFT JOIN first_step ON first_step.rule_id = customer.rule_id
     LEFT JOIN step last_step ON last_step.rule_id = customer.rule_id AND last_step.usable
               AND NOT last_step.manual AND open_item.days_reached >= last_step.threshold
               AND (last_step.threshold_next IS NULL
                    OR open_item.days_reached < last_step.threshold_next)
     LEFT JOIN step manual_step ON manual_step.rule_id = customer.rule_id
               AND manual_step.usable AND manual_step.manual
               AND open_item.days_reached >= manual_step.threshold
               AND (manual_step.threshold_next IS NULL
                    OR open_item.days_reached < manual_step.threshold_next)
     LEFT JOIN LATERAL (%(next_step)s) AS next_step ON TRUE
     LEFT JOIN LATERAL (%(unusable)s) AS unusable ON TRUE
    CROSS JOIN LATERAL (SELECT %(chosen)s AS step_id) AS chosen
        OFFSET 0 /* a part of its own: see Plan.query */""",
        customer=SQL("SELECT DISTINCT ON (partner_id) * FROM customer"),
        chosen=_reached_step("last_step", "step_id", manual=False, is_kept=is_kept),
        manual=_reached_step("manual_step", "proposed_step_id", manual=True),
        is_short=SQL("(%s OR %s)", *(_is_short(name) for name in ("last_step", "manual_step"))),
        meanwhile=_step_meanwhile(rules, is_kept),
        blocker=_blocker_now(is_kept),
        next_step=_next_step(rules, is_kept),
        unusable=_unusable_step(rules_with_unusable(rules, company.id)),
    )


def waits_anywhere(rules):
    """:return: whether a step leads where items enter only after a letter arrived"""
    phases = rules.step_ids.phase_id
    return any(phase.after_letter and phase.allocation_mode == "automatic" for phase in phases)


def _get_is_kept(rules, company):
    """:return: function of a step's alias, whose condition is that the letter of an item keeps it
    from moving on into that step. Letters are looked up of no others; ``None`` where no step leads
    into such a phase."""
    if not waits_anywhere(rules):
        return None

    def is_kept(step):
        return SQL(
            """CASE WHEN %(step)s.after_letter AND open_item.item_id IS NOT NULL
                     AND open_item.pinned IS NOT TRUE
                     AND open_item.phase_id IS DISTINCT FROM %(step)s.phase_id
                     AND NOT EXISTS (
                         SELECT FROM crm_collection_phase place WHERE place.id = open_item.phase_id
                            AND (place.sequence, place.id)
                                > (%(step)s.phase_sequence, %(step)s.phase_id))
                    THEN %(waits)s ELSE FALSE END""",
            step=SQL.identifier(step),
            waits=waits_for_letter(
                SQL("(open_item.item_id, open_item.partner_id)"),
                SQL("open_item.today"),
                company,
                SQL(
                    """COALESCE(%s IN (open_item.waiting_phase_id, open_item.refused_phase_id),
                                FALSE)""",
                    SQL.identifier(step, "phase_id"),
                ),
            ),
        )

    return is_kept


def _is_free(is_kept, step="step"):
    """Condition: no letter keeps the item from the step (see :func:`_get_is_kept`)."""
    return SQL("NOT %s", is_kept(step)) if is_kept else SQL("TRUE")


def _is_enough_owed(step="step"):
    """Condition: the item owes as much as the step asks for, in money and of what it was."""
    return SQL(
        """(open_item.amount_residual >= %(step)s.amount_min AND (%(step)s.percent_min = 0
            OR open_item.amount_residual_currency * 100
               >= %(step)s.percent_min * open_item.amount_currency))""",
        step=SQL.identifier(step),
    )


def _may_enter(step="step"):
    """A reminder before the due date is not sent after it, and a step after a broken promise is for
    items of which one was broken, unless the item is there already."""
    step = SQL.identifier(step)
    return SQL(
        """((%(step)s.days >= 0 OR open_item.days_counted <= 0
             OR open_item.phase_id = %(step)s.phase_id)
            AND (NOT %(step)s.after_promise OR open_item.is_broken
                 OR open_item.phase_id = %(step)s.phase_id))""",
        step=step,
    )


def _is_short(step):
    """Condition: too little is owed for a step that may be entered otherwise."""
    return SQL("COALESCE(%s AND NOT %s, FALSE)", _may_enter(step), _is_enough_owed(step))


def _reached_step(last, one_at_a_time, manual, is_kept=None):
    """The step of its kind an item belongs in: by days the last one reached, falling back to the
    step below where too little is owed, its time is over or a letter keeps the item from it; one
    at a time the next one.

    :param str last: alias of the last step reached, whatever is owed
    :param str one_at_a_time: the column of ``next_step``
    :param bool manual: the kind: steps that a person decides about, or those the job takes
    :param is_kept: see :func:`_get_is_kept`
    """
    below = _step_below(SQL("step.step_id"), manual, _is_free(is_kept))
    return SQL(
        """CASE WHEN rule.escalation = 'step' THEN next_step.%(one_at_a_time)s
                WHEN %(last)s.step_id IS NULL THEN NULL
                WHEN %(enough)s AND %(may_enter)s AND %(is_free)s THEN %(last)s.step_id
                ELSE (%(below)s) END""",
        one_at_a_time=SQL.identifier(one_at_a_time),
        last=SQL.identifier(last),
        enough=_is_enough_owed(last),
        may_enter=_may_enter(last),
        is_free=_is_free(is_kept, last),
        below=below,
    )


def _step_below(columns, manual, condition):
    """Of the last step of a kind that is reached and may be entered: at most one row."""
    return SQL(
        """SELECT %(columns)s FROM step
            WHERE step.rule_id = customer.rule_id AND step.usable AND step.manual = %(manual)s
              AND step.threshold <= open_item.days_reached AND %(enough)s AND %(may_enter)s
              AND %(condition)s
         ORDER BY step.threshold DESC LIMIT 1""",
        columns=columns,
        manual=manual,
        enough=_is_enough_owed(),
        may_enter=_may_enter(),
        condition=condition,
    )


def _is_kept_by_letter(is_kept):
    """Condition: the step an item belongs in is one that its letter keeps it from."""
    if not is_kept:
        return SQL("FALSE")
    return SQL(
        """CASE WHEN rule.escalation = 'step' THEN next_step.is_kept
                WHEN last_step.step_id IS NULL THEN FALSE
                WHEN %(enough)s AND %(may_enter)s THEN %(is_kept)s
                ELSE (%(below)s) END""",
        enough=_is_enough_owed("last_step"),
        may_enter=_may_enter("last_step"),
        is_kept=is_kept("last_step"),
        below=_step_below(is_kept("step"), manual=False, condition=SQL("TRUE")),
    )


def _step_meanwhile(rules, is_kept):
    """The step an item goes to while somebody decides whether it enters the phase of the one it
    belongs in: the last one reached before that nobody has to be asked about. By days only: one
    at a time no step is passed over."""
    if not any(rule.step_ids.phase_id.filtered("is_guarded") for rule in rules):
        return SQL("NULL::integer")
    return SQL(
        """CASE WHEN rule.escalation = 'days' THEN (
               SELECT step.step_id FROM step
                WHERE step.rule_id = customer.rule_id AND step.usable AND NOT step.manual
                  AND NOT step.guarded AND step.threshold <= open_item.days_reached AND %(enough)s
                  AND %(may_enter)s AND %(is_free)s AND EXISTS (
                       SELECT FROM step asked WHERE asked.step_id = chosen.step_id
                          AND asked.guarded AND asked.threshold > step.threshold)
             ORDER BY step.threshold DESC LIMIT 1) END""",
        enough=_is_enough_owed(),
        may_enter=_may_enter(),
        is_free=_is_free(is_kept),
    )


def _next_step(rules, is_kept):
    """One step at a time: the nearest step after the item's phase, when it is reached and the
    item has stayed long enough, a day at least: a second run does not take a second step. A
    manual step is not skipped: it waits for a person. Nor is one that a letter keeps the item
    from."""
    if not any(rule.escalation == "step" for rule in rules):
        return SQL(
            """SELECT NULL::integer AS step_id, NULL::integer AS proposed_step_id,
                      FALSE AS is_kept"""
        )
    return SQL(
        """SELECT CASE WHEN NOT step.manual AND %(is_free)s THEN step.step_id END AS step_id,
                  CASE WHEN step.manual THEN step.step_id END AS proposed_step_id,
                  NOT step.manual AND NOT %(is_free)s AS is_kept
             FROM step LEFT JOIN crm_collection_phase current ON current.id = open_item.phase_id
            WHERE rule.escalation = 'step' AND step.rule_id = customer.rule_id AND step.usable
              AND step.threshold <= open_item.days_reached AND %(enough)s AND %(may_enter)s
              AND (open_item.phase_id IS NULL
                   OR (step.phase_sequence, step.phase_id) > (current.sequence, current.id))
              AND (open_item.date_phase IS NULL OR open_item.date_phase
                   + GREATEST(rule.step_min_days, 1) <= open_item.today)
         ORDER BY step.threshold LIMIT 1""",
        enough=_is_enough_owed(),
        may_enter=_may_enter(),
        is_free=_is_free(is_kept),
    )


def _unusable_step(rule_ids):
    """The last step reached, where it is one that may not act (phase not approved, archived) and
    the item would enter otherwise."""
    if not rule_ids:
        return SQL("SELECT NULL::integer AS days")
    return SQL(
        """SELECT MAX(bad.days) AS days FROM step bad
            WHERE customer.rule_id = ANY(%(rule_ids)s) AND bad.rule_id = customer.rule_id
              AND NOT bad.usable AND bad.threshold <= open_item.days_reached
              AND %(enough_bad)s AND %(may_enter_bad)s
           HAVING MAX(bad.threshold) > COALESCE(
                (SELECT MAX(good.threshold) FROM step good
                  WHERE good.rule_id = customer.rule_id AND good.usable
                    AND good.threshold <= open_item.days_reached
                    AND %(enough_good)s AND %(may_enter_good)s), -100000)""",
        rule_ids=rule_ids,
        enough_bad=_is_enough_owed("bad"),
        may_enter_bad=_may_enter("bad"),
        enough_good=_is_enough_owed("good"),
        may_enter_good=_may_enter("good"),
    )


def _blocker_now(is_kept):
    """Why an item does not move, the first reason that applies."""
    return SQL(
        """CASE WHEN open_item.partner_id IS NULL THEN 'no_partner'
                WHEN open_item.no_followup AND open_item.include_no_followup IS NOT TRUE
                     THEN CASE WHEN open_item.is_refund THEN 'refund' ELSE 'no_followup' END
                WHEN open_item.silent AND NOT open_item.processing THEN 'blocked'
                WHEN open_item.hold_id IS NOT NULL THEN 'hold'
                WHEN open_item.processing THEN 'processing'
                WHEN open_item.is_collected THEN 'collected'
                WHEN customer.rule_id IS NULL THEN 'no_rule'
                WHEN NOT EXISTS (SELECT FROM step WHERE step.rule_id = customer.rule_id)
                     THEN 'empty'
                WHEN open_item.amount_residual < COALESCE(rule.amount_min, 0) THEN 'below_minimum'
                WHEN %(is_kept_by_letter)s THEN 'after_letter'
                WHEN unusable.days IS NOT NULL THEN 'unapproved'
                WHEN open_item.phase_id IS NULL AND first_step.threshold > open_item.days_reached
                     THEN 'not_due'
           END""",
        is_kept_by_letter=_is_kept_by_letter(is_kept),
    )
