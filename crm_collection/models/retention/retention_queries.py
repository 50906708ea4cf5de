"""What is due to be anonymised, and the statements that do it: each for any number of customers.

A record without a customer, because he was deleted, is customer 0's.
"""

from odoo.tools import SQL

from . import closed_queries

NOBODY = 0


def _due(kind, company_id, day):
    """Condition: a record of the company's is closed, and not anonymised yet, or somebody wrote in
    its chatter since."""
    return SQL(
        "one.company_id = %s AND (one.anonymised_on IS NULL%s) AND %s",
        company_id,
        _is_written_again(kind, day) if kind.has_chatter else SQL(),
        kind.is_due(day),
    )


def _is_written_again(kind, day):
    return SQL(
        """ OR EXISTS (
               SELECT FROM mail_message message
                WHERE message.model = %s AND message.res_id = one.id
                  AND message.date >= one.anonymised_on + 1 AND message.date < %s)""",
        kind.model,
        day,
    )


def _of_customers(fname, customers):
    customer = SQL.identifier("one", fname)
    is_one = SQL("%s = ANY(%s)", customer, list(customers))
    if NOBODY not in customers:
        return is_one
    return SQL("(%s OR %s IS NULL)", is_one, customer)


def due_customers(tables, company_id, day, subtype_id):
    """Whose records a company has to anonymise: SQL of (customer), in their order.

    :param dict tables: {kind: its table}
    :param subtype_id: of statements in customers' chatters
    """
    found = [
        SQL(
            "SELECT COALESCE(%s, %s) AS customer FROM %s one WHERE %s",
            SQL.identifier("one", kind.customer),
            NOBODY,
            SQL.identifier(table),
            _due(kind, company_id, day),
        )
        for kind, table in tables.items()
    ]
    found.append(
        SQL(
            "SELECT one.res_id FROM mail_message one WHERE %s",
            _due_statement(company_id, day, subtype_id),
        )
    )
    return SQL(
        "SELECT DISTINCT customer FROM (%s) AS due ORDER BY customer", SQL(" UNION ").join(found)
    )


def count_kept(kind, table, company_id, day, customers):
    """What is kept of customers: SQL of (all, anonymised already, may be now)."""
    return SQL(
        """SELECT count(*), count(one.anonymised_on), count(*) FILTER (WHERE %s)
             FROM %s one WHERE one.company_id = %s AND %s%s""",
        _due(kind, company_id, day),
        SQL.identifier(table),
        company_id,
        _of_customers(kind.customer, customers),
        # of what is not only about customers, such as who changed what
        SQL(" AND one.res_model = 'res.partner'") if kind.customer == "res_id" else SQL(),
    )


def anonymise(kind, table, company_id, day, customers, today, word):
    """Take out what names customers: SQL of (id, what was told of it elsewhere)."""
    return SQL(
        """UPDATE %(table)s AS kept SET anonymised_on = %(today)s%(sets)s
             FROM (SELECT one.id, %(told)s AS told
                     FROM %(table)s one WHERE %(due)s AND %(of_customers)s) AS due
            WHERE kept.id = due.id
        RETURNING kept.id, due.told""",
        told=SQL.identifier("one", kind.told) if kind.told else SQL("NULL::text"),
        table=SQL.identifier(table),
        today=today,
        sets=_sets(kind.words, kind.named, word),
        due=_due(kind, company_id, day),
        of_customers=_of_customers(kind.customer, customers),
    )


def anonymise_part(part, table, parent_ids, word):
    """The same of what goes with records that were anonymised."""
    return SQL(
        "UPDATE %s AS kept SET %s WHERE %s = ANY(%s)",
        SQL.identifier(table),
        SQL(", ").join(_assignments(part.words, part.named, word)),
        SQL.identifier("kept", part.parent),
        parent_ids,
    )


def due_statements(company_id, day, subtype_id, customers):
    """Statements of account in the chatters of customers: SQL of (message id)."""
    return SQL(
        "SELECT one.id FROM mail_message one WHERE %s AND one.res_id = ANY(%s)",
        _due_statement(company_id, day, subtype_id),
        list(customers),
    )


def _due_statement(company_id, day, subtype_id):
    return SQL(
        """one.record_company_id = %s AND %s
           AND (one.subject IS NOT NULL OR one.reply_to IS NOT NULL)""",
        company_id,
        closed_queries.statement(day, subtype_id),
    )


def take_off(relation, column, ids):
    """Empty the lists of records."""
    return SQL(
        "DELETE FROM %s WHERE %s = ANY(%s)",
        SQL.identifier(relation),
        SQL.identifier(column),
        ids,
    )


def _assignments(words, named, word):
    emptied = [SQL("%s = NULL", SQL.identifier(fname)) for fname in words]
    said = [
        SQL(
            "%s = CASE WHEN %s IS NOT NULL THEN %s END",
            SQL.identifier(fname),
            SQL.identifier("kept", fname),
            word,
        )
        for fname in named
    ]
    return emptied + said


def _sets(words, named, word):
    return SQL().join(SQL(", %s", one) for one in _assignments(words, named, word))


# ------------------------------------------------------------
# WHAT IS NO CUSTOMER'S
# ------------------------------------------------------------


def anonymise_returned(company_id, day):
    """Mail that came back and belongs to no letter, or to one that was anonymised before."""
    return SQL(
        """UPDATE crm_collection_returned AS returned
              SET email = NULL, reason = NULL, mail_ref = NULL, report_ref = NULL
            WHERE returned.company_id = %s AND returned.date < %s AND returned.email IS NOT NULL
              AND NOT EXISTS (SELECT FROM crm_collection_letter letter
                               WHERE letter.id = returned.letter_id
                                 AND letter.anonymised_on IS NULL)""",
        company_id,
        day,
    )


def anonymise_addresses(company_id, day, word):
    """Addresses from which nothing came back since, and that no contact has any more: as long as
    one has it, it is still to be known that mail comes back from there."""
    return SQL(
        """UPDATE crm_collection_address AS address
              SET email = %(word)s || ' ' || address.id, reason = NULL
            WHERE address.company_id = %(company_id)s
              AND COALESCE(address.date_refused, address.create_date) < %(day)s
              AND (address.date_lifted IS NULL OR address.date_lifted < %(day)s)
              AND address.email != %(word)s || ' ' || address.id
              AND NOT EXISTS (SELECT FROM crm_collection_returned returned
                               WHERE returned.address_id = address.id
                                 AND returned.email IS NOT NULL)
              AND NOT EXISTS (SELECT FROM res_partner partner
                               WHERE partner.email_normalized = address.email
                                  OR partner.phone_sanitized = address.email)""",
        company_id=company_id,
        day=day,
        word=word,
    )


def anonymise_run_lines(company_id, day, word):
    """What went wrong in the runs of the days before, which names customers."""
    return SQL(
        """UPDATE crm_collection_run_line AS line SET message = %(word)s
             FROM crm_collection_run run
            WHERE run.id = line.run_id AND run.company_id = %(company_id)s
              AND run.date < %(day)s AND line.kind = 'exception'
              AND line.message IS DISTINCT FROM %(word)s""",
        company_id=company_id,
        day=day,
        word=word,
    )


def drop_forewarnings(company_id, day):
    """What was to leave on the days before: it has left, or has not."""
    return SQL(
        "DELETE FROM crm_collection_forewarning WHERE company_id = %s AND date < %s",
        company_id,
        day,
    )


def batches_with_files(company_id):
    """Batches that are posted or cancelled, with letters that were anonymised: their PDF has all
    letters. Those that are kept have their own."""
    return SQL(
        """SELECT batch.id FROM crm_collection_batch batch
            WHERE batch.company_id = %s AND batch.state != 'printed'
              AND batch.attachment_id IS NOT NULL
              AND EXISTS (SELECT FROM crm_collection_batch_line line
                            JOIN crm_collection_letter letter ON letter.id = line.letter_id
                           WHERE line.batch_id = batch.id AND letter.anonymised_on IS NOT NULL)""",
        company_id,
    )
