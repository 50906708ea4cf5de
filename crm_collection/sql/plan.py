"""The allocation plan: every title the job has something to write about, and what.

One statement: candidates (posted, receivable, owed, due or soon due) x the customer's rule
(resolved per customer, not per title) x the step the days have reached.
"""

from odoo.tools import SQL

from .common import (
    installment,
    letter_template,
    line_date_maturity,
    line_is_owed,
    move_is_silent,
    step_version,
    workers,
)
from .hold import hold_id, hold_joins


def customer_rule(partner_model, rules):
    """A customer's rule as an expression over ``partner`` (alias of ``res_partner``).

    :param partner_model: ``res.partner`` in the company's context, archived included
    :param rules: the company's rules in order of precedence
    """
    if not rules:
        return SQL("NULL::integer")
    own = partner_model._field_to_sql("partner", "collection_rule_id")
    # Whom the further conditions of a rule would catch is not known where they cannot be read:
    # nobody who fits its other criteria goes to a later, milder one.
    first_match = SQL(" ").join(
        SQL("WHEN %s THEN NULL", _matches(partner_model, rule._get_criteria_domain()))
        if rule._get_problem()
        else SQL("WHEN %s THEN %s", _matches(partner_model, rule._get_partner_domain()), rule.id)
        for rule in rules
    )
    return SQL(
        "CASE WHEN %(own)s = ANY(%(ids)s) THEN %(own)s ELSE CASE %(first_match)s END END",
        own=own,
        ids=rules.ids,
        first_match=first_match,
    )


def _matches(partner_model, domain):
    if domain.is_true():
        return SQL("TRUE")
    matching = partner_model._search(domain, bypass_access=True)
    return SQL("partner.id IN %s", matching.subselect())


def steps(company_id):
    """Steps in force: when each is reached, whether it may act, and up to when it is the last
    one reached among those of its kind (automatic steps that may act; manual ones)."""
    return SQL(
        """
        SELECT reached.*,
               LEAD(threshold) OVER (PARTITION BY rule_id, usable, manual ORDER BY threshold)
                   AS threshold_next
          FROM (
            SELECT step.id AS step_id, step.rule_id, step.phase_id, step.days,
                   step.days + CASE WHEN step.days > 0 THEN COALESCE(rule.grace_days, 0) ELSE 0 END
                       AS threshold,
                   phase.sequence AS phase_sequence,
                   phase.allocation_mode = 'manual' AS manual,
                   COALESCE(phase.active AND phase.approval_state = 'approved'
                       AND (phase.company_id IS NULL OR phase.company_id IN (
                            SELECT owner.id FROM res_company owner JOIN res_company company
                                   ON company.parent_path LIKE owner.parent_path || '%%'
                             WHERE company.id = %(company_id)s)), FALSE)
                       AS usable,
                   GREATEST(step.amount_min, rule.amount_min, 0) AS amount_min,
                   COALESCE(step.percent_min, 0) AS percent_min,
                   %(letter)s IS NOT NULL AS has_letter,
                   COALESCE(phase.is_guarded, FALSE) AS guarded, %(version)s AS version
              FROM crm_collection_rule_step step
              JOIN crm_collection_rule rule ON rule.id = step.rule_id
              JOIN crm_collection_phase phase ON phase.id = step.phase_id
          ) AS reached""",
        company_id=company_id,
        letter=letter_template(),
        version=step_version(),
    )


def _enough_owed(step="step"):
    return SQL(
        """(title.amount_residual >= %(step)s.amount_min AND (%(step)s.percent_min = 0
            OR title.amount_residual_currency * 100
               >= %(step)s.percent_min * title.amount_currency))""",
        step=SQL.identifier(step),
    )


def _may_enter(step="step"):
    """A reminder before the due date is not sent after it, unless the title is there already."""
    step = SQL.identifier(step)
    return SQL(
        "(%(step)s.days >= 0 OR title.days <= 0 OR title.phase_id = %(step)s.phase_id)", step=step
    )


def candidates(company_id, today, horizon):
    """Titles of the company that are overdue, or due within ``horizon`` days.

    The customer is the commercial partner of today, not of the day the entry was posted.
    """
    return SQL(
        """
        SELECT line.id AS line_id, line.move_id, line.currency_id, line.amount_currency,
               line.amount_residual, line.amount_residual_currency, line.name AS line_name,
               COALESCE(line.no_followup, FALSE) AS no_followup,
               %(date_maturity)s AS date_maturity,
               %(today)s::date - %(date_maturity)s AS days,
               partner.commercial_partner_id AS partner_id,
               move.name AS move_name, move.payment_reference,
               %(silent)s AS silent,
               item.id AS item_id, item.phase_id, item.step_id, item.rule_id AS item_rule_id,
               item.date_phase, item.proposed_step_id, item.blocker, item.pinned, item.to_evaluate,
               item.include_no_followup, item.write_date AS item_write_date, item.approval_state,
               item.refused_phase_id, item.refused_version, item.refused_amount,
               waiting.phase_id AS waiting_phase_id, waiting.origin AS waiting_origin
          FROM account_move_line line
          JOIN account_account account
               ON account.id = line.account_id AND account.account_type = 'asset_receivable'
          JOIN account_move move ON move.id = line.move_id
     LEFT JOIN res_partner partner ON partner.id = line.partner_id
     LEFT JOIN crm_collection_item item ON item.line_id = line.id
     LEFT JOIN (%(waiting)s) AS waiting ON waiting.item_id = item.id
         WHERE line.company_id = %(company_id)s AND %(owed)s
           AND %(date_maturity)s <= %(today)s::date + %(horizon)s::integer""",
        company_id=company_id,
        today=today,
        horizon=horizon,
        date_maturity=line_date_maturity(),
        silent=move_is_silent(),
        owed=line_is_owed(),
        waiting=waiting_titles(company_id),
    )


def waiting_titles(company_id):
    """Titles that wait for an approval: item, the phase they are to enter, who asked."""
    return SQL(
        """SELECT line.item_id, line.phase_id, approval.origin
             FROM crm_collection_approval_line line
             JOIN crm_collection_approval approval ON approval.id = line.approval_id
            WHERE line.state = 'pending' AND line.company_id = %s""",
        company_id,
    )


def customers(partner_model, rules, company_id):
    """Each customer's rule and collector, once per customer: its own, else its salesperson, of
    those who work in the company."""
    collector = partner_model._field_to_sql("partner", "collection_user_id")
    return SQL(
        """SELECT partner.id AS partner_id, %(rule)s AS rule_id,
                  CASE WHEN %(collector)s IN (%(workers)s) THEN %(collector)s
                       WHEN partner.user_id IN (%(workers)s) THEN partner.user_id
                  END AS user_id
             FROM res_partner partner
            WHERE partner.commercial_partner_id = partner.id""",
        rule=customer_rule(partner_model, rules),
        collector=collector,
        workers=workers(company_id),
    )


def _chosen_step():
    """The automatic step a title belongs in: by days the last one reached, falling back to the
    step below where too little is owed; one at a time the next one."""
    below = SQL(
        """(SELECT step.step_id FROM step
             WHERE step.rule_id = customer.rule_id AND step.usable AND NOT step.manual
               AND step.threshold <= title.days AND %(enough)s AND %(may_enter)s
          ORDER BY step.threshold DESC LIMIT 1)""",
        enough=_enough_owed(),
        may_enter=_may_enter(),
    )
    return SQL(
        """CASE WHEN rule.escalation = 'step' THEN next_step.step_id
                WHEN last_step.step_id IS NULL THEN NULL
                WHEN %(enough)s AND %(may_enter)s THEN last_step.step_id
                ELSE %(below)s END""",
        enough=_enough_owed("last_step"),
        may_enter=_may_enter("last_step"),
        below=below,
    )


def _step_meanwhile(rules):
    """The step a title goes to while somebody decides whether it enters the phase of the one it
    belongs in: the last one reached before that nobody has to be asked about. By days only: one
    at a time no step is passed over."""
    if not any(rule.step_ids.phase_id.filtered("is_guarded") for rule in rules):
        return SQL("NULL::integer")
    return SQL(
        """CASE WHEN rule.escalation = 'days' THEN (
               SELECT step.step_id FROM step
                WHERE step.rule_id = customer.rule_id AND step.usable AND NOT step.manual
                  AND NOT step.guarded AND step.threshold <= title.days AND %(enough)s
                  AND %(may_enter)s AND EXISTS (
                       SELECT FROM step asked WHERE asked.step_id = chosen.step_id
                          AND asked.guarded AND asked.threshold > step.threshold)
             ORDER BY step.threshold DESC LIMIT 1) END""",
        enough=_enough_owed(),
        may_enter=_may_enter(),
    )


def _next_step(rules, today):
    """One step at a time: the nearest step after the title's phase, when it is reached and the
    title has stayed long enough, a day at least: a second run does not take a second step. A
    manual step is not skipped: it waits for a person."""
    if not any(rule.escalation == "step" for rule in rules):
        return SQL("SELECT NULL::integer AS step_id, NULL::integer AS proposed_step_id")
    return SQL(
        """SELECT CASE WHEN step.manual THEN NULL ELSE step.step_id END AS step_id,
                  CASE WHEN step.manual THEN step.step_id END AS proposed_step_id
             FROM step LEFT JOIN crm_collection_phase current ON current.id = title.phase_id
            WHERE rule.escalation = 'step' AND step.rule_id = customer.rule_id AND step.usable
              AND step.threshold <= title.days AND %(enough)s AND %(may_enter)s
              AND (title.phase_id IS NULL
                   OR (step.phase_sequence, step.phase_id) > (current.sequence, current.id))
              AND (title.date_phase IS NULL
                   OR title.date_phase + GREATEST(rule.step_min_days, 1) <= %(today)s)
         ORDER BY step.threshold LIMIT 1""",
        today=today,
        enough=_enough_owed(),
        may_enter=_may_enter(),
    )


def _blocker(hold):
    """Why a title does not move, the first reason that applies."""
    return SQL(
        """CASE WHEN title.partner_id IS NULL THEN 'no_partner'
                WHEN title.no_followup AND title.include_no_followup IS NOT TRUE THEN 'no_followup'
                WHEN title.silent THEN 'blocked'
                WHEN %(hold)s IS NOT NULL THEN 'hold'
                WHEN customer.rule_id IS NULL THEN 'no_rule'
                WHEN NOT EXISTS (SELECT FROM step WHERE step.rule_id = customer.rule_id)
                     THEN 'empty'
                WHEN title.amount_residual < COALESCE(rule.amount_min, 0) THEN 'below_minimum'
                WHEN unusable.days IS NOT NULL THEN 'unapproved'
                WHEN title.phase_id IS NULL AND first_step.threshold > title.days THEN 'not_due'
           END""",
        hold=hold,
    )


def decide(company_id, today, partner_model, rules, horizon):
    """Every candidate with its rule, step, proposal and blocker, changed or not.

    :param date today: the company's day
    :param horizon: how many days before the due date a title is taken in
    """
    hold = hold_id()
    return SQL(
        """
        WITH step AS MATERIALIZED (%(steps)s),
             customer AS MATERIALIZED (%(customers)s),
             first_step AS MATERIALIZED (
                SELECT rule_id, MIN(threshold) AS threshold,
                       -LEAST(MIN(threshold), 0) AS horizon FROM step GROUP BY rule_id)
        SELECT title.*, customer.rule_id, customer.user_id, %(hold)s AS hold_id,
               first_step.horizon AS rule_horizon,
               chosen.step_id AS chosen_step_id, %(meanwhile)s AS meanwhile_step_id,
               %(may_enter)s AND NOT %(enough)s AS is_short,
               CASE WHEN rule.escalation = 'step' THEN next_step.proposed_step_id
                    WHEN %(enough_manual)s THEN manual_step.step_id END AS reached_manual_step_id,
               %(blocker)s AS blocker_now
          FROM (%(candidates)s) AS title
     LEFT JOIN customer ON customer.partner_id = title.partner_id
     LEFT JOIN crm_collection_rule rule ON rule.id = customer.rule_id
     LEFT JOIN first_step ON first_step.rule_id = customer.rule_id
     LEFT JOIN step last_step ON last_step.rule_id = customer.rule_id AND last_step.usable
               AND NOT last_step.manual
               AND title.days >= last_step.threshold
               AND (last_step.threshold_next IS NULL OR title.days < last_step.threshold_next)
     LEFT JOIN step manual_step ON manual_step.rule_id = customer.rule_id AND manual_step.usable
               AND manual_step.manual AND rule.escalation = 'days'
               AND title.days >= manual_step.threshold
               AND (manual_step.threshold_next IS NULL OR title.days < manual_step.threshold_next)
     LEFT JOIN LATERAL (%(next_step)s) AS next_step ON TRUE
     LEFT JOIN LATERAL (%(unusable)s) AS unusable ON TRUE
    CROSS JOIN LATERAL (SELECT %(chosen)s AS step_id) AS chosen
        %(hold_joins)s""",
        steps=steps(company_id),
        customers=customers(partner_model, rules, company_id),
        hold=hold,
        chosen=_chosen_step(),
        meanwhile=_step_meanwhile(rules),
        may_enter=_may_enter("last_step"),
        enough=_enough_owed("last_step"),
        enough_manual=_enough_owed("manual_step"),
        blocker=_blocker(hold),
        candidates=candidates(company_id, today, horizon),
        next_step=_next_step(rules, today),
        unusable=_unusable_step(rules_with_unusable(rules, company_id)),
        hold_joins=hold_joins(
            company_id, today, SQL("title.partner_id"), SQL("title.move_id"), SQL("title.item_id")
        ),
    )


def _unusable_step(rule_ids):
    """The last step reached, where it is one that may not act (phase not approved, archived)."""
    if not rule_ids:
        return SQL("SELECT NULL::integer AS days")
    return SQL(
        """SELECT MAX(bad.days) AS days FROM step bad
            WHERE customer.rule_id = ANY(%s) AND bad.rule_id = customer.rule_id
              AND NOT bad.usable AND bad.threshold <= title.days
           HAVING MAX(bad.threshold) > COALESCE(
                (SELECT MAX(good.threshold) FROM step good
                  WHERE good.rule_id = customer.rule_id AND good.usable
                    AND good.threshold <= title.days), -100000)""",
        rule_ids,
    )


def rules_with_unusable(rules, company_id):
    """Ids of the rules with a step that may not act: only their titles are asked the question."""
    company = rules.env["res.company"].browse(company_id)
    return [
        rule.id
        for rule in rules
        if any(
            not step.phase_id.can_act or not step.phase_id._serves(company)
            for step in rule.step_ids
        )
    ]


def _title_name():
    """The name of a title that is not in the portfolio yet; one that is keeps its own."""
    return SQL(
        "COALESCE(decided.move_name, '') || CASE WHEN decided.item_id IS NULL THEN %s ELSE '' END",
        installment("decided", SQL("decided.line_id"), SQL("decided.line_name")),
    )


def _approval():
    """What becomes of a title whose step leads into a phase that needs an approval.

    ``waits``: in a request that still holds: it is for this phase, the title is held back
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


def plan(company_id, today, partner_model, rules, horizon, changed_only=True, together=False):
    """What to write, one row per title: see :func:`decide` for the parameters.

    A title moves when nothing holds it back, nobody pinned it, and the step's phase is more
    severe than the one it is in. Into a phase that needs an approval it does not move, it
    ``asks``, and goes as far as it may without (``entry``). ``proposed_step`` is a manual-only
    step it has reached. The step of a title that stays is the one its rule has for its phase.
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
                   CASE WHEN decided.blocker_now IS NOT NULL THEN decided.blocker_now
                        WHEN decided.phase_id IS NULL AND target.step_id IS NULL
                             AND manual.step_id IS NULL AND NOT approval.waits
                        THEN CASE WHEN decided.is_short THEN 'below_minimum' ELSE 'not_due' END
                        WHEN approval.waits OR approval.asks THEN 'approval'
                        WHEN approval.refused THEN 'refused'
                   END AS blocker,
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
                   CASE WHEN NOT held.still AND decided.pinned IS NOT TRUE
                         AND (manual.phase_sequence, manual.phase_id) > (
                              CASE WHEN entry.moves THEN entry.phase_sequence
                                   ELSE place.sequence END,
                              CASE WHEN entry.moves THEN entry.phase_id ELSE place.id END)
                        THEN manual.step_id END AS proposed_step_id,
                   decided.step_id AS step_from_id, decided.item_rule_id AS rule_from_id,
                   decided.proposed_step_id AS proposed_from_id
              FROM (%(decide)s) AS decided
         LEFT JOIN crm_collection_phase current ON current.id = decided.phase_id
         LEFT JOIN (%(steps)s) AS own ON own.rule_id = decided.rule_id
               AND own.phase_id = decided.phase_id
         LEFT JOIN (%(steps)s) AS target ON target.step_id = decided.chosen_step_id
         LEFT JOIN (%(steps)s) AS meanwhile ON meanwhile.step_id = decided.meanwhile_step_id
         LEFT JOIN (%(steps)s) AS manual ON manual.step_id = decided.reached_manual_step_id
        CROSS JOIN LATERAL (
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
               ) AS goes
        CROSS JOIN LATERAL (%(approval)s) AS approval
        CROSS JOIN LATERAL (
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
                            END AS has_letter
               ) AS entry
             WHERE decided.item_id IS NOT NULL OR decided.days > 0
                OR -decided.days <= decided.rule_horizon
          ) AS change
         WHERE %(filter)s""",
        decide=decide(company_id, today, partner_model, rules, horizon),
        steps=steps(company_id),
        order=SQL("ORDER BY change.partner_id") if together else SQL(),
        name=_title_name(),
        approval=_approval(),
        filter=SQL(
            """change.item_id IS NULL OR change.moves OR change.to_evaluate
               OR change.step_id IS DISTINCT FROM change.step_from_id
               OR change.rule_id IS DISTINCT FROM change.rule_from_id
               OR change.proposed_step_id IS DISTINCT FROM change.proposed_from_id
               OR change.asks OR change.withdraws
               OR change.approval_state IS DISTINCT FROM change.approval_state_from
               OR change.blocker IS DISTINCT FROM change.blocker_from"""
        )
        if changed_only
        else SQL("TRUE"),
    )


def fingerprint(company_id, today, rules):
    """A short text that changes with anything a plan depends on, except the titles themselves.

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
