from odoo.tools import SQL

# An invoice in one of these states owes nothing to be asked for, whatever its items say:
# `in_payment` without a payment entry leaves the item open, `blocked` is a user's decision.
SILENT_PAYMENT_STATES = ("paid", "in_payment", "reversed", "blocked", "invoicing_legacy")


def line_is_owed(line="line"):
    """Condition: the posted receivable item still owes. ``reconciled IS NOT TRUE`` is the only
    form that can use core's partial index."""
    line = SQL.identifier(line)
    return SQL(
        """(%(line)s.parent_state = 'posted' AND %(line)s.reconciled IS NOT TRUE
            AND %(line)s.balance > 0 AND %(line)s.amount_residual_currency > 0)""",
        line=line,
    )


def line_date_maturity(line="line"):
    """The due date; miscellaneous items without one are due on their date."""
    line = SQL.identifier(line)
    return SQL("COALESCE(%(line)s.date_maturity, %(line)s.date)", line=line)


def move_is_silent(move="move"):
    return SQL(
        "COALESCE(%s IN %s, FALSE)",
        SQL.identifier(move, "payment_state"),
        SILENT_PAYMENT_STATES,
    )


def step_interval(step="step"):
    """The time between two letters of a step, as a PostgreSQL interval."""
    step = SQL.identifier(step)
    return SQL(
        """CASE %(step)s.resend_unit
                WHEN 'month' THEN make_interval(months => %(step)s.resend_interval)
                WHEN 'week' THEN make_interval(weeks => %(step)s.resend_interval)
                ELSE make_interval(days => %(step)s.resend_interval)
           END""",
        step=step,
    )
