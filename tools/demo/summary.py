"""What came of the demonstration, as tables of text."""

from pathlib import Path


def summarize(env, mail_dir):
    table("Open items by phase", list(phase_rows(env)))
    table("Letters by state", list(letter_rows(env)))
    table("Settled", list(settlement_rows(env)))
    table("Approvals", list(approval_rows(env)))
    kept = len(list(Path(mail_dir).glob("*.eml")))
    print(f"\nThe local mail server keeps its messages, {kept} so far, one file each, in")
    print(f"    {mail_dir}")


def table(title, rows):
    """Print rows of cells below each other, the first cell to the left, the others right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    print(f"\n{title}")
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("    " + "   ".join(cells))


def phase_rows(env):
    groups = env["crm.collection.item"]._read_group(
        [("state", "=", "open")], ["phase_id", "company_id"], ["__count", "amount_residual:sum"]
    )
    groups.sort(key=lambda group: (not group[0], group[0].sequence, group[0].id, group[1].id))
    yield "Phase", "Company", "Items", "Owed"
    for phase, company, count, amount in groups:
        owed = f"{amount:,.2f} {company.currency_id.name}"
        yield phase.name or "(no phase yet)", company.name, f"{count:,}", owed


def letter_rows(env):
    model = env["crm.collection.letter"]
    labels = dict(model._fields["state"]._description_selection(env))
    yield "State", "Letters"
    for state, count in model._read_group([], ["state"], ["__count"]):
        yield labels.get(state, state), f"{count:,}"


def settlement_rows(env):
    yield "Kind", "Rows", "Settled"
    model = env["crm.collection.settlement"]
    labels = dict(model._fields["kind"]._description_selection(env))
    for kind, company, count, amount in model._read_group(
        [], ["kind", "company_id"], ["__count", "amount:sum"]
    ):
        yield labels[kind], f"{count:,}", f"{amount:,.2f} {company.currency_id.name}"


def approval_rows(env):
    yield "Waiting for approval", "Items", "Owed"
    for approval in env["crm.collection.approval"].search([("state", "=", "pending")]):
        owed = f"{approval.amount:,.2f} {approval.company_currency_id.name}"
        yield approval.display_name, f"{approval.item_count:,}", owed
