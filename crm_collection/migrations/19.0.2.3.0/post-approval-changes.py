"""To 19.0.2.3.0: who wrote what is a record of its own, and decisions keep the names of then."""


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        keep_writers(cr)
        keep_names(cr)


def keep_writers(cr):
    """Whoever wrote an approval rule, or configured a phase that was not approved since, was kept
    without saying when. The lists they were in are read no more."""
    for table, column, model, named in (
        (
            "crm_collection_approval_rule_configured_rel",
            "crm_collection_approval_rule_id",
            "crm.collection.approval.rule",
            "crm_collection_approval_rule",
        ),
        (
            "crm_collection_phase_configured_rel",
            "crm_collection_phase_id",
            "crm.collection.phase",
            "crm_collection_phase",
        ),
    ):
        cr.execute("SELECT to_regclass(%s)", [table])
        if not cr.fetchone()[0]:
            continue
        cr.execute(
            f"""INSERT INTO crm_collection_approval_change (
                       user_id, date, kind, res_model, res_id, name, company_id, is_selection,
                       create_uid, create_date, write_uid, write_date)
                SELECT rel.res_users_id, now() AT TIME ZONE 'UTC', 'changed', %s, named.id,
                       named.name ->> 'en_US', named.company_id, FALSE,
                       1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
                  FROM {table} rel JOIN {named} named ON named.id = rel.{column}
                 WHERE NOT EXISTS (SELECT FROM crm_collection_approval_change change
                                    WHERE change.res_model = %s AND change.res_id = named.id
                                      AND change.user_id = rel.res_users_id)""",
            [model, model],
        )


def keep_names(cr):
    """What was decided before is called what it is called now: that is what is left to know."""
    cr.execute(
        """UPDATE crm_collection_approval_decision decision
              SET phase_name = phase.name ->> 'en_US', partner_name = partner.name,
                  approval_rule_name = rule.name ->> 'en_US',
                  subject = CASE WHEN partner.id IS NULL THEN phase.name ->> 'en_US'
                                 ELSE concat(phase.name ->> 'en_US', ': ', partner.name) END
             FROM crm_collection_approval approval
             JOIN crm_collection_phase phase ON phase.id = approval.phase_id
             JOIN crm_collection_approval_rule rule ON rule.id = approval.approval_rule_id
        LEFT JOIN res_partner partner ON partner.id = approval.partner_id
            WHERE approval.id = decision.approval_id AND decision.subject IS NULL"""
    )
