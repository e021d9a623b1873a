"""What the data center checks in an EXTF file: encoding, size in rows, and the header. Never a row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from mlconnector.standins.datev.answers import help_page

MOST_ROWS = 99_999
LONGEST_HEADER = 1000
COLUMNS = 31
TITLES = {
    1008833: "Invalid file",
    1008834: "Invalid EXTF-header",
    1008836: "Virus found",
    1008837: "Try again",
    1008838: "Missing permission",
}
FORMATS = {
    "16": ("Debitoren/Kreditoren", {"5"}),
    "20": ("Kontenbeschriftungen", {"3"}),
    "21": ("Buchungsstapel", {"12", "13"}),
    "46": ("Zahlungsbedingungen", {"2"}),
    "48": ("Diverse Adressen", {"2"}),
    "65": ("Wiederkehrende Buchungen", {"4"}),
}
"""Data category → format name and the versions taken; only 21 and 16 are named in DATEV's requirements."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_FIELD = re.compile(r'("(?:[^"]|"")*"|[^";]*)(;|$)')
_EMPTY = ("", '""')
_MASTER_DATA = frozenset({"16", "20", "46", "48"})


@dataclass(slots=True)
class Findings:
    """What was read from a file, as fields of a job, and what is wrong with it (None: nothing)."""

    job_fields: dict[str, Any] = field(default_factory=dict)
    failure: dict[str, Any] | None = None


def failure(number: int, detail: str, elements: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """The `validation_details` of a failed job."""
    details: dict[str, Any] = {"type": help_page(number), "title": TITLES[number], "detail": detail}
    if elements:
        details["affected_elements"] = [{"name": name, "reason": reason} for name, reason in elements]
    return details


def examine(content: bytes, consultant_number: int, client_number: int) -> Findings:
    """Check a file that was sent for a client."""
    text = decoded(content)
    if text is None:
        detail = "Only Windows-1252,UTF-8, UTF16LE, and UTF16BE are supported"
        return Findings(failure=failure(1008833, detail))
    line = text.partition("\n")[0].removesuffix("\r")
    rows = text.count("\n") + (not text.endswith("\n")) - 2
    if len(line) > LONGEST_HEADER:
        detail = f"EXTF-header exceeds maximum length of {LONGEST_HEADER} characters"
        return Findings(failure=failure(1008834, detail))
    fields = split_header(line)
    if fields is None or len(fields) < COLUMNS:
        return Findings(failure=failure(1008834, "Missing columns in EXTF-header"))
    if len(fields) > COLUMNS:
        return Findings(failure=failure(1008834, "Too many columns in EXTF-header"))
    wrong = _field_errors(fields)
    if wrong:
        return Findings(failure=failure(1008834, "Fields with error", wrong))
    findings = Findings(_job_fields(fields, max(rows, 0)))
    if rows < 1:
        findings.failure = failure(1008833, "No payload")
    elif rows > MOST_ROWS:
        findings.failure = failure(1008833, f"More than {MOST_ROWS} postings")
    else:
        findings.failure = _contradiction(fields, consultant_number, client_number)
    return findings


def decoded(content: bytes) -> str | None:
    """The text by its byte order mark, windows-1252 without one; None when it is neither."""
    if content.startswith(_UTF32):
        return None
    mark, encoding = next(((mark, name) for mark, name in _BOMS if content.startswith(mark)), (b"", "cp1252"))
    try:
        return content[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        return None


def split_header(line: str) -> list[str] | None:
    """The fields as written, with their quotes; None when the quotes do not fit."""
    fields, position = [], 0
    while True:
        match = _FIELD.match(line, position)
        if match is None:
            return None
        fields.append(match[1])
        position = match.end()
        if not match[2]:
            return fields


def _field_errors(fields: Sequence[str]) -> list[tuple[str, str]]:
    """(name, reason) of each field that is wrong by itself; the number is that of the column."""
    category = fields[2]
    names = {f'"{name}"' for name, _ in FORMATS.values()}
    checks = [
        (1, "DATEV Format Label", fields[0] == '"EXTF"', "must be EXTF"),
        (2, "Version Number", fields[1] == "700", "is invalid"),
        (3, "Data Category", category in FORMATS, "is invalid"),
        (4, "Format Name", fields[3] in names, "is invalid"),
        (5, "Format Version", re.fullmatch(r"\d{1,3}", fields[4], re.ASCII) is not None, "is invalid"),
        (6, "Created On", _is_moment(fields[5]), "is invalid"),
        (7, "Imported", fields[6] == "", "is invalid"),
        (11, "Consultant", _is_number(fields[10], 1001, 9_999_999), "is invalid"),
        (12, "Client", _is_number(fields[11], 1, 99_999), "is invalid"),
        (13, "FY Begin", _is_date(fields[12]), "is invalid"),
        (14, "Length of Ledger Account", _is_number(fields[13], 4, 8), "is invalid"),
        (15, "Date From", _is_period_end(category, fields[14]), "is invalid"),
        (16, "Date To", _is_period_end(category, fields[15]), "is invalid"),
        *(
            (column, "Reserved", fields[column - 1] in _EMPTY, "must be empty")
            for column in (23, 24, 25, 26, 29, 30)
        ),
    ]
    return [(name, f"{reason} ({column})") for column, name, is_right, reason in checks if not is_right]


def _contradiction(
    fields: Sequence[str], consultant_number: int, client_number: int
) -> dict[str, Any] | None:
    name, versions = FORMATS[fields[2]]
    if fields[3] != f'"{name}"' or fields[4] not in versions:
        return failure(1008834, "Invalid combination of data category, format name and format version")
    if fields[14] > fields[15]:
        return failure(1008834, "DateFrom must not be greater than DateTo")
    for given, expected, label in (
        (fields[10], consultant_number, "consultant"),
        (fields[11], client_number, "client"),
    ):
        if int(given) != expected:
            detail = f"The {label}-number in the EXTF-header does not match with the upload request"
            return failure(1008834, detail, [(label.capitalize(), "does not match with the upload request")])
    return None


def _job_fields(fields: Sequence[str], rows: int) -> dict[str, Any]:
    label = fields[16].removeprefix('"').removesuffix('"').replace('""', '"')
    read = {
        "fiscal_year_begin": _iso(fields[12]),
        "date_from": _iso(fields[14]),
        "date_to": _iso(fields[15]),
        "label": label if len(label) <= 250 else f"{label[:250]}...",
        "data_category_id": int(fields[2]),
        "number_of_accounting_records": rows,
    }
    return {name: value for name, value in read.items() if value != ""}


def _is_period_end(category: str, text: str) -> bool:
    if category == "21":
        return _is_date(text)
    return text in _EMPTY or (category not in _MASTER_DATA and _is_date(text))


def _is_number(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 7 and least <= int(text) <= most


def _is_date(text: str) -> bool:
    if re.fullmatch(r"20\d{6}", text, re.ASCII) is None:
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def _is_moment(text: str) -> bool:
    if re.fullmatch(r"20\d{15}", text, re.ASCII) is None:
        return False
    try:
        datetime.strptime(text + "000+0000", "%Y%m%d%H%M%S%f%z")
    except ValueError:
        return False
    return True


def _iso(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 else ""
