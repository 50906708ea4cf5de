"""Which rule a customer falls under, and the steps of the rules: when each is reached."""

from odoo.tools import SQL

from .entry_queries import is_among
from .queries import letter_template, phase_can_act, step_version, workers


def customer_rule(partner_model, rules):
    """A customer's rule as an expression over ``partner`` (alias of ``res_partner``).

    :param partner_model: ``res.partner`` in the company's context, archived included
    :param rules: the company's rules in order of precedence
    """
    if not rules:
        return SQL("NULL::integer")
    own = partner_model._field_to_sql("partner", "collection_rule_id")
    fitting = rules.filtered(lambda rule: rule.assignment == "criteria")
    # Whom the further conditions of a rule would catch is not known where they cannot be read:
    # nobody who fits its other criteria goes to a later, milder one.
    first_match = SQL(" ").join(
        SQL("WHEN %s THEN NULL", matches(partner_model, rule._get_criteria_domain()))
        if rule._get_problem()
        else SQL("WHEN %s THEN %s", matches(partner_model, rule._get_partner_domain()), rule.id)
        for rule in fitting
    )
    return SQL(
        "CASE WHEN %(own)s = ANY(%(ids)s) THEN %(own)s ELSE %(first_match)s END",
        own=own,
        ids=rules.ids,
        first_match=SQL("CASE %s END", first_match) if fitting else SQL("NULL::integer"),
    )


def matches(partner_model, domain):
    """Whether a customer fits a domain, as an expression over ``partner``"""
    if domain.is_true():
        return SQL("TRUE")
    matching = partner_model._search(domain, bypass_access=True)
    return SQL("partner.id IN %s", matching.subselect())


def applied_rules(partner_model, rules, partner_ids=None):
    """(customer, rule) of commercial partners, of ``partner_ids`` alone where they are given."""
    return SQL(
        """SELECT partner.id AS partner_id, %s AS rule_id FROM res_partner partner
            WHERE partner.commercial_partner_id = partner.id AND %s""",
        customer_rule(partner_model, rules),
        _is_among(partner_ids),
    )


def _is_among(partner_ids):
    return SQL("TRUE") if partner_ids is None else SQL("partner.id = ANY(%s)", partner_ids)


def customers_under(applied, rule_ids):
    """The customers under one of the rules, of which ``False`` stands for none.

    :param SQL applied: :func:`applied_rules`
    """
    return SQL(
        "(SELECT applied.partner_id FROM (%s) AS applied WHERE %s)",
        applied,
        is_among(SQL("applied.rule_id"), rule_ids),
    )


def reach(partner_model, others, domain, rule_ids, company_id):
    """(rule, number) of the customers with open items who fit a rule's criteria and have no rule
    of their own: under which of the other rules they are without it.

    :param others: the company's rules in order of precedence, without the one that is asked about
    :param domain: its criteria
    :param list rule_ids: of the rules that count as a customer's own
    """
    own = partner_model._field_to_sql("partner", "collection_rule_id")
    return SQL(
        """SELECT %(rule)s AS rule_id, COUNT(*)
             FROM res_partner partner
            WHERE partner.commercial_partner_id = partner.id
              AND partner.id IN (SELECT item.partner_id FROM crm_collection_item item
                                  WHERE item.company_id = %(company_id)s AND item.state = 'open')
              AND %(fits)s AND NOT COALESCE(%(own)s = ANY(%(ids)s), FALSE)
            GROUP BY 1""",
        rule=customer_rule(partner_model, others),
        company_id=company_id,
        fits=matches(partner_model, domain),
        own=own,
        ids=rule_ids,
    )


def explain(query):
    """Have the database say how it would run a query: what it refuses it refuses here."""
    return SQL("EXPLAIN %s", query)


def customers(partner_model, rules, company_id, partner_ids=None):
    """Each customer's rule and collector, once per customer: its own, else its salesperson, of
    those who work in the company.

    :param list partner_ids: of these commercial partners alone
    """
    return SQL(
        """SELECT partner.id AS partner_id, %(rule)s AS rule_id, %(collector)s AS user_id
             FROM res_partner partner
            WHERE partner.commercial_partner_id = partner.id AND %(among)s""",
        among=_is_among(partner_ids),
        rule=customer_rule(partner_model, rules),
        collector=customer_collector(partner_model, company_id),
    )


def customer_collector(partner_model, company_id):
    """Who works what is new of a customer, as an expression over ``partner``; null: nobody.

    :param partner_model: ``res.partner`` in the company's context
    """
    return SQL(
        """CASE WHEN %(collector)s IN (%(workers)s) THEN %(collector)s
                WHEN partner.user_id IN (%(workers)s) THEN partner.user_id END""",
        collector=partner_model._field_to_sql("partner", "collection_user_id"),
        workers=workers(company_id),
    )


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
                   %(threshold)s AS threshold,
                   phase.sequence AS phase_sequence,
                   phase.allocation_mode = 'manual' AS manual,
                   COALESCE(%(can_act)s
                       AND (phase.company_id IS NULL OR phase.company_id IN (
                            SELECT owner.id FROM res_company owner JOIN res_company company
                                   ON company.parent_path LIKE owner.parent_path || '%%'
                             WHERE company.id = %(company_id)s)), FALSE)
                       AS usable,
                   GREATEST(step.amount_min, rule.amount_min, 0) AS amount_min,
                   COALESCE(step.percent_min, 0) AS percent_min,
                   %(letter)s IS NOT NULL AS has_letter,
                   COALESCE(phase.is_guarded, FALSE) AS guarded, %(version)s AS version,
                   COALESCE(phase.after_letter, FALSE) AS after_letter,
                   COALESCE(step.after_promise, FALSE) AS after_promise
              FROM crm_collection_rule_step step
              JOIN crm_collection_rule rule ON rule.id = step.rule_id
              JOIN crm_collection_phase phase ON phase.id = step.phase_id
          ) AS reached""",
        company_id=company_id,
        threshold=threshold(),
        can_act=phase_can_act(),
        letter=letter_template(),
        version=step_version(),
    )


def threshold():
    """How many days after its due date an item has reached a step (aliases ``step``, ``rule``):
    grace is given after the due date alone."""
    return SQL("step.days + CASE WHEN step.days > 0 THEN COALESCE(rule.grace_days, 0) ELSE 0 END")


def rules_with_unusable(rules, company_id):
    """Ids of the rules with a step that may not act: only their items are asked the question."""
    company = rules.env["res.company"].browse(company_id)
    return [
        rule.id
        for rule in rules
        if any(
            not step.phase_id.can_act or not step.phase_id._serves(company)
            for step in rule.step_ids
        )
    ]
