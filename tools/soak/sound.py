"""What has to be true of a database, whatever happened in it. Each question is a statement of its
own that finds what is wrong, and asks nothing of the module's code."""

from contextlib import closing

import psycopg2

# Numbers given since, when a row was written: what a run that changes nothing leaves as it is.
OWN_ROWS = """SELECT relname FROM pg_class WHERE relkind = 'r'
    AND relnamespace = 'public'::regnamespace AND relname LIKE 'crm\\_collection\\_%'
    AND relname NOT LIKE 'crm\\_collection\\_run%'"""

WRONG = {
    "an item differs from accounting": """
        SELECT item.id, item.state, item.amount_residual, line.amount_residual
          FROM crm_collection_item item
          JOIN account_move_line line ON line.id = item.line_id
          JOIN account_account account ON account.id = line.account_id
          LEFT JOIN res_partner partner ON partner.id = line.partner_id
         WHERE item.amount_residual IS DISTINCT FROM GREATEST(line.amount_residual, 0)
            OR item.partner_id IS DISTINCT FROM partner.commercial_partner_id
               AND line.parent_state = 'posted'
            OR item.date_maturity IS DISTINCT FROM line.date_maturity
               AND line.parent_state = 'posted'
            OR item.state <> CASE WHEN line.parent_state <> 'posted' THEN 'cancelled'
                                  WHEN line.amount_residual > 0 AND line.reconciled IS NOT TRUE
                                  THEN 'open' ELSE 'settled' END""",
    "an item has more than one place": """
        SELECT item_id, COUNT(*) FROM crm_collection_allocation WHERE date_out IS NULL
         GROUP BY 1 HAVING COUNT(*) > 1""",
    "an item is not where its history says": """
        SELECT item.id, item.state, item.phase_id, allocation.phase_id
          FROM crm_collection_item item
          LEFT JOIN crm_collection_allocation allocation
                 ON allocation.item_id = item.id AND allocation.date_out IS NULL
         WHERE item.phase_id IS DISTINCT FROM allocation.phase_id
            OR item.state <> 'open' AND allocation.id IS NOT NULL""",
    "an allocation counts other letters than it has": """
        SELECT allocation.id, allocation.letter_count, COUNT(line.id)
          FROM crm_collection_allocation allocation
          LEFT JOIN (crm_collection_letter_line line
                     JOIN crm_collection_letter letter ON letter.id = line.letter_id
                          AND letter.state = 'sent') ON line.allocation_id = allocation.id
         GROUP BY allocation.id HAVING COUNT(line.id) > COALESCE(allocation.letter_count, 0)""",
    "an item has two letters of one round": """
        SELECT allocation_id, line.round, COUNT(*) FROM crm_collection_letter_line line
          JOIN crm_collection_letter letter ON letter.id = line.letter_id
         WHERE letter.state = 'sent' GROUP BY 1, 2 HAVING COUNT(*) > 1""",
    "a letter that is to leave has no mail that leaves": """
        SELECT letter.id, mail.state FROM crm_collection_letter letter
          LEFT JOIN mail_mail mail ON mail.id = letter.mail_id
         WHERE letter.state = 'outgoing' AND mail.state IS DISTINCT FROM 'outgoing'""",
    "a mail leaves of a letter that does not": """
        SELECT letter.id, letter.state FROM crm_collection_letter letter
          JOIN mail_mail mail ON mail.collection_letter_id = letter.id
         WHERE mail.state = 'outgoing' AND letter.state <> 'outgoing'""",
    "a letter is about nothing": """
        SELECT letter.id, letter.state FROM crm_collection_letter letter
         WHERE letter.state NOT IN ('cancelled')
           AND NOT EXISTS (SELECT FROM crm_collection_letter_line WHERE letter_id = letter.id)""",
    "a request waits for nothing, or what waits has none": """
        SELECT approval.id, approval.state, COUNT(line.id) FROM crm_collection_approval approval
          LEFT JOIN crm_collection_approval_line line
                 ON line.approval_id = approval.id AND line.state = 'pending'
         WHERE approval.kind = 'allocation' GROUP BY approval.id
        HAVING (approval.state = 'pending') <> (COUNT(line.id) > 0)""",
    "an item waits otherwise than its request": """
        SELECT item.id, item.approval_state, COUNT(line.id) FROM crm_collection_item item
          LEFT JOIN crm_collection_approval_line line
                 ON line.item_id = item.id AND line.state = 'pending'
         GROUP BY item.id
        HAVING (item.approval_state IS NOT DISTINCT FROM 'pending') <> (COUNT(line.id) = 1)""",
    "a decision without what follows": """
        SELECT approval.id, approval.state, decision.decision
          FROM crm_collection_approval approval
          JOIN crm_collection_approval_decision decision ON decision.approval_id = approval.id
         WHERE approval.state <> decision.decision""",
    "a settlement differs from accounting": """
        WITH booked AS (
            SELECT partial.id AS partial_id, item.id AS item_id,
                   SUM(CASE WHEN item.line_id = partial.debit_move_id
                            THEN partial.debit_amount_currency
                            ELSE partial.credit_amount_currency END) AS amount
              FROM account_partial_reconcile partial
              JOIN crm_collection_item item ON item.line_id = partial.debit_move_id
             GROUP BY 1, 2
        ), told AS (
            SELECT partial_ref AS partial_id, item_id, SUM(amount_currency) AS amount
              FROM crm_collection_settlement GROUP BY 1, 2
        )
        SELECT partial_id, item_id, booked.amount, told.amount
          FROM booked FULL JOIN told USING (partial_id, item_id)
         WHERE COALESCE(booked.amount, 0) <> COALESCE(told.amount, 0)""",
    "a contact without what was agreed on": """
        SELECT contact.id, contact.note FROM crm_collection_contact contact
          JOIN crm_collection_outcome outcome ON outcome.id = contact.outcome_id
         WHERE contact.note LIKE 'Spoken to %'
           AND outcome.follow_up IN ('promise', 'dispute', 'hold')
           AND NOT EXISTS (SELECT FROM crm_collection_contact_hold_rel rel
                            WHERE rel.crm_collection_contact_id = contact.id)""",
    "a customer's mail is there twice": """
        SELECT message_id, COUNT(*) FROM crm_collection_contact WHERE message_id IS NOT NULL
         GROUP BY 1 HAVING COUNT(*) > 1""",
    "a task without a list, or a list without its task": """
        SELECT task.id, task.state FROM crm_collection_task task
         WHERE task.state = 'open' AND NOT EXISTS (
               SELECT FROM mail_activity activity WHERE activity.res_id = task.id
                  AND activity.res_model = 'crm.collection.task' AND activity.active)""",
}


class Database:
    """Asks a database."""

    def __init__(self, name):
        self.name = name

    def fetch(self, query, *values):
        with closing(psycopg2.connect(dbname=self.name)) as connection, connection.cursor() as cr:
            cr.execute(query, values or None)
            return cr.fetchall()

    def find_wrong(self):
        """:return: what is wrong, a line each"""
        wrong = []
        for said, query in WRONG.items():
            if rows := self.fetch(query):
                wrong.append(f"{said}: {len(rows)} times, as {rows[:3]}")
        return wrong

    def read_versions(self):
        """:return: {table: every version of its rows}, of all that is ours but the log of runs"""
        result = {}
        for (table,) in self.fetch(OWN_ROWS):
            [result[table]] = self.fetch(
                "SELECT count(*), md5(string_agg(record::text || record.xmin::text, '|'"  # noqa: S608
                f" ORDER BY record.ctid)) FROM {table} AS record"
            )
        return result

    def find_lost(self, journal):
        """:return: payments that somebody was told of, and that are not in the books"""
        memos = [entry["came"]["memo"] for entry in journal if is_paid(entry)]
        kept = self.fetch(
            """SELECT payment.memo, payment.state, move.state FROM account_payment payment
                 LEFT JOIN account_move move ON move.id = payment.move_id
                WHERE payment.memo = ANY(%s)""",
            memos,
        )
        posted = {memo for memo, _state, entry in kept if entry == "posted"}
        return [f"{memo}: {kept}" for memo in sorted(set(memos) - posted)]


def is_paid(entry):
    return entry["what"] == "pay" and isinstance(entry.get("came"), dict)
