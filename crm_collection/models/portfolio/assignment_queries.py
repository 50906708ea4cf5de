"""Which customers nobody works, which rules of assignment they fit, and who works how much."""

from odoo.tools import SQL

from .rule_queries import customer_collector, matches


def nobodys(partner_model, rules, company_id):
    """(customer, name, open items, rules that fit but for the name, in their order) of the
    customers who owe something to the company and have no collector, by their number.

    :param partner_model: ``res.partner`` in the company's context, archived included
    """
    fitting = SQL(", ").join(
        SQL("CASE WHEN %s THEN %s END", _fits(partner_model, rule), rule.id) for rule in rules
    )
    return SQL(
        """SELECT partner.id, partner.name, owed.number,
                  ARRAY_REMOVE(ARRAY[%(fitting)s]::integer[], NULL)
             FROM (SELECT item.partner_id, SUM(item.amount_residual) AS amount,
                          COUNT(*) AS number
                     FROM crm_collection_item item
                    WHERE item.company_id = %(company_id)s AND item.state = 'open'
                    GROUP BY item.partner_id) AS owed
             JOIN res_partner partner ON partner.id = owed.partner_id
            WHERE %(collector)s IS NULL
            ORDER BY partner.id""",
        fitting=fitting,
        company_id=company_id,
        collector=customer_collector(partner_model, company_id),
    )


def _fits(partner_model, rule):
    conditions = [matches(partner_model, rule._get_partner_domain())]
    if rule.amount_min:
        conditions.append(SQL("owed.amount >= %s", rule.amount_min))
    if rule.amount_max:
        conditions.append(SQL("owed.amount <= %s", rule.amount_max))
    return SQL("(%s)", SQL(" AND ").join(conditions))


def loads(company_id, user_ids):
    """(user, open items he works) of those of the users who work any in the company."""
    return SQL(
        """SELECT item.user_id, COUNT(*) FROM crm_collection_item item
            WHERE item.company_id = %s AND item.state = 'open' AND item.user_id = ANY(%s)
            GROUP BY item.user_id""",
        company_id,
        user_ids,
    )


def assign(company_id, user_by_partner):
    """Write the collectors of customers in the company, on their contacts, too, as the ORM does.

    Their write date stays: nothing that a plan depends on is changed.

    :param dict user_by_partner: {id of the customer: id of his collector}
    """
    return SQL(
        """UPDATE res_partner partner
              SET collection_user_id = COALESCE(partner.collection_user_id, '{}'::jsonb)
                  || jsonb_build_object(%(company_id)s::text, chosen.user_id)
             FROM unnest(%(partner_ids)s, %(user_ids)s) AS chosen (partner_id, user_id)
            WHERE partner.commercial_partner_id = chosen.partner_id""",
        company_id=company_id,
        partner_ids=list(user_by_partner),
        user_ids=list(user_by_partner.values()),
    )
