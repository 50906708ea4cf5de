"""What came of the demonstration, as tables of text."""

from pathlib import Path

KEPT = "The local mail server keeps its messages, %s so far, one file each, in"


class Summary:
    """
    :param env: in the language of who reads it
    :param words: {word of the tables: what it is in that language}; others stay as they are
    """

    def __init__(self, env, words=None):
        self.env = env
        self.words = words or {}

    def print(self, mail_dir):
        """Print the tables, and where the mails are."""
        self._table("Open items by phase", self._phase_rows())
        self._table("Letters by state", self._letter_rows())
        self._table("Settled", self._settlement_rows())
        if self.words:
            self._table("Promises, disputes and holds", self._hold_rows())
        self._table("Approvals", self._approval_rows())
        kept = len(list(Path(mail_dir).glob("*.eml")))
        print(f"\n{self._say(KEPT) % kept}")
        print(f"    {mail_dir}")

    def _table(self, title, rows):
        """Print rows of cells below each other, the first cell to the left, the others right."""
        heads, *rows = rows
        rows = [[self._say(head) for head in heads], *rows]
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        print(f"\n{self._say(title)}")
        for first, *others in rows:
            cells = [first.ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
            print("    " + "   ".join(cells))

    def _say(self, word):
        return self.words.get(word, word)

    def _count(self, number):
        return self._format("%d", number)

    def _amount(self, amount, currency):
        return f"{self._format('%.2f', amount)} {currency.name}"

    def _format(self, pattern, value):
        lang = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        return lang.format(pattern, value, grouping=True)

    # === Rows === #

    def _phase_rows(self):
        groups = self.env["crm.collection.item"]._read_group(
            [("state", "=", "open")], ["phase_id", "company_id"], ["__count", "amount_residual:sum"]
        )
        groups.sort(key=lambda group: (not group[0], group[0].sequence, group[0].id, group[1].id))
        yield "Phase", "Company", "Items", "Owed"
        for phase, company, count, amount in groups:
            name = phase.name or self._say("(no phase yet)")
            owed = self._amount(amount, company.currency_id)
            yield name, company.name, self._count(count), owed

    def _letter_rows(self):
        model = self.env["crm.collection.letter"]
        labels = dict(model._fields["state"]._description_selection(self.env))
        yield "State", "Letters"
        for state, count in model._read_group([], ["state"], ["__count"]):
            yield labels.get(state, state), self._count(count)

    def _settlement_rows(self):
        yield "Kind", "Rows", "Settled"
        model = self.env["crm.collection.settlement"]
        labels = dict(model._fields["kind"]._description_selection(self.env))
        for kind, company, count, amount in model._read_group(
            [], ["kind", "company_id"], ["__count", "amount:sum"]
        ):
            yield labels[kind], self._count(count), self._amount(amount, company.currency_id)

    def _hold_rows(self):
        yield "Kind", "State", "Number"
        model = self.env["crm.collection.hold"]
        kinds, states = (
            dict(model._fields[name]._description_selection(self.env)) for name in ("kind", "state")
        )
        for kind, state, count in model._read_group([], ["kind", "state"], ["__count"]):
            yield kinds[kind], states[state], self._count(count)

    def _approval_rows(self):
        yield "Waiting for approval", "Items", "Owed"
        approvals = self.env["crm.collection.approval"]
        for approval in approvals.search([("state", "=", "pending")]):
            owed = self._amount(approval.amount, approval.company_currency_id)
            yield approval.display_name, self._count(approval.item_count), owed
