"""Who had a hand in what is asked for: said once, for one request and for lists of them."""

from odoo.tools import SQL

from .queries import line_waits


def open_authors(res_model, res_ids):
    """:return: SQL of (record id, user id) of the changes of records that nobody else has approved
    since"""
    return SQL(
        """SELECT DISTINCT res_id, user_id FROM crm_collection_approval_change
            WHERE approval_id IS NULL AND res_model = %s AND res_id = ANY(%s)""",
        res_model,
        res_ids,
    )


def hands(which):
    """Who had a hand in requests: who asked, whoever made or changed what they rest on without
    others having approved it since, and who moved their items by hand since they last entered a
    phase by approval.

    :param SQL which: a condition on ``approval``
    :return: SQL of (request id, user id, change id or NULL)
    """
    return SQL(
        """
        WITH asked AS (%(asked)s)
        SELECT asked.id, asked.user_id, NULL::integer AS change_id FROM asked
         WHERE asked.user_id IS NOT NULL
         UNION SELECT author.crm_collection_approval_id, author.res_users_id, NULL
                 FROM crm_collection_approval_author_rel author
                 JOIN asked ON asked.id = author.crm_collection_approval_id
         UNION %(of_request)s
         UNION %(of_lines)s
         UNION %(by_hand)s""",
        asked=_asked(which),
        of_request=_of_request(),
        of_lines=_of_lines(),
        by_hand=_by_hand(),
    )


def is_one_of(approval_ids):
    """Condition: it is one of these requests."""
    return SQL("approval.id = ANY(%s)", approval_ids)


def requests_of(user_id):
    """:return: SQL of the ids of the requests that wait, and in which a user had a hand"""
    waiting = SQL("approval.state = 'pending'")
    return SQL(
        "(SELECT hand.id FROM (%s) AS hand WHERE hand.user_id = %s)", hands(waiting), user_id
    )


def _asked(which):
    """Requests with what they rest on; what is proposed for a phase is a number or nothing."""
    return SQL(
        """SELECT approval.id, approval.kind, approval.user_id, approval.partner_id,
                  approval.company_id, approval.phase_id, approval.approval_rule_id,
                  phase.template_id, phase.template_b_id,
                  approval.proposed_values -> 'texts' AS proposed_texts,
                  %s AS proposed_template_id, %s AS proposed_template_b_id, %s AS proposed_rule_id
             FROM crm_collection_approval approval
             JOIN crm_collection_phase phase ON phase.id = approval.phase_id
            WHERE %s""",
        _proposed("template_id"),
        _proposed("template_b_id"),
        _proposed("approval_rule_id"),
        which,
    )


def _proposed(fname):
    return SQL(
        """CASE WHEN jsonb_typeof(approval.proposed_values -> %(fname)s) = 'number'
                THEN (approval.proposed_values ->> %(fname)s)::integer END""",
        fname=fname,
    )


def _of_request():
    """Approval rule, phase and its letters; of items the customer's own rule, and which of the
    sending rules applies."""
    return SQL(
        """SELECT asked.id, change.user_id, change.id
             FROM asked
             JOIN crm_collection_approval_change change ON change.approval_id IS NULL AND (
                  change.res_model = 'crm.collection.approval.rule'
                  AND change.res_id IN (asked.approval_rule_id, asked.proposed_rule_id)
                  OR change.res_model = 'crm.collection.phase' AND change.res_id = asked.phase_id
                  OR change.res_model = 'mail.template'
                  AND change.res_id IN (asked.template_id, asked.proposed_template_id,
                                        asked.template_b_id, asked.proposed_template_b_id)
                  OR change.res_model = 'mail.template' AND asked.kind = 'definition'
                  AND change.res_id IN (%(texts)s)
                  OR change.res_model = 'res.partner' AND asked.kind = 'allocation'
                  AND change.res_id = asked.partner_id AND change.company_id = asked.company_id
                  OR change.is_selection AND asked.kind = 'allocation'
                  AND (change.company_id IS NULL OR change.company_id IN (
                       SELECT owner.id FROM res_company owner JOIN res_company company
                              ON company.parent_path LIKE owner.parent_path || '%%'
                        WHERE company.id = asked.company_id)))""",
        texts=_texts_of_steps(),
    )


def _texts_of_steps():
    """The texts a definition is approved with beside the phase's letter: those of its steps, in
    force and proposed."""
    return SQL(
        """SELECT step.template_id FROM crm_collection_rule_step step
            WHERE step.phase_id = asked.phase_id AND step.template_id IS NOT NULL
            UNION ALL
           SELECT (text.value #>> '{}')::integer
             FROM jsonb_each(CASE WHEN jsonb_typeof(asked.proposed_texts) = 'object'
                                  THEN asked.proposed_texts ELSE '{}' END) AS text
            WHERE jsonb_typeof(text.value) = 'number'"""
    )


def _of_lines():
    """The sending rules of items, and the letters of their steps."""
    return SQL(
        """SELECT line.approval_id, change.user_id, change.id
             FROM asked
             JOIN crm_collection_approval_line line ON line.approval_id = asked.id AND %s
        LEFT JOIN crm_collection_rule_step step ON step.id = line.step_id
             JOIN crm_collection_approval_change change ON change.approval_id IS NULL AND (
                  change.res_model = 'crm.collection.rule' AND change.res_id = line.rule_id
                  OR change.res_model = 'mail.template' AND change.res_id = step.template_id)""",
        line_waits(),
    )


def _by_hand():
    """Who moved the items by hand since the last approval of one of them."""
    return SQL(
        """SELECT line.approval_id, moved.user_id, NULL
             FROM asked
             JOIN crm_collection_approval_line line ON line.approval_id = asked.id AND %s
             JOIN crm_collection_allocation moved ON moved.item_id = line.item_id
                  AND moved.origin = 'manual' AND moved.user_id IS NOT NULL
            WHERE NOT EXISTS (
                  SELECT FROM crm_collection_allocation later
                   WHERE later.item_id = moved.item_id AND later.origin = 'approval'
                     AND later.id > moved.id)""",
        line_waits(),
    )
