from __future__ import annotations

from collections.abc import Mapping

import pytest

from mlconnector.standins.datev.extf_header import Findings, examine
from tests.standins.datev.support import extf


def examined(content: bytes) -> Findings:
    return examine(content, 29098, 55003)


def reason(content: bytes) -> tuple[int, str]:
    failure = examined(content).failure
    assert failure is not None
    return int(failure["type"].rpartition("/")[2]), failure["detail"]


def elements(changes: Mapping[int, str]) -> list[tuple[str, str]]:
    failure = examined(extf(changes)).failure
    assert failure is not None
    assert failure["detail"] == "Fields with error"
    return [(element["name"], element["reason"]) for element in failure["affected_elements"]]


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "cp1252"),
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ],
)
def test_the_encoding_is_told_by_the_byte_order_mark(mark: bytes, encoding: str) -> None:
    findings = examined(mark + extf({17: '"Verkäufe €"'}).decode("cp1252").encode(encoding))
    assert findings.failure is None
    assert findings.job_fields["label"] == "Verkäufe €"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + extf({17: '"Verk\xe4ufe"'}),
        b"\xff\xfe\x00\x00" + extf(),
        extf() + b"\x81",
        b"\xff\xfe" + extf()[:-1],
    ],
)
def test_other_encodings_fail(content: bytes) -> None:
    assert reason(content) == (1008833, "Only Windows-1252,UTF-8, UTF16LE, and UTF16BE are supported")


def test_utf_8_without_a_mark_is_read_as_windows_1252() -> None:
    assert examined(extf({17: '"Müll"'}).decode("cp1252").encode()).job_fields["label"] == "MÃ¼ll"


@pytest.mark.parametrize("rows", [1, 99_999])
def test_up_to_99999_rows_are_counted(rows: int) -> None:
    findings = examined(extf(rows=rows))
    assert findings.failure is None
    assert findings.job_fields["number_of_accounting_records"] == rows


def test_rows_are_counted_without_a_line_end_at_the_end() -> None:
    assert examined(extf(rows=2).removesuffix(b"\r\n")).job_fields["number_of_accounting_records"] == 2


def test_too_many_or_no_rows_fail() -> None:
    assert reason(extf(rows=100_000)) == (1008833, "More than 99999 postings")
    assert reason(extf(rows=0)) == (1008833, "No payload")


def test_rows_are_never_looked_at() -> None:
    assert examined(extf() + b"nonsense\r\n").failure is None


def test_the_header_has_31_fields_and_at_most_1000_characters() -> None:
    assert reason(b"a;b\r\nc\r\nd\r\n") == (1008834, "Missing columns in EXTF-header")
    assert reason(extf().partition(b"\r\n")[2]) == (1008834, "Missing columns in EXTF-header")
    assert reason(extf({31: '"";""'})) == (1008834, "Too many columns in EXTF-header")
    assert reason(extf({17: '"unclosed'})) == (1008834, "Missing columns in EXTF-header")
    detail = "EXTF-header exceeds maximum length of 1000 characters"
    assert reason(extf({17: f'"{"x" * 1000}"'})) == (1008834, detail)


def test_a_semicolon_in_quotes_does_not_divide() -> None:
    assert examined(extf({17: '"a;b ""c"""'})).job_fields["label"] == 'a;b "c"'


@pytest.mark.parametrize(
    ("column", "value", "element"),
    [
        (1, '"DTVF"', ("DATEV Format Label", "must be EXTF (1)")),
        (1, "EXTF", ("DATEV Format Label", "must be EXTF (1)")),
        (2, "510", ("Version Number", "is invalid (2)")),
        (2, '"700"', ("Version Number", "is invalid (2)")),
        (3, "22", ("Data Category", "is invalid (3)")),
        (4, '"Stapel"', ("Format Name", "is invalid (4)")),
        (5, "", ("Format Version", "is invalid (5)")),
        (6, "20260131140440", ("Created On", "is invalid (6)")),
        (6, "20260231140440439", ("Created On", "is invalid (6)")),
        (7, "20260131140440439", ("Imported", "is invalid (7)")),
        (11, "1000", ("Consultant", "is invalid (11)")),
        (11, '"29098"', ("Consultant", "is invalid (11)")),
        (12, "100000", ("Client", "is invalid (12)")),
        (12, "0", ("Client", "is invalid (12)")),
        (13, "20260229", ("FY Begin", "is invalid (13)")),
        (13, "01012026", ("FY Begin", "is invalid (13)")),
        (14, "3", ("Length of Ledger Account", "is invalid (14)")),
        (14, "9", ("Length of Ledger Account", "is invalid (14)")),
        (15, "", ("Date From", "is invalid (15)")),
        (16, "20261301", ("Date To", "is invalid (16)")),
        (23, "1", ("Reserved", "must be empty (23)")),
        (24, '"KP"', ("Reserved", "must be empty (24)")),
        (25, "0", ("Reserved", "must be empty (25)")),
        (26, "0", ("Reserved", "must be empty (26)")),
        (29, "x", ("Reserved", "must be empty (29)")),
        (30, '"x"', ("Reserved", "must be empty (30)")),
    ],
)
def test_a_wrong_field_is_named(column: int, value: str, element: tuple[str, str]) -> None:
    assert elements({column: value}) == [element]


def test_all_wrong_fields_are_named_together() -> None:
    assert [name for name, _ in elements({2: "510", 14: "3", 30: '"x"'})] == [
        "Version Number",
        "Length of Ledger Account",
        "Reserved",
    ]


@pytest.mark.parametrize(
    "changes", [{5: "11"}, {5: "14"}, {4: '"Debitoren/Kreditoren"'}, {3: "65"}, {3: "16", 15: "", 16: ""}]
)
def test_category_name_and_version_must_belong_together(changes: dict[int, str]) -> None:
    detail = "Invalid combination of data category, format name and format version"
    assert reason(extf(changes)) == (1008834, detail)


@pytest.mark.parametrize(
    "changes",
    [
        {5: "12"},
        {3: "16", 4: '"Debitoren/Kreditoren"', 5: "5", 15: "", 16: ""},
        {3: "20", 4: '"Kontenbeschriftungen"', 5: "3", 15: "", 16: ""},
        {24: "", 30: ""},
        {13: "20250701", 14: "8"},
    ],
)
def test_these_headers_are_right(changes: dict[int, str]) -> None:
    assert examined(extf(changes)).failure is None


def test_master_data_has_no_period() -> None:
    changes = {3: "16", 4: '"Debitoren/Kreditoren"', 5: "5"}
    assert [name for name, _ in elements(changes)] == ["Date From", "Date To"]
    assert examined(extf({**changes, 15: "", 16: ""})).job_fields.keys().isdisjoint({"date_from", "date_to"})


def test_the_period_must_not_end_before_it_begins() -> None:
    assert reason(extf({16: "20251231"})) == (1008834, "DateFrom must not be greater than DateTo")


@pytest.mark.parametrize(("column", "value", "name"), [(11, "29099", "Consultant"), (12, "55004", "Client")])
def test_the_numbers_must_be_those_of_the_request(column: int, value: str, name: str) -> None:
    failure = examined(extf({column: value})).failure
    assert failure is not None
    assert failure["detail"].endswith("in the EXTF-header does not match with the upload request")
    assert failure["affected_elements"][0]["name"] == name


def test_a_long_label_is_cut() -> None:
    assert examined(extf({17: f'"{"x" * 251}"'})).job_fields["label"] == "x" * 250 + "..."
