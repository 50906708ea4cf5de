"""The code to pay on a letter says what the letter asks for: read as a bank's app reads it."""

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest
import zxingcpp
from pay_code_process import IBAN, OTHER_IBAN, PIX_KEY
from PIL import Image

CASES = {  # currency, amounts of the invoices, paid after the letter
    "one": ["BRL", [1234.5], 0],
    "cent": ["BRL", [0.01], 0],
    "whole": ["BRL", [700.0], 0],
    "huge": ["BRL", [123456789.12], 0],
    "several": ["BRL", [100.1, 200.2, 300.3], 100.6],
    "euros": ["EUR", [0.1, 0.2], 0],
    "million": ["EUR", [98765432.1], 0],
    "foreign": ["USD", [50.0], 0],
}
ACCOUNTS = {"accounts": ["EUR", [0.3, 0.4, 0.5], 0, True]}  # the last invoice names another one


@pytest.fixture(scope="module")
def told(database, tmp_path_factory):
    """What the letters of all cases say."""
    addons_path = os.environ["CRM_COLLECTION_ADDONS_PATH"]
    command = [sys.executable, "-m", "odoo", "-d", database, "-i", "l10n_br,account_qr_code_sepa"]
    command += ["--addons-path", addons_path, "--no-http", "--stop-after-init"]
    subprocess.run([*command, "--max-cron-threads=0", "--log-level=warn"], check=True)
    folder = tmp_path_factory.mktemp("pay_code")
    request, answer = folder / "request", folder / "answer"
    cases = {case: [*what, False] for case, what in CASES.items()} | ACCOUNTS
    request.write_text(json.dumps(cases))
    script = Path(__file__).with_name("pay_code_process.py")
    arguments = [database, addons_path, str(request), str(answer)]
    result = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True, check=False
    )
    assert not result.returncode, result.stderr[-4000:]
    assert " WARNING " not in result.stderr
    return json.loads(answer.read_text())


def read_code(picture):
    [found] = zxingcpp.read_barcodes(picture)
    return found.text


def read_pdf(content):
    """:return: the texts of the codes in the PDF"""
    reader = pypdf.PdfReader(io.BytesIO(base64.b64decode(content)))
    pictures = [picture.image.convert("L") for page in reader.pages for picture in page.images]
    return [found.text for picture in pictures for found in zxingcpp.read_barcodes(picture)]


def read_page(told_of, place="page"):
    codes = [code["image"].split(",", 1)[1] for code in told_of[place]]
    return [read_code(Image.open(io.BytesIO(base64.b64decode(one)))) for one in codes]


def parse_emv(text):
    """:return: {tag: value}"""
    fields = {}
    while text:
        tag, length = text[:2], int(text[2:4])
        fields[tag], text = text[4 : 4 + length], text[4 + length :]
    return fields


def compute_crc(text):
    """CRC-16/CCITT-FALSE, as the manual of the Pix asks for it."""
    crc = 0xFFFF
    for byte in text.encode():
        crc ^= byte << 8
        for _bit in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return f"{crc:04X}"


@pytest.mark.parametrize("case", [case for case in CASES if CASES[case][0] == "BRL"])
def test_pix(told, case):
    """Amount, key, and a check sum that holds; the text to paste is the code's."""
    [text] = read_pdf(told[case]["pdf"])
    assert text in told[case]["body"]
    assert text[-4:] == compute_crc(text[:-4])
    fields = parse_emv(text)
    assert PIX_KEY in fields["26"]
    assert fields["54"] == f"{sum(CASES[case][1]):.2f}"
    assert fields["53"] == "986"
    reference = parse_emv(fields["62"])["05"]
    assert len(reference) <= 25
    own = told[case]["references"][0].replace("/", "")
    assert reference == (own if len(CASES[case][1]) == 1 else told[case]["number"])
    assert told[case]["is_found"]


@pytest.mark.parametrize("case", [case for case in CASES if CASES[case][0] == "EUR"])
def test_sepa(told, case):
    [text] = read_pdf(told[case]["pdf"])
    lines = text.split("\n")
    assert (lines[0], lines[6]) == ("BCD", IBAN)
    assert lines[7].startswith("EUR")
    assert float(lines[7][3:]) == pytest.approx(sum(CASES[case][1]), abs=0.001)
    assert len(lines[7].partition(".")[2]) <= 2
    for name in told[case]["names"]:
        assert name in lines[10]
    assert "BCD" not in told[case]["body"]  # nothing that can be pasted


def test_page_asks_for_what_is_left(told):
    """... of a letter whose customer paid a part; the letter itself stays as it was."""
    [text] = read_page(told["several"])
    assert parse_emv(text)["54"] == "500.00"
    [text] = read_page(told["one"])
    assert parse_emv(text)["54"] == "1234.50"


def test_statement_asks_for_what_is_left(told):
    """... under the customer's number, where it is about several documents."""
    [text] = read_page(told["several"], "statement")
    fields = parse_emv(text)
    assert fields["54"] == "500.00"
    assert parse_emv(fields["62"])["05"] == told["several"]["customer"]
    [text] = read_page(told["one"], "statement")
    assert parse_emv(parse_emv(text)["62"])["05"] == told["one"]["references"][0].replace("/", "")
    assert told["foreign"]["statement"] == []


@pytest.mark.parametrize("place", ["statement", "page", "pdf"])
def test_each_account_has_a_code(told, place):
    """... of what is paid to it, where invoices name several; there was none."""
    says = told["accounts"]
    # each page of a PDF names the pictures of all
    texts = set(read_pdf(says["pdf"]) if place == "pdf" else read_page(says, place))
    codes = {lines[6]: lines for lines in (text.split("\n") for text in texts)}
    assert len(texts) == len(codes) == 2
    for iban, amount, names in zip(
        *((IBAN, OTHER_IBAN), (0.7, 0.5), (says["names"][:2], says["names"][2:])), strict=True
    ):
        lines = codes[iban]
        assert float(lines[7][3:]) == pytest.approx(amount, abs=0.001)
        assert sorted(lines[10].split(", ")) == names
    if place != "pdf":
        of_documents = [sorted(code["documents"].split(", ")) for code in says[place]]
        assert sorted(of_documents) == [says["names"][:2], says["names"][2:]]
        assert [code["documents"] for code in told["one"][place]] == [""]


def test_accounts_in_words(told):
    """... each with the documents that are paid to it, in mail, page and statement; one alone with
    the branch and the key of the Pix, in case no code is at hand."""
    says = told["accounts"]
    for place in ("banks", "letter_banks", "page_banks"):
        documents = {}
        for label in says[place]:
            paid, _words, account = label.partition(": by bank transfer to")
            documents[account.replace(" ", "")] = sorted(paid.split(", "))
        for iban, names in ((IBAN, says["names"][:2]), (OTHER_IBAN, says["names"][2:])):
            [found] = [paid for account, paid in documents.items() if iban in account]
            assert found == names
        [label] = told["one"][place]
        assert f"56789-0, branch 1234, Pix key {PIX_KEY}" in label
    assert all(says["body"].count(label) == 1 for label in says["letter_banks"])


def test_no_code(told):
    """... for a currency that the account's code has no word for, nor where none is wanted."""
    assert told["foreign"]["page"] == read_pdf(told["foreign"]["pdf"]) == []
    assert told["foreign"]["state"] == "outgoing"
    assert told["off"] == []
