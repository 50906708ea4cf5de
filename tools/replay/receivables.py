"""Read a file of receivables: who owes what since when, and when it was paid.

Columns are found by their name, in any order, whatever the encoding and the delimiter. A row
that cannot be used is skipped and told with its line and the reason; the others are read.
"""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

COLUMNS = {
    "number": ("invoicenumber", "number", "invoice"),
    "customer": ("customerid", "customer", "customernumber"),
    "issued": ("invoicedate", "issuedate", "issued"),
    "due": ("duedate", "due"),
    "amount": ("invoiceamount", "amount"),
    "settled": ("settleddate", "settlementdate", "settled"),
}
LABELS = {
    "number": "invoiceNumber",
    "customer": "customerID",
    "issued": "InvoiceDate",
    "due": "DueDate",
    "amount": "InvoiceAmount",
    "settled": "SettledDate",
}
DELIMITERS = ",;\t|"
FIRST_YEAR, LAST_YEAR = 1900, 2199
MAX_AMOUNT = Decimal(10) ** 12

CONTROL = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]")
US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
WITH_POINT = re.compile(r"[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
WITH_COMMA = re.compile(r"[-+]?(\d+|\d{1,3}(\.\d{3})+),\d{1,2}", re.ASCII)


class ReceivablesError(Exception):
    """The file as a whole cannot be read."""


class RowError(Exception):
    """One row cannot be used: the kind of mistake, and the reason in full."""


@dataclass(frozen=True)
class Receivable:
    """One invoice with one due date; `settled` is None while it is owed."""

    number: str
    customer: str
    issued: date
    due: date
    amount: Decimal
    settled: date | None
    line: int


@dataclass(frozen=True)
class Skipped:
    line: int
    number: str
    reason: str
    kind: str


@dataclass
class Receivables:
    rows: list[Receivable] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    encoding: str = ""
    delimiter: str = ","


def read(path):
    """:raise ReceivablesError: when the file cannot be read at all"""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ReceivablesError(f"{path}: {error.strerror}") from error
    return parse(data)


def parse(data):
    """Read the bytes of a file."""
    text, encoding = decode(data)
    header = next((line for line in text.splitlines() if line.strip(" \t,;|\"'")), "")
    delimiter = find_delimiter(header)
    result = Receivables(encoding=encoding, delimiter=delimiter)
    records = _read_records(text, delimiter)
    columns, width = _find_columns(records)
    numbers = {}
    for line, last_line, cells in records:
        _add_row(result, numbers, _Record(line, last_line, cells), columns, width)
    return result


def decode(data):
    """:return: the text, and the name of the encoding it was written in"""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        candidates = ["utf-32"]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif data[1:2] == b"\x00":
        candidates = ["utf-16-le"]
    elif data[:1] == b"\x00":
        candidates = ["utf-16-be"]
    else:
        candidates = ["utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"]
        candidates += ["cp1252", "latin-1"]
    for encoding in candidates:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise ReceivablesError(f"the file is not readable as {candidates[-1]} text")


def find_delimiter(header):
    """:return: the delimiter that tells most of our columns apart in the header"""
    return max(DELIMITERS, key=lambda delimiter: _count_columns(header, delimiter))


def _count_columns(header, delimiter):
    names = {_normalize(cell) for cell in next(csv.reader([header], delimiter=delimiter), [])}
    return sum(any(alias in names for alias in aliases) for aliases in COLUMNS.values())


def _normalize(name):
    return re.sub(r"[\W_]", "", name).lower()


# ------------------------------------------------------------
# ROWS
# ------------------------------------------------------------


@dataclass(frozen=True)
class _Record:
    """The cells of a row, or the error that kept it from being read."""

    line: int
    last_line: int
    cells: list[str] | csv.Error


def _read_records(text, delimiter):
    """Yield `(first line, last line, cells or error)`, without empty rows."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield first, reader.line_num, error
            continue
        cells = [cell.strip() for cell in cells]
        if any(cells):
            yield first, reader.line_num, cells


def _find_columns(records):
    """:return: the position of each of our columns in the header, and the header's width"""
    _line, _last_line, header = next(records, (0, 0, []))
    if isinstance(header, csv.Error):
        raise ReceivablesError(f"the header cannot be read: {header}")
    names = [_normalize(cell) for cell in header]
    columns = {}
    for key, aliases in COLUMNS.items():
        alias = next((alias for alias in aliases if alias in names), None)
        if alias and names.count(alias) > 1:
            raise ReceivablesError(f"the column {LABELS[key]} is there more than once")
        if alias:
            columns[key] = names.index(alias)
    if missing := [LABELS[key] for key in COLUMNS if key not in columns]:
        raise ReceivablesError(
            f"the header lacks {', '.join(missing)}; it has: {', '.join(header) or 'nothing'}"
        )
    return columns, len(header)


def _add_row(result, numbers, record, columns, width):
    """Put a row where it belongs: among the receivables or among the skipped."""
    number = ""
    try:
        values = _get_values(record, columns, width)
        number = values["number"]
        receivable = _make_receivable(values, record.line)
        if number in numbers:
            raise RowError("duplicate number", f"the number is already on line {numbers[number]}")
    except RowError as error:
        kind, reason = error.args
        result.skipped.append(Skipped(record.line, CONTROL.sub("?", number), reason, kind))
        return
    numbers[number] = record.line
    result.rows.append(receivable)


def _get_values(record, columns, width):
    if isinstance(record.cells, csv.Error):
        raise RowError("unreadable row", f"unreadable: {record.cells}")
    found = len(record.cells)
    if found < width or any(record.cells[width:]):
        reason = f"{found} cells where the header has {width}"
        if record.last_line > record.line:
            reason += f"; up to line {record.last_line}, as if a quote were left open"
        raise RowError("wrong number of cells", reason)
    return {key: record.cells[position] for key, position in columns.items()}


def _make_receivable(values, line):
    for key in ("number", "customer"):
        if not values[key]:
            raise RowError(f"no {key}", f"{LABELS[key]} is empty")
        if CONTROL.search(values[key]):
            raise RowError(f"bad {key}", f"{LABELS[key]} has a control character")
    issued, due = parse_date("issued", values["issued"]), parse_date("due", values["due"])
    settled = parse_date("settled", values["settled"]) if values["settled"] else None
    amount = parse_amount(values["amount"])
    if due < issued:
        raise RowError("due before issued", f"due {due} before it was issued {issued}")
    if settled and settled < issued:
        raise RowError("settled before issued", f"settled {settled} before it was issued {issued}")
    return Receivable(values["number"], values["customer"], issued, due, amount, settled, line)


# ------------------------------------------------------------
# VALUES
# ------------------------------------------------------------


def parse_date(key, text):
    """Read month/day/year or year-month-day."""
    if match := US_DATE.fullmatch(text):
        month, day, year = map(int, match.groups())
    elif match := ISO_DATE.fullmatch(text):
        year, month, day = map(int, match.groups())
    else:
        raise RowError("bad date", f"{LABELS[key]} {_quote(text)} is not month/day/year")
    try:
        value = date(year, month, day)
    except ValueError as error:
        raise RowError("bad date", f"{LABELS[key]} {_quote(text)}: {error}") from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise RowError(
            "bad date", f"{LABELS[key]} {_quote(text)} is not from {FIRST_YEAR} to {LAST_YEAR}"
        )
    return value


def parse_amount(text):
    """Read an amount above zero, with a point or a comma before the cents."""
    plain = re.sub(r"[\s$']", "", text)
    if WITH_POINT.fullmatch(plain):
        plain = plain.replace(",", "")
    elif WITH_COMMA.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    else:
        raise RowError("bad amount", f"{LABELS['amount']} {_quote(text)} is not an amount")
    amount = Decimal(plain)
    if amount < 0:
        raise RowError("negative amount", f"{LABELS['amount']} {_quote(text)} is negative")
    if amount >= MAX_AMOUNT:
        raise RowError("bad amount", f"{LABELS['amount']} {_quote(text)} is too large")
    amount = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if not amount:
        raise RowError("zero amount", f"{LABELS['amount']} {_quote(text)} is nothing")
    return amount


def _quote(text):
    text = CONTROL.sub("?", text)
    return f"'{text[:40]}...'" if len(text) > 40 else f"'{text}'"


# ------------------------------------------------------------
# REPORT
# ------------------------------------------------------------


def format_report(receivables, limit=20):
    """:return: lines of text that tell what was read and what was skipped, and why"""
    yield f"{len(receivables.rows):,} receivables read ({receivables.encoding})"
    if not receivables.skipped:
        return
    kinds = Counter(row.kind for row in receivables.skipped)
    told = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
    yield f"{len(receivables.skipped):,} rows skipped: {told}"
    for row in receivables.skipped[:limit]:
        number = f" {row.number[:40]}" if row.number else ""
        yield f"  line {row.line}{number}: {row.reason}"
    if len(receivables.skipped) > limit:
        yield f"  and {len(receivables.skipped) - limit:,} more"
