"""Check that filled rows are what the ORM would have written: recompute a sample, compare."""

from odoo.tools import SQL

CHECKED = {
    "account.move.line": (
        "debit",
        "credit",
        "amount_residual",
        "amount_residual_currency",
        "reconciled",
        "move_name",
        "parent_state",
        "company_id",
        "journal_id",
        "company_currency_id",
        "date",
        "no_followup",
    ),
    "account.move": (
        "amount_untaxed",
        "amount_total",
        "amount_residual",
        "amount_total_signed",
        "amount_residual_signed",
        "payment_state",
        "commercial_partner_id",
        "invoice_date_due",
        "sequence_prefix",
        "sequence_number",
        "invoice_partner_display_name",
    ),
    "account.payment": ("is_reconciled", "is_matched", "amount_company_currency_signed"),
    "res.partner": (
        "complete_name",
        "commercial_partner_id",
        "email_normalized",
        "commercial_company_name",
        "partner_share",
    ),
}


def check_fill(env, sample=100):
    """Return what differs: `{model.field: ids}`, empty when all is well. Writes nothing."""
    wrong = {}
    unbalanced = env.execute_query(
        SQL("SELECT move_id FROM account_move_line GROUP BY move_id HAVING SUM(balance) <> 0")
    )
    if unbalanced:
        wrong["account.move.balance"] = [row[0] for row in unbalanced]
    for model, names in CHECKED.items():
        records = _sample(env[model], sample)
        for name in names:
            if different := _compare(records, records._fields[name]):
                wrong[f"{model}.{name}"] = different
    env.cr.rollback()
    env.invalidate_all(flush=False)
    return wrong


def _sample(model, size):
    rows = model.env.execute_query(
        SQL("SELECT id FROM %s ORDER BY md5(id::text) LIMIT %s", SQL.identifier(model._table), size)
    )
    return model.with_context(active_test=False).browse(row[0] for row in rows)


def _compare(records, field):
    if not field.compute:
        return []
    stored = dict(
        records.env.execute_query(
            SQL(
                "SELECT id, %s FROM %s WHERE id = ANY(%s)",
                SQL.identifier(field.name),
                SQL.identifier(records._table),
                records.ids,
            )
        )
    )
    records.env.add_to_compute(field, records)
    different = []
    for record in records:
        value = record[field.name]
        value = value.id or None if field.type == "many2one" else value
        kept = stored[record.id]
        same = (
            abs((value or 0) - float(kept or 0)) < 0.005
            if field.type in ("monetary", "float")
            else (value or None) == (kept or None)
        )
        if not same:
            different.append((record.id, kept, value))
    return different
