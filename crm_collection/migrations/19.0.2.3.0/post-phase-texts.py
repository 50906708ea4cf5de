"""From 19.0.2.2.0 to 19.0.2.3.0: a phase is approved with the texts of its steps."""


def migrate(cr, version):
    """Called by Odoo after the module is updated, with the version it had."""
    if version:
        forget_unapproved(cr)


def forget_unapproved(cr):
    """A text that a step had from before its phase was approved was never sent, and nobody agreed
    to it: it must not be sent now."""
    cr.execute(
        """UPDATE crm_collection_rule_step step SET template_id = NULL
             FROM crm_collection_phase phase
            WHERE phase.id = step.phase_id AND phase.is_governed
              AND step.template_id IS NOT NULL"""
    )
