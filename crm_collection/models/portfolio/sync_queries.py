"""Keeping items equal to accounting: settled, reopened, cancelled, changed."""

from odoo.tools import SQL

from .calendar_queries import shift
from .queries import line_date_maturity, line_is_left_out, line_is_owed
from .reposted_queries import reposted_name, unsaid_letter
from .rule_queries import threshold

SWEEP_TABLE = "crm_collection_sweep"


def items_by_id(item_ids):
    return SQL("item.id = ANY(%s)", item_ids)


def items_of_company(company_id):
    return SQL("item.company_id = %s", company_id)


def items_of_slice(first, last):
    """Items of a slice of the sweep (see :func:`create_sweep`)."""
    return SQL(
        "item.id IN (SELECT item_id FROM %s WHERE seq BETWEEN %s AND %s)",
        SQL.identifier(SWEEP_TABLE),
        first,
        last,
    )


def create_sweep(company_id, today):
    """Keep the ids of a company's items that differ from accounting, to be written in slices."""
    return SQL(
        """CREATE TEMPORARY TABLE %s ON COMMIT PRESERVE ROWS AS
           SELECT row_number() OVER () AS seq, differing.id AS item_id FROM (%s) AS differing""",
        SQL.identifier(SWEEP_TABLE),
        truth(items_of_company(company_id), today),
    )


def count_sweep():
    return SQL("SELECT COUNT(*) FROM %s", SQL.identifier(SWEEP_TABLE))


def drop_sweep():
    return SQL("DROP TABLE IF EXISTS pg_temp.%s", SQL.identifier(SWEEP_TABLE))


def swept_open_item(seq):
    return SQL(
        """SELECT item.id, item.partner_id, item.name FROM %s AS sweep
             JOIN crm_collection_item item ON item.id = sweep.item_id WHERE sweep.seq = %s""",
        SQL.identifier(SWEEP_TABLE),
        seq,
    )


def truth(scope, today, working_days=None):
    """What accounting says of the items in ``scope`` where it differs from what they say.

    ``state``: open, settled or cancelled (deleted, not posted, or moved to an account that is
    not receivable). A cancelled item keeps what it was cancelled with: whether its entry is
    posted again as it was (``reposted``) is told by it. ``released``: a new customer ends the
    allocation, and so may a later due date (see :func:`_is_overtaken`); merging customers writes
    both sides and is no change.

    :param today: the company's day
    :param WorkingDays working_days: that phases count from, where they do
    """
    return SQL(
        """
        SELECT item.id, item.state AS state_from, now.state, actual.*, named.name,
               now.state = 'open' AND item.state = 'open' AND (
                    actual.partner_id IS DISTINCT FROM item.partner_id
                    OR actual.date_maturity > item.date_maturity AND (%(overtaken)s)) AS released,
               now.state = 'open' AND item.state = 'cancelled'
                    AND (actual.partner_id, actual.date_maturity, actual.currency_id, named.name)
                        IS NOT DISTINCT FROM
                        (item.partner_id, item.date_maturity, item.currency_id, item.name)
                    AS reposted
          FROM crm_collection_item item
          JOIN account_move_line line ON line.id = item.line_id
          JOIN account_account account ON account.id = line.account_id
     LEFT JOIN res_partner partner ON partner.id = line.partner_id
    CROSS JOIN LATERAL (
            SELECT CASE WHEN line.parent_state != 'posted'
                          OR account.account_type != 'asset_receivable' THEN 'cancelled'
                        WHEN %(owed)s THEN 'open' ELSE 'settled' END AS state) AS now
    CROSS JOIN LATERAL (
            SELECT CASE WHEN now.state = 'cancelled' THEN item.date_maturity
                        ELSE %(date_maturity)s END AS date_maturity,
                   CASE WHEN now.state = 'cancelled' THEN item.partner_id
                        ELSE partner.commercial_partner_id END AS partner_id,
                   CASE WHEN now.state = 'cancelled' THEN item.currency_id
                        ELSE line.currency_id END AS currency_id,
                   GREATEST(line.amount_residual, 0) AS amount_residual,
                   GREATEST(line.amount_residual_currency, 0) AS amount_residual_currency,
                   %(left_out)s AS no_followup
          ) AS actual
    CROSS JOIN LATERAL (SELECT %(name)s AS name) AS named
         WHERE %(scope)s AND (
               now.state IS DISTINCT FROM item.state
            OR actual.amount_residual IS DISTINCT FROM item.amount_residual
            OR actual.amount_residual_currency IS DISTINCT FROM item.amount_residual_currency
            OR actual.date_maturity IS DISTINCT FROM item.date_maturity
            OR actual.partner_id IS DISTINCT FROM item.partner_id
            OR actual.currency_id IS DISTINCT FROM item.currency_id
            OR actual.no_followup IS DISTINCT FROM COALESCE(item.no_followup, FALSE))
         UNION ALL %(deleted)s""",
        scope=scope,
        owed=line_is_owed(),
        left_out=line_is_left_out(),
        date_maturity=line_date_maturity(),
        overtaken=_is_overtaken(today, working_days),
        name=reposted_name(),
        deleted=_deleted(scope),
    )


def _deleted(scope):
    """Items whose journal item was deleted, in the columns of :func:`truth`: the database has
    emptied their line, and what they were stays on record as cancelled."""
    return SQL(
        """
        SELECT item.id, item.state, 'cancelled', item.date_maturity, item.partner_id,
               item.currency_id, 0, 0, FALSE, item.name, FALSE, FALSE
          FROM crm_collection_item item
         WHERE %s AND item.line_id IS NULL AND (
               item.state != 'cancelled' OR item.amount_residual != 0
            OR item.amount_residual_currency != 0 OR item.no_followup)""",
        scope,
    )


def _is_overtaken(today, working_days):
    """Whether a later due date takes an item out of its phase: the days had brought it there and
    do not any more, or it is not overdue any more and no reminder before the due date.

    Where a person has put it, pinned or ahead of its days or into a phase that is none of the
    rule's, it stays while it is overdue: a milder letter would follow the one it had.
    """
    return SQL(
        """actual.date_maturity >= %(today)s::date AND NOT COALESCE((%(reached)s), FALSE)
           OR item.pinned IS NOT TRUE AND COALESCE((%(was_reached)s), FALSE)
              AND NOT (%(reached)s)""",
        today=today,
        reached=_step_is_reached(today, SQL("actual.date_maturity"), working_days),
        was_reached=_step_is_reached(today, SQL("item.date_maturity"), working_days),
    )


def _step_is_reached(today, date_maturity, working_days):
    """Whether a due date has the item in its step."""
    return SQL(
        """SELECT %s::date - %s - %s >= %s
             FROM crm_collection_rule_step step
             JOIN crm_collection_rule rule ON rule.id = step.rule_id
            WHERE step.id = item.step_id AND step.phase_id = item.phase_id""",
        today,
        date_maturity,
        shift(working_days, date_maturity),
        threshold(),
    )


def update_items(scope, today, uid, evaluate=True, working_days=None):
    """Write the truth; an item that leaves the open state, is reopened or released has no
    phase. A cancelled one keeps its pin and what letter is due: its entry may be posted again.

    :param evaluate: whether the job has to look at the items again (not where it is about to)
    :return: rows of (item id, company id, what happened: settled, cancelled, reopened,
        reposted (reopened as it was), released or changed)
    """
    return SQL(
        """
        WITH actual AS (%(truth)s),
             locked AS (
                SELECT item.id FROM crm_collection_item item JOIN actual ON actual.id = item.id
                   FOR NO KEY UPDATE OF item)
        UPDATE crm_collection_item item
           SET state = actual.state, name = actual.name, amount_residual = actual.amount_residual,
               amount_residual_currency = actual.amount_residual_currency,
               date_maturity = actual.date_maturity, partner_id = actual.partner_id,
               currency_id = actual.currency_id, no_followup = actual.no_followup,
               phase_id = CASE WHEN leaves.phase THEN NULL ELSE item.phase_id END,
               step_id = CASE WHEN leaves.phase THEN NULL ELSE item.step_id END,
               proposed_step_id = CASE WHEN leaves.phase THEN NULL ELSE item.proposed_step_id END,
               date_phase = CASE WHEN leaves.phase THEN NULL ELSE item.date_phase END,
               date_next_letter = CASE WHEN leaves.phase AND NOT leaves.kept THEN NULL
                                       WHEN leaves.phase AND actual.state = 'cancelled'
                                       THEN COALESCE((%(unsaid)s), item.date_next_letter,
                                                     item.date_letter_kept)
                                       ELSE item.date_next_letter END,
               date_letter_kept = CASE WHEN leaves.phase THEN NULL
                                       ELSE item.date_letter_kept END,
               letter_count = CASE WHEN leaves.phase THEN 0 ELSE item.letter_count END,
               pinned = CASE WHEN leaves.phase AND NOT leaves.kept THEN FALSE
                             ELSE item.pinned END,
               blocker = CASE WHEN leaves.phase THEN NULL ELSE item.blocker END,
               approval_state = CASE WHEN leaves.phase THEN NULL ELSE item.approval_state END,
               exception = CASE WHEN leaves.phase THEN NULL ELSE item.exception END,
               to_evaluate = actual.state = 'open' AND (item.to_evaluate IS TRUE OR %(evaluate)s),
               write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
          FROM actual
          JOIN locked ON locked.id = actual.id
    CROSS JOIN LATERAL (
            SELECT actual.state != actual.state_from OR actual.released AS phase,
                   actual.state = 'cancelled' OR actual.reposted AS kept) AS leaves
         WHERE item.id = actual.id
     RETURNING item.id, item.company_id,
               CASE WHEN actual.reposted THEN 'reposted'
                    WHEN actual.state != actual.state_from AND actual.state = 'open' THEN 'reopened'
                    WHEN actual.state != actual.state_from THEN actual.state
                    WHEN actual.released THEN 'released'
                    ELSE 'changed' END""",
        truth=truth(scope, today, working_days),
        unsaid=unsaid_letter(),
        uid=uid,
        evaluate=evaluate,
    )
