"""The sending rules of a bench database, and beside each its criteria as plain SQL.

The floor resolves a customer's rule by these conditions, so that its answer does not come from
the module's own code.
"""

from collections import namedtuple

from odoo.fields import Command
from odoo.tools import SQL

Rule = namedtuple("Rule", ("name", "criteria", "condition", "steps"))

INDUSTRY = "base.res_partner_industry_O"  # public administration
OWN_RULE_EVERY = 100  # one customer of so many has a rule of its own
RULES = (
    Rule(
        "Consumers",
        lambda env, tags: {"company_type": "person"},
        lambda env, tags: SQL("p.is_company IS NOT TRUE"),
        ((-3, "reminder"), (5, "friendly"), (20, "firm"), (45, "final"), (90, "legal")),
    ),
    Rule(
        "Public bodies",
        lambda env, tags: {"industry_ids": [Command.link(env.ref(INDUSTRY).id)]},
        lambda env, tags: SQL("p.industry_id = %s", env.ref(INDUSTRY).id),
        ((15, "reminder"), (45, "friendly"), (90, "firm"), (180, "final")),
    ),
    Rule(
        "Key accounts",
        lambda env, tags: {"category_ids": [Command.link(tags[0].id)]},
        lambda env, tags: SQL(
            "EXISTS (SELECT FROM res_partner_res_partner_category_rel c"
            " WHERE c.partner_id = p.id AND c.category_id = %s)",
            tags[0].id,
        ),
        ((10, "reminder"), (25, "friendly"), (60, "firm")),
    ),
    Rule(
        "Brazil",
        lambda env, tags: {"country_ids": [Command.link(env.ref("base.br").id)]},
        lambda env, tags: SQL("p.country_id = %s", env.ref("base.br").id),
        ((-5, "reminder"), (1, "friendly"), (15, "firm"), (30, "final"), (60, "legal")),
    ),
    Rule(
        "Seventh customers",
        lambda env, tags: {"partner_domain": "[('ref', '=like', 'C%7')]"},
        lambda env, tags: SQL("p.ref LIKE %s", "C%7"),
        ((3, "friendly"), (12, "firm"), (40, "final")),
    ),
)
DEFAULT_STEPS = ((-3, "reminder"), (3, "friendly"), (10, "firm"), (30, "final"), (60, "legal"))


def create_rules(env, tags):
    """Create the rules before the module's default one; letters again every week, three times."""
    default = env.ref("crm_collection.rule_default")
    rules = env["crm.collection.rule"].create(
        [
            {
                "name": rule.name,
                "sequence": number,
                "step_ids": _prepare_steps(env, rule.steps),
                **rule.criteria(env, tags),
            }
            for number, rule in enumerate(RULES, 1)
        ]
    )
    default.step_ids.unlink()
    default.write({"sequence": 100, "step_ids": _prepare_steps(env, DEFAULT_STEPS)})
    return rules


def _prepare_steps(env, steps):
    return [
        Command.create(
            {
                "days": days,
                "phase_id": env.ref(f"crm_collection.phase_{phase}").id,
                "resend_interval": 1,
                "resend_unit": "week",
                "resend_max": 3,
            }
        )
        for days, phase in steps
    ]


def give_own_rules(env, rules, first_partner_id):
    """Give some customers the second rule as their own."""
    env.cr.execute(
        SQL(
            "UPDATE res_partner SET collection_rule_id = jsonb_build_object(%s, %s)"
            " WHERE id > %s AND parent_id IS NULL AND id %% %s = 0",
            str(env.company.id),
            rules[1].id,
            first_partner_id,
            OWN_RULE_EVERY,
        )
    )


def query_customer_rules(env):
    """Plain SQL: the rule of every customer, `(partner_id, rule_id)`."""
    names = [rule.name for rule in RULES]
    rules = env["crm.collection.rule"].search([("name", "in", names)], order="sequence")
    tags = env["res.partner.category"].search([("name", "=", "Key account")], limit=1)
    return SQL(
        "SELECT p.id AS partner_id, COALESCE((p.collection_rule_id->>%s)::int,"
        " CASE %s ELSE %s END) AS rule_id"
        "  FROM res_partner p WHERE p.commercial_partner_id = p.id",
        str(env.company.id),
        SQL(" ").join(
            SQL("WHEN %s THEN %s", rule.condition(env, tags), record.id)
            for rule, record in zip(RULES, rules, strict=True)
        ),
        env.ref("crm_collection.rule_default").id,
    )
