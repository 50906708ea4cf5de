"""The first allocation where every phase needs an approval: items wait instead of moving."""

from odoo.fields import Command

APPROVERS = 5


def guard_phases(env):
    """Put every phase of the rules under an approval rule with a few approvers."""
    group = env.ref("crm_collection.group_crm_collection_approver")
    env["res.users"].with_context(no_reset_password=True).create(
        [
            {
                "name": f"Approver {number}",
                "login": f"bench_approver_{number}",
                "group_ids": [Command.link(group.id)],
            }
            for number in range(APPROVERS)
        ]
    )
    rule = env["crm.collection.approval.rule"].create({"name": "Bench", "governs": "allocation"})
    phases = env["crm.collection.rule.step"].search([("phase_id", "!=", False)]).phase_id
    phases.approval_rule_id = rule
    env.cr.commit()
    return {"phases": len(phases)}


def count_requests(env):
    """:return: dict of ``requests``, ``items`` and ``activities`` that wait"""
    env.cr.execute(
        """SELECT (SELECT COUNT(*) FROM crm_collection_approval WHERE state = 'pending'),
                  (SELECT COUNT(*) FROM crm_collection_approval_line WHERE state = 'pending'),
                  (SELECT COUNT(*) FROM mail_activity
                    WHERE res_model = 'crm.collection.approval')"""
    )
    return dict(zip(("requests", "items", "activities"), env.cr.fetchone(), strict=True))
