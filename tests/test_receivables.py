"""Reading files of receivables: any column order, encoding and delimiter; broken rows are told."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.replay import expect, receivables
from tools.replay.expect import Plan

HEADER = ["customerID", "invoiceNumber", "InvoiceDate", "DueDate", "InvoiceAmount", "SettledDate"]
GOOD = {
    "customerID": "ACME",
    "invoiceNumber": "1001",
    "InvoiceDate": "1/2/2013",
    "DueDate": "2/1/2013",
    "InvoiceAmount": "55.94",
    "SettledDate": "2/7/2013",
}
ENCODINGS = ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-16-be"]


def write(rows, header=HEADER, delimiter=",", encoding="utf-8", end="\r\n"):
    output = io.StringIO(newline="")
    writer = csv.writer(output, delimiter=delimiter, lineterminator=end)
    writer.writerow(header)
    writer.writerows([row[name] for name in header] for row in rows)
    return output.getvalue().encode(encoding)


def make_rows(count):
    return [{**GOOD, "invoiceNumber": str(1001 + number)} for number in range(count)]


def as_cells(row, date_format):
    """A receivable as the cells of a file."""
    us, iso = "{0.month}/{0.day}/{0.year}", "{0:%Y-%m-%d}"
    text = (iso if date_format == "iso" else us).format
    return {
        "customerID": row.customer,
        "invoiceNumber": row.number,
        "InvoiceDate": text(row.issued),
        "DueDate": text(row.due),
        "InvoiceAmount": str(row.amount),
        "SettledDate": text(row.settled) if row.settled else "",
    }


# a busy machine is no failure
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

LATIN_1 = [chr(code) for code in range(33, 256) if chr(code).isprintable()]
names = st.text(LATIN_1, min_size=1, max_size=12)
days = st.dates(date(1990, 1, 1), date(2150, 1, 1))
amounts = st.decimals("0.01", "99999999.99", places=2)


@st.composite
def receivable_lists(draw):
    numbers = draw(st.lists(names, unique=True, max_size=8))
    rows = []
    for position, number in enumerate(numbers):
        issued = draw(days)
        due = issued + timedelta(days=draw(st.integers(0, 120)))
        settled = draw(
            st.none()
            | st.integers(0, 400).map(lambda later, day=issued: day + timedelta(days=later))
        )
        rows.append(
            receivables.Receivable(
                number, draw(names), issued, due, draw(amounts), settled, position + 2
            )
        )
    return rows


@patient
@given(
    rows=receivable_lists(),
    header=st.permutations([*HEADER, "Disputed", "note; with, marks"]),
    delimiter=st.sampled_from(receivables.DELIMITERS),
    encoding=st.sampled_from(ENCODINGS),
    end=st.sampled_from(["\r\n", "\n"]),
    date_format=st.sampled_from(["us", "iso"]),
)
def test_any_form_of_a_file_reads_the_same(rows, header, delimiter, encoding, end, date_format):
    extra = {"Disputed": "No", "note; with, marks": 'say "x", or; not\ty|z'}
    cells = [{**as_cells(row, date_format), **extra} for row in rows]
    result = receivables.parse(write(cells, header, delimiter, encoding, end))
    assert result.rows == rows
    assert result.skipped == []
    assert result.delimiter == delimiter


@patient
@given(
    broken=st.lists(
        st.sampled_from(
            [
                ("InvoiceDate", "13/1/2013", "bad date"),
                ("InvoiceDate", "", "bad date"),
                ("DueDate", "2/30/2013", "bad date"),
                ("DueDate", "soon", "bad date"),
                ("DueDate", "1/2/0213", "bad date"),
                ("SettledDate", "1/2/13", "bad date"),
                ("InvoiceAmount", "-55.94", "negative amount"),
                ("InvoiceAmount", "0", "zero amount"),
                ("InvoiceAmount", "0.004", "zero amount"),
                ("InvoiceAmount", "", "bad amount"),
                ("InvoiceAmount", "NaN", "bad amount"),
                ("InvoiceAmount", "1e3", "bad amount"),
                ("InvoiceAmount", "12,34,56", "bad amount"),
                ("InvoiceAmount", "9" * 40, "bad amount"),
                ("invoiceNumber", "1000", "duplicate number"),
                ("invoiceNumber", "", "no number"),
                ("invoiceNumber", "10\x0001", "bad number"),
                ("customerID", " ", "no customer"),
                ("SettledDate", "1/1/2013", "settled before issued"),
                ("DueDate", "1/1/2013", "due before issued"),
            ]
        ),
        max_size=10,
    ),
    position=st.integers(0, 10),
)
def test_broken_rows_are_told_and_the_others_read(broken, position):
    first = {**GOOD, "invoiceNumber": "1000"}
    bad = [
        {**GOOD, "invoiceNumber": f"B{number}", key: value}
        for number, (key, value, _kind) in enumerate(broken)
    ]
    good = make_rows(len(broken))
    mixed = [first, *bad[:position], *good, *bad[position:]]
    result = receivables.parse(write(mixed))
    assert [row.number for row in result.rows] == ["1000", *(row["invoiceNumber"] for row in good)]
    assert [row.kind for row in result.skipped] == [kind for _key, _value, kind in broken]
    assert [mixed[row.line - 2] for row in result.skipped] == bad
    assert all(row.reason for row in result.skipped)


@patient
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
def test_no_content_makes_it_crash(data):
    header = write([])
    for content in (data, header + data, header.decode().encode("utf-16") + data):
        try:
            result = receivables.parse(content)
        except receivables.ReceivablesError as error:
            assert str(error)
        else:
            assert list(receivables.format_report(result))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("55.94", "55.94"),
        ("55.9", "55.90"),
        ("1,234.50", "1234.50"),
        ("1,234,567", "1234567.00"),
        ("61,74", "61.74"),
        ("1.234,50", "1234.50"),
        ("55.940", "55.94"),
        ("$ 12.00", "12.00"),
        ("+3", "3.00"),
        ("0.005", "0.01"),
    ],
)
def test_amounts(text, amount):
    assert receivables.parse_amount(text) == Decimal(amount)


def test_empty_lines_are_no_rows():
    lines = write(make_rows(2)).decode().splitlines()
    text = "\n" + lines[0] + "\n\n   \n,,,,,\n" + lines[1] + "\n" + lines[2] + "\n\n"
    result = receivables.parse(text.encode())
    assert [row.line for row in result.rows] == [6, 7]
    assert result.skipped == []


def test_a_row_of_another_width_is_broken():
    text = write(make_rows(3)).decode().splitlines()
    text[2] = text[2].rsplit(",", 1)[0]
    text[3] += ",surplus"
    text.append(text[1].replace("1001", "1009") + ",,")
    result = receivables.parse("\n".join(text).encode())
    assert [row.number for row in result.rows] == ["1001", "1009"]
    assert [row.reason for row in result.skipped] == [
        "5 cells where the header has 6",
        "7 cells where the header has 6",
    ]


def test_a_quote_left_open_is_told():
    text = write(make_rows(4)).decode().splitlines()
    text[2] = '"' + text[2]
    result = receivables.parse("\n".join(text).encode())
    assert [row.number for row in result.rows] == ["1001"]
    assert len(result.skipped) == 1
    assert "a quote were left open" in result.skipped[0].reason
    assert result.skipped[0].line == 3


def test_a_broken_row_does_not_take_the_number():
    result = receivables.parse(write([{**GOOD, "DueDate": "x"}, GOOD]))
    assert [row.line for row in result.rows] == [3]
    assert [row.kind for row in result.skipped] == ["bad date"]


@pytest.mark.parametrize("name", ["Invoice Number", "INVOICE_NUMBER", " invoicenumber "])
def test_column_names_are_read_leniently(name):
    header = [name if column == "invoiceNumber" else column for column in HEADER]
    result = receivables.parse(write([{**GOOD, name: "7"}], header))
    assert [row.number for row in result.rows] == ["7"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (HEADER[1:], "lacks customerID; it has: invoiceNumber"),
        ([*HEADER, "DueDate"], "DueDate is there more than once"),
        ([], "it has: nothing"),
    ],
)
def test_a_header_that_will_not_do(header, message):
    with pytest.raises(receivables.ReceivablesError, match=message):
        receivables.parse(write([], header))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(receivables.ReceivablesError, match="No such file"):
        receivables.read(tmp_path / "missing.csv")


def test_report():
    rows = [{**GOOD, "DueDate": "x"} for _number in range(30)]
    lines = list(receivables.format_report(receivables.parse(write([GOOD, GOOD, *rows]))))
    assert lines[0] == "1 receivables read (utf-8)"
    assert lines[1] == "31 rows skipped: bad date 30, duplicate number 1"
    assert lines[2] == "  line 3 1001: the number is already on line 2"
    assert lines[3] == "  line 4 1001: DueDate 'x' is not month/day/year"
    assert lines[-1] == "  and 11 more"


# ------------------------------------------------------------
# WHAT THE FILE SAYS
# ------------------------------------------------------------


def make_receivable(settled_late, number="1", customer="ACME", terms=30):
    issued = date(2013, 1, 1)
    due = issued + timedelta(days=terms)
    settled = due + timedelta(days=settled_late)
    return receivables.Receivable(number, customer, issued, due, Decimal(10), settled, 2)


def walk(late, plan, terms=30):
    """The days after due on which an item enters phases and gets letters."""
    row = make_receivable(late, terms=terms)
    item = expect.expect([row], plan).get("1")
    if not item:
        return [], []
    entered = [(stay.step, (stay.entered - row.due).days) for stay in item.stays]
    return entered, [(day - row.due).days for day in item.letters]


@pytest.mark.parametrize(
    ("late", "entered"),
    [
        (-5, []),
        (0, []),
        (1, [1]),
        (5, [1]),
        (6, [1, 6]),
        (15, [1, 6]),
        (16, [1, 6, 16]),
        (40, [1, 6, 16, 31]),
    ],
)
def test_paid_on_the_day_of_a_step_it_enters_in_the_morning(late, entered):
    phases = [(step, step) for step in entered]
    assert walk(late, Plan((1, 6, 16, 31))) == (phases, entered)


@pytest.mark.parametrize(
    ("late", "plan", "letters"),
    [
        (9, Plan((1, 6), 2), [1, 3, 5, 6, 8]),
        (9, Plan((1, 6), 2, 1), [1, 3, 6, 8]),
        (9, Plan((1, 6), 2, 0), [1, 6]),
        (6, Plan((1, 6), 5), [1, 6]),
        (8, Plan((1,), 7, 9), [1, 8]),
        (-1, Plan((-3, 3), 1), [-3, -2, -1]),
    ],
)
def test_letters_again(late, plan, letters):
    assert walk(late, plan)[1] == letters


def test_a_step_before_the_issue_waits_for_it():
    assert walk(0, Plan((-20, -10, 5)), terms=15) == ([(-20, -15), (-10, -10)], [-15, -10])
    assert walk(0, Plan((-20, -10, 5)), terms=10) == ([(-10, -10)], [-10])


def test_one_letter_covers_a_customer_s_items_of_a_day():
    plan = Plan((1, 6))
    rows = [make_receivable(9, "1"), make_receivable(3, "2"), make_receivable(9, "3", "OTHER")]
    figures = expect.summarize(expect.expect(rows, plan), plan)
    assert figures["letters"] == 4
    assert figures["letter_lines"] == 5
    assert figures["entered"] == {"1": 3, "6": 2}
    assert figures["ended"] == {"1": 1, "6": 2}
    assert figures["median_days_to_settlement"] == {"1": 2, "6": 3}


def test_a_difference_is_told():
    expected = expect.expect([make_receivable(9)], Plan((1, 6)))
    found = expect.expect([make_receivable(9)], Plan((1,)))
    assert list(expect.compare(expected, expected)) == []
    (line,) = expect.compare(found, expected)
    assert line.startswith("1: phases 1@2013-02-01, letters 2013-02-01; the file says")
    (line,) = expect.compare({}, expected)
    assert line.startswith("1: in no phase; the file says phases 1@2013-02-01 6@2013-02-06")
