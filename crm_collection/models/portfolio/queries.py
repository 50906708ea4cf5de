from odoo.tools import SQL

# Journals of money: what is booked there is a payment or its way back, and no claim.
MONEY_JOURNALS = ("bank", "cash", "credit")

# An invoice in one of these states owes nothing to be asked for, whatever its items say:
# `in_payment` without a payment entry leaves the item open, `blocked` is a user's decision.
SILENT_PAYMENT_STATES = ("paid", "in_payment", "reversed", "blocked", "invoicing_legacy")


def line_is_owed(line="line"):
    """Condition: the posted receivable item still owes something in its own currency.

    With :func:`line_is_credit` the owner of what is open. What has nothing left in its own
    currency (a revaluation, the rest of a match without an exchange entry) is neither.
    """
    return SQL(
        "(%(open)s AND %(line)s.balance > 0 AND %(line)s.amount_residual_currency > 0)",
        open=_line_is_open(line),
        line=SQL.identifier(line),
    )


def line_is_credit(line="line"):
    """Condition: the posted receivable item is an open credit: a payment or credit note that is
    not matched, or not all of it."""
    return SQL(
        "(%(open)s AND %(line)s.amount_residual_currency < 0)",
        open=_line_is_open(line),
        line=SQL.identifier(line),
    )


def line_is_refund(line="line"):
    """Condition: the journal item is money that went to the customer, or went back: a refund, a
    payment to him, one of his that was reversed or that the bank took back. It stands on his
    account until it is matched, and says nothing of why he should owe it: an invoice that was
    refunded by mistake is open again once accounting takes the payment off it.
    """
    return SQL(
        """COALESCE(%s IN (SELECT journal.id FROM account_journal journal
                            WHERE journal.type IN %s), FALSE)""",
        SQL.identifier(line, "journal_id"),
        MONEY_JOURNALS,
    )


def line_is_left_out(line="line"):
    """Condition: nobody is asked for it by itself: accounting leaves it out of follow-up, or money
    went to the customer. A person may take it in (``include_no_followup`` of the item)."""
    return SQL(
        "(COALESCE(%s, FALSE) OR %s)", SQL.identifier(line, "no_followup"), line_is_refund(line)
    )


def line_is_unclaimed(line="line"):
    """Condition: money that went to the customer (:func:`line_is_refund`) and that nobody has put
    into collection. These are few and are read once, by an index of their own: a subquery that
    asks for each item would keep the whole statement in one process."""
    return SQL(
        """(%s AND %s NOT IN (SELECT taken.line_id FROM crm_collection_item taken
                               WHERE taken.include_no_followup AND taken.line_id IS NOT NULL))""",
        line_is_refund(line),
        SQL.identifier(line, "id"),
    )


def _line_is_open(line):
    """``reconciled IS NOT TRUE`` is the only form that can use core's partial index."""
    return SQL(
        "%(line)s.parent_state = 'posted' AND %(line)s.reconciled IS NOT TRUE",
        line=SQL.identifier(line),
    )


def of_family(company, build):
    """The rows that ``build`` gives of each company that is one creditor with ``company``.

    Each by itself and not all at once: holds are a company's, and most companies have no other.
    """
    family = company._get_collection_family()
    if len(family) == 1:
        return build(family)
    return SQL(" UNION ALL ").join(
        SQL("SELECT * FROM (%s) AS of_company", build(member)) for member in family
    )


def that_reads(fields, condition):
    """A condition in a domain, for which the ORM writes these fields before it searches."""
    return SQL("%s", condition, to_flush=fields)


def line_is_of(partner_ids, line="line"):
    """Condition: the item is of one of these commercial partners, or of a contact of theirs."""
    return SQL(
        "%s IN (SELECT id FROM res_partner WHERE commercial_partner_id = ANY(%s))",
        SQL.identifier(line, "partner_id"),
        partner_ids,
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


def move_is_in_payment(move="move"):
    """Condition: the money was received, and the bank has not confirmed it yet."""
    return SQL("COALESCE(%s = 'in_payment', FALSE)", SQL.identifier(move, "payment_state"))


def phase_can_act(phase="phase"):
    """Condition: the phase takes items and sends letters, as ``crm.collection.phase.can_act``."""
    return SQL(
        "(%s AND %s = 'approved')",
        SQL.identifier(phase, "active"),
        SQL.identifier(phase, "approval_state"),
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


def next_letter_date(date, count, step="step"):
    """When the letter goes again after ``count`` of them, the last one on ``date``; NULL when it
    does not (no interval, or as often as the step says)."""
    return SQL(
        """CASE WHEN %(step)s.resend_interval > 0
                 AND (COALESCE(%(step)s.resend_max, 0) = 0 OR %(count)s <= %(step)s.resend_max)
                THEN (%(date)s + %(interval)s)::date END""",
        step=SQL.identifier(step),
        count=count,
        date=date,
        interval=step_interval(step),
    )


def date_of_last_letter(open_item):
    """The day of the last letter an item had in its phase: at most one row.

    :param str open_item: alias of the item
    """
    return SQL(
        """SELECT letter.date FROM crm_collection_letter_line line
             JOIN crm_collection_letter letter ON letter.id = line.letter_id
            WHERE line.item_id = %(open_item)s.id AND line.phase_id = %(open_item)s.phase_id
              AND line.round = %(open_item)s.letter_count
         ORDER BY line.id DESC LIMIT 1""",
        open_item=SQL.identifier(open_item),
    )


def letter_template(step="step", phase="phase"):
    """The letter of an item: the step's own or the phase's, unless the step sends none. A phase
    whose definition is approved was approved with both: another one of a step is proposed, and
    not written. ``crm.collection.phase._get_letter`` says the same of records."""
    return SQL(
        """CASE WHEN %(step)s.without_letter IS NOT TRUE
                THEN COALESCE(%(step)s.template_id, %(phase)s.template_id) END""",
        step=SQL.identifier(step),
        phase=SQL.identifier(phase),
    )


def step_version():
    """A short text that changes with what a step, its rule and its phase say (aliases ``step``,
    ``rule``, ``phase``), not with how a percentage is written: 50 is 50.00. What steps
    could not say before is added where they say it."""
    return SQL(
        """md5(jsonb_build_array(step.rule_id, step.phase_id, step.days, step.template_id,
               step.amount_min, trim_scale(step.percent_min), rule.escalation, rule.grace_days,
               rule.amount_min, phase.template_id, phase.allocation_mode,
               phase.approval_rule_id)::text
               || CASE WHEN step.without_letter THEN 'without letter' ELSE '' END
               || CASE WHEN step.after_promise THEN 'after promise' ELSE '' END
               || COALESCE('second letter ' || phase.template_b_id, ''))"""
    )


def workers(company_id):
    """Users who work in the company: a customer's collector or salesperson may have left, or be
    another company's."""
    return SQL(
        """SELECT users.id FROM res_users users
             JOIN res_company_users_rel works ON works.user_id = users.id AND works.cid = %s
            WHERE users.active""",
        company_id,
    )


def letter_day(tz, letter="letter"):
    """The company's day of a letter; of a late one the day it left."""
    return SQL(
        """GREATEST(%(letter)s.date,
                    (%(letter)s.date_sent AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date)""",
        letter=SQL.identifier(letter),
        tz=tz,
    )


def document_name(line="line", move="move"):
    """What the customer knows a journal item by: the number of an invoice or credit note, the
    invoice that was refunded, what a payment was for, an entry's own label (an opening balance
    names the document it stands for). The number of the entry only where there is nothing else:
    it is none of the customer's.

    ``account.move.line._get_collection_name`` says the same of records.
    """
    is_refund = line_is_refund(line)
    line, move = SQL.identifier(line), SQL.identifier(move)
    return SQL(
        """CASE WHEN %(move)s.move_type != 'entry' THEN %(move)s.name
                ELSE COALESCE(
                    CASE WHEN %(is_refund)s THEN (%(refunded)s) END,
                    CASE WHEN %(move)s.origin_payment_id IS NULL THEN %(label)s END,
                    %(reference)s, %(move)s.name) END""",
        move=move,
        is_refund=is_refund,
        refunded=_refunded_invoices(move),
        label=_one_line(SQL("%s.name", line)),
        reference=_one_line(SQL("%s.ref", move)),
    )


def name_of_line(line_id):
    """:func:`document_name` of one journal item: at most one row."""
    return SQL(
        """SELECT %s FROM account_move_line line
             JOIN account_move move ON move.id = line.move_id WHERE line.id = %s""",
        document_name(),
        line_id,
    )


def _refunded_invoices(move):
    """The numbers of the invoices whose money went back with an entry: those that the refunded
    or reversed payment was made for."""
    return SQL(
        """SELECT string_agg(DISTINCT invoice.name, ', ')
             FROM (SELECT rel.invoice_id AS id
                     FROM account_payment payment
                     JOIN payment_transaction refund ON refund.id = payment.payment_transaction_id
                     JOIN account_invoice_transaction_rel rel
                          ON rel.transaction_id IN (refund.id, refund.source_transaction_id)
                    WHERE payment.id = %(move)s.origin_payment_id
                      AND payment.payment_type = 'outbound'
                    UNION
                   SELECT debit.move_id
                     FROM account_move_line credit
                     JOIN account_partial_reconcile partial ON partial.credit_move_id = credit.id
                     JOIN account_move_line debit ON debit.id = partial.debit_move_id
                    WHERE credit.move_id IN (%(move)s.reversed_entry_id, (
                          SELECT source.move_id FROM account_payment payment
                            JOIN account_payment source ON source.id = payment.source_payment_id
                           WHERE payment.id = %(move)s.origin_payment_id))) AS paid
             JOIN account_move invoice ON invoice.id = paid.id AND invoice.move_type != 'entry'""",
        move=move,
    )


def _one_line(text):
    return SQL("NULLIF(BTRIM(regexp_replace(%s, '\\s+', ' ', 'g')), '')", text)


def installments(line_ids):
    """Which of its entry's installments each journal item is (see :func:`installment`)."""
    return SQL(
        """SELECT entry.line_id, BTRIM(%(installment)s)
             FROM (SELECT line.id AS line_id, line.name AS line_name, %(document)s AS move_name,
                          move.payment_reference
                     FROM account_move_line line JOIN account_move move ON move.id = line.move_id
                    WHERE line.id = ANY(%(line_ids)s)) AS entry""",
        installment=installment("entry", SQL("entry.line_id"), SQL("entry.line_name")),
        document=document_name(),
        line_ids=line_ids,
    )


def installment(entry, line_id, line_name):
    """Which of its entry's installments an item is, such as " 2/3"; empty for the only one.

    Only where there are several does core end the label with a number of its own, in the user's
    language.

    :param str entry: alias with the entry's ``move_name`` and ``payment_reference``
    """
    return SQL(
        """CASE WHEN %(line_name)s ~ '[0-9]$'
                     AND %(line_name)s IS DISTINCT FROM %(entry)s.move_name
                     AND %(line_name)s IS DISTINCT FROM %(entry)s.payment_reference
                THEN COALESCE((
                    SELECT ' ' || COUNT(*) FILTER (WHERE (sibling.date_maturity, sibling.id)
                                    <= (line.date_maturity, line.id)) || '/' || COUNT(*)
                      FROM account_move_line line
                      JOIN account_move_line sibling ON sibling.move_id = line.move_id
                           AND sibling.display_type = 'payment_term'
                     WHERE line.id = %(line_id)s AND line.display_type = 'payment_term'
                    HAVING COUNT(*) > 1), '') ELSE '' END""",
        entry=SQL.identifier(entry),
        line_id=line_id,
        line_name=line_name,
    )
