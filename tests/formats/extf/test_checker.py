"""The checker finds seeded faults by rule, line and column, and keeps still where nothing is wrong."""

from __future__ import annotations

import codecs
import io
import tracemalloc
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.formats.extf import Finding, check, checker, rules
from tests.formats.extf.examples import bookings_file, parties_file, unhurried

BOOKINGS = bookings_file().decode("utf-8-sig").split("\r\n")
PARTIES = parties_file().decode("utf-8-sig").split("\r\n")
INVOICE, PAYMENT, FOREIGN, EU, PURCHASE = 3, 6, 7, 8, 9


class Seed(NamedTuple):
    """One fault: the rule that must find it, where, and the raw cell that makes it."""

    rule: str
    line: int
    column: int
    cell: str

    def in_file(self, lines: list[str]) -> bytes:
        """The file with the fault in it."""
        changed = lines.copy()
        cells = changed[self.line - 1].split(";")
        cells[self.column - 1] = self.cell
        changed[self.line - 1] = ";".join(cells)
        return encoded(changed)


def encoded(lines: list[str]) -> bytes:
    return codecs.BOM_UTF8 + "\r\n".join(lines).encode()


def places(content: bytes, **options: str) -> list[tuple[str, int, int]]:
    return [(finding.rule, finding.line, finding.column) for finding in check(content, **options)]


HEADER_SEEDS = [
    Seed("EXTF-H-01", 1, 1, '"DTVF"'),
    Seed("EXTF-H-02", 1, 2, "510"),
    Seed("EXTF-H-06", 1, 6, "20260731123456"),
    Seed("EXTF-H-06", 1, 6, "20261331123456789"),
    Seed("EXTF-H-08", 1, 8, '"ABC"'),
    Seed("EXTF-H-09", 1, 9, '"' + "x" * 26 + '"'),
    Seed("EXTF-H-10", 1, 10, '"a.b"'),
    Seed("EXTF-H-11", 1, 11, ""),
    Seed("EXTF-H-11", 1, 11, "1000"),
    Seed("EXTF-H-12", 1, 12, "100000"),
    Seed("EXTF-H-13", 1, 13, "20260230"),
    Seed("EXTF-H-14", 1, 14, "9"),
    Seed("EXTF-H-15", 1, 15, ""),
    Seed("EXTF-H-16", 1, 16, "31072026"),
    Seed("EXTF-H-17", 1, 17, '"Umsätze; Juli"'),
    Seed("EXTF-H-18", 1, 18, '"w"'),
    Seed("EXTF-H-19", 1, 19, "3"),
    Seed("EXTF-H-20", 1, 20, "10"),
    Seed("EXTF-H-21", 1, 21, ""),
    Seed("EXTF-H-22", 1, 22, '""'),
    Seed("EXTF-H-23", 1, 7, "20260731123456789"),
    Seed("EXTF-H-23", 1, 24, '"KP"'),
    Seed("EXTF-H-27", 1, 27, '"3"'),
    Seed("EXTF-H-28", 1, 28, "12345"),
    Seed("EXTF-H-31", 1, 31, '"' + "x" * 17 + '"'),
    Seed("EXTF-H-33", 1, 5, "11"),
    Seed("EXTF-H-34", 1, 15, "20260801"),
    Seed("EXTF-H-37", 1, 1, "EXTF"),
    Seed("EXTF-H-37", 1, 11, '"29098"'),
]
VALUE_SEEDS = [
    Seed("EXTF-V-01", INVOICE, 1, ""),
    Seed("EXTF-V-01", INVOICE, 7, ""),
    Seed("EXTF-V-01", INVOICE, 10, ""),
    Seed("EXTF-V-02", INVOICE, 11, '"' + "x" * 37 + '"'),
    Seed("EXTF-V-03", INVOICE, 14, '"' + "x" * 61 + '"'),
    Seed("EXTF-V-04", INVOICE, 92, "12"),
    Seed("EXTF-V-05", INVOICE, 14, '"a\tb"'),
    Seed("EXTF-V-05", INVOICE, 14, '"a\r\nb"'),
    Seed("EXTF-V-06", INVOICE, 117, "30022026"),
    Seed("EXTF-V-06", INVOICE, 10, "3002"),
    Seed("EXTF-V-07", INVOICE, 1, '"119,00"'),
    Seed("EXTF-V-07", INVOICE, 19, '""'),
    Seed("EXTF-V-08", INVOICE, 14, "Montage"),
    Seed("EXTF-V-08", INVOICE, 9, ""),
    Seed("EXTF-V-12", INVOICE, 14, '"🚀"'),
    Seed("EXTF-B-001", INVOICE, 1, "119,0"),
    Seed("EXTF-B-002", INVOICE, 2, '"D"'),
    Seed("EXTF-B-003", INVOICE, 3, '"euro"'),
    Seed("EXTF-B-003", INVOICE, 3, '"€"'),
    Seed("EXTF-B-004", FOREIGN, 4, "0,00"),
    Seed("EXTF-B-005", FOREIGN, 5, "1074,3"),
    Seed("EXTF-B-007", INVOICE, 7, "0000"),
    Seed("EXTF-B-008", INVOICE, 8, "8400a"),
    Seed("EXTF-B-009", INVOICE, 9, '"U19"'),
    Seed("EXTF-B-010", INVOICE, 10, "14.07."),
    Seed("EXTF-B-011", INVOICE, 11, '"RE 1"'),
    Seed("EXTF-B-011", INVOICE, 11, '"RÜ1"'),
    Seed("EXTF-B-012", PAYMENT, 12, '"13.8."'),
    Seed("EXTF-B-013", PAYMENT, 13, "2,5"),
    Seed("EXTF-B-020", INVOICE, 20, '"rechnung.pdf"'),
    Seed("EXTF-B-020", INVOICE, 20, '"E0A08953-FBAA-4054-AF36-993D5D68F040"'),
    Seed("EXTF-B-020", INVOICE, 20, '"BEDI E0A08953-FBAA-4054-AF36-993D5D68F040"'),
    Seed("EXTF-B-037", INVOICE, 37, '"A/1"'),
    Seed("EXTF-B-038", INVOICE, 38, '"A.1"'),
    Seed("EXTF-B-040", EU, 40, '"AT U12345678"'),
    Seed("EXTF-B-114", INVOICE, 114, "2"),
    Seed("EXTF-B-118", INVOICE, 118, '"J"'),
    Seed("EXTF-B-201", INVOICE, 1, "0,00"),
    Seed("EXTF-B-202", INVOICE, 1, "119"),
    Seed("EXTF-B-203", INVOICE, 1, "-119,00"),
    Seed("EXTF-B-204", INVOICE, 1, "1.119,00"),
    Seed("EXTF-B-204", INVOICE, 1, "119.00"),
    Seed("EXTF-B-205", INVOICE, 3, '"CHF"'),
    Seed("EXTF-B-205", FOREIGN, 5, ""),
    Seed("EXTF-B-206", FOREIGN, 5, "975,97"),
    Seed("EXTF-B-207", INVOICE, 7, "123456"),
    Seed("EXTF-B-208", PAYMENT, 8, "1200"),
    Seed("EXTF-B-209", INVOICE, 7, "01234"),
    Seed("EXTF-B-210", INVOICE, 10, "507"),
    Seed("EXTF-B-211", INVOICE, 10, "2902"),
    Seed("EXTF-B-212", INVOICE, 10, "1408"),
    Seed("EXTF-B-213", INVOICE, 11, '"RE_1"'),
    Seed("EXTF-B-214", INVOICE, 22, '"Bauvorhaben"'),
    Seed("EXTF-B-214", INVOICE, 48, '"Notiz"'),
    Seed("EXTF-B-215", INVOICE, 17, "1"),
    Seed("EXTF-B-216", INVOICE, 95, '"Projekt 4711"'),
    Seed("EXTF-B-217", INVOICE, 45, "1"),
    Seed("EXTF-B-218", INVOICE, 115, "10072026"),
    Seed("EXTF-B-220", INVOICE, 114, ""),
    Seed("EXTF-B-221", INVOICE, 114, "1"),
    Seed("EXTF-B-222", INVOICE, 7, "1400"),
    Seed("EXTF-B-223", INVOICE, 12, '"130826"'),
    Seed("EXTF-B-224", FOREIGN, 6, '"USD"'),
    Seed("EXTF-B-225", EU, 40, '"US12345678"'),
    Seed("EXTF-B-096", INVOICE, 96, '"XX"'),
]
PARTY_SEEDS = [
    Seed("EXTF-H-33", 1, 4, '"Debitoren"'),
    Seed("EXTF-V-01", 3, 1, ""),
    Seed("EXTF-V-02", 3, 33, '"' + "m" * 61 + '"'),
    Seed("EXTF-V-03", 3, 2, '"' + "N" * 51 + '"'),
    Seed("EXTF-V-04", 3, 20, '"de"'),
    Seed("EXTF-V-09", 3, 46, '"x"'),
    Seed("EXTF-D-001", 3, 1, "01000"),
    Seed("EXTF-D-007", 3, 7, '"3"'),
    Seed("EXTF-D-101", 3, 1, "100001"),
    Seed("EXTF-D-102", 3, 4, '"Straßer"'),
    Seed("EXTF-D-103", 5, 6, '""'),
    Seed("EXTF-D-104", 3, 10, '"DE133546770"'),
    Seed("EXTF-D-105", 3, 18, '"D-90482"'),
    Seed("EXTF-D-106", 3, 9, '""'),
]
# The fault is seen at another column than the one that was changed, ...
SEEN_AT = {
    ("EXTF-B-214", 22): 21,
    ("EXTF-B-214", 48): 49,
    ("EXTF-B-215", 17): 105,
    ("EXTF-B-216", 95): 96,
    ("EXTF-B-218", 115): 116,
    ("EXTF-B-222", 7): 117,
    ("EXTF-D-103", 6): 2,
    ("EXTF-H-33", 4): 5,
}
# ... or makes another finding true as well.
CAUSES_MORE = {
    ("EXTF-H-33", 5),
    ("EXTF-V-01", 7),
    ("EXTF-B-003", 3),
    ("EXTF-B-007", 7),
    ("EXTF-B-207", 7),
}


def named(seed: Seed) -> str:
    return f"{seed.rule} {seed.cell[:30]}"


@pytest.mark.parametrize("seed", HEADER_SEEDS + VALUE_SEEDS, ids=named)
def test_a_fault_in_a_buchungsstapel_is_found_where_it_is(seed: Seed) -> None:
    found = places(seed.in_file(BOOKINGS))
    expected = (seed.rule, seed.line, SEEN_AT.get((seed.rule, seed.column), seed.column))
    assert expected in found
    assert found == [expected] or (seed.rule, seed.column) in CAUSES_MORE


@pytest.mark.parametrize("seed", PARTY_SEEDS, ids=named)
def test_a_fault_in_debitoren_kreditoren_is_found_where_it_is(seed: Seed) -> None:
    found = places(seed.in_file(PARTIES))
    expected = (seed.rule, seed.line, SEEN_AT.get((seed.rule, seed.column), seed.column))
    assert expected in found
    assert found == [expected] or (seed.rule, seed.column) in CAUSES_MORE


def edited(change: Callable[[list[str]], list[str]]) -> bytes:
    return encoded(change(BOOKINGS.copy()))


def with_line(number: int, text: str) -> bytes:
    return edited(lambda lines: [*lines[: number - 1], text, *lines[number:]])


HEADER_CELLS = BOOKINGS[0].split(";")


def with_header(**cells: str) -> bytes:
    changed = HEADER_CELLS.copy()
    for field, cell in cells.items():
        changed[int(field.removeprefix("f")) - 1] = cell
    return with_line(1, ";".join(changed))


FILE_SEEDS: dict[str, tuple[bytes, list[tuple[str, int, int]]]] = {
    "empty file": (b"", [("EXTF-F-03", 1, 0)]),
    "header missing": (
        edited(lambda lines: lines[1:]),
        [("EXTF-F-04", 1, 0)],
    ),
    "no line of headings at all": (BOOKINGS[0].encode() + b"\r\n", [("EXTF-F-05", 2, 0)]),
    "data where headings belong": (edited(lambda lines: [lines[0], *lines[2:]]), [("EXTF-F-05", 2, 0)]),
    "heading misspelt": (
        with_line(2, BOOKINGS[1].replace("Belegdatum", "Datum")),
        [("EXTF-F-06", 2, 10)],
    ),
    "no data": (edited(lambda lines: [*lines[:2], ""]), [("EXTF-F-08", 2, 0)]),
    "utf-8 without mark": (edited(lambda lines: lines).removeprefix(codecs.BOM_UTF8), [("EXTF-F-11", 2, 0)]),
    "bytes that are no utf-8": (
        edited(lambda lines: lines).replace(b"Fachbuch", b"\xff"),
        [("EXTF-F-12", 4, 0)],
    ),
    "bytes that are no windows-1252": (
        "\r\n".join(BOOKINGS).encode("cp1252").replace(b"Fachbuch", b"\x81"),
        [("EXTF-F-12", 4, 0)],
    ),
    "encoded twice": (
        with_line(3, BOOKINGS[2].replace("Küche", "KÃ¼che")),
        [("EXTF-F-13", 3, 0)],
    ),
    "lf only": (edited(lambda lines: lines).replace(b"\r\n", b"\n"), [("EXTF-F-14", 1, 0)]),
    "no last line end": (edited(lambda lines: lines[:-1]), [("EXTF-F-15", 9, 0)]),
    "blank line": (edited(lambda lines: [*lines[:4], "", *lines[4:]]), [("EXTF-F-16", 5, 0)]),
    "quote not closed": (
        with_line(4, BOOKINGS[3].replace('"Fachbuch"', '"Fachbuch')),
        [("EXTF-F-17", 4, 0)],
    ),
    "quote inside text not doubled": (
        with_line(4, BOOKINGS[3].replace("Fachbuch", 'Rohr 5" und 6"')),
        [("EXTF-F-17", 4, 0)],
    ),
    "endless line": (with_line(4, "x" * 1_500_000), [("EXTF-F-18", 4, 0)]),
    "header field too many": (
        with_line(1, BOOKINGS[0] + ";"),
        [("EXTF-H-00", 1, 0)],
    ),
    "header too long": (with_header(f17='"' + "x" * 1000 + '"'), [("EXTF-H-32", 1, 0), ("EXTF-H-17", 1, 17)]),
    "unknown category": (with_header(f3="22"), [("EXTF-H-03", 1, 3)]),
    "format name too long": (
        with_header(f4='"Buchungsstapel der Firma Muster"'),
        [("EXTF-H-04", 1, 4), ("EXTF-H-33", 1, 5)],
    ),
    "format version no number": (with_header(f5="x"), [("EXTF-H-05", 1, 5), ("EXTF-H-33", 1, 5)]),
    "period outside of the fiscal year": (
        with_header(f13="20260715"),
        [("EXTF-H-35", 1, 15), ("EXTF-B-212", 3, 10)],
    ),
    "period over two calendar years": (
        with_header(f13="20251001", f15="20251201", f16="20260731"),
        [("EXTF-H-36", 1, 16)],
    ),
    "a field too many in a row": (with_line(3, BOOKINGS[2] + ";"), [("EXTF-V-10", 3, 0)]),
    "a semicolon in text without quotes": (
        with_line(3, BOOKINGS[2].replace('"Montage Küche"', "Montage; Küche")),
        [("EXTF-V-10", 3, 0)],
    ),
}


@pytest.mark.parametrize("name", FILE_SEEDS)
def test_a_fault_of_the_file_is_found_at_its_line(name: str) -> None:
    content, expected = FILE_SEEDS[name]
    found = places(content)
    assert found[: len(expected)] == expected
    assert found == expected or name == "period outside of the fiscal year"


def test_a_derivative_mark_is_doubtful_in_categories_that_datevs_programs_write_themselves() -> None:
    header = HEADER_CELLS.copy()
    header[2:5] = ["20", '"Kontenbeschriftungen"', "3"]
    header[23] = '"KP"'
    content = encoded(
        [";".join(header), "Konto;Kontobeschriftung;SprachId;Kontenbeschriftung lang", '1;"";"";""', ""]
    )
    assert places(content) == [("EXTF-H-38", 1, 24)]


def test_the_limits_are_those_of_datev() -> None:
    assert (checker.MAX_ROWS, checker.MAX_BYTES) == (99_999, 50_000_000)


def test_more_rows_than_datev_takes_are_found_at_the_first_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "MAX_ROWS", 5)
    assert places(bookings_file()) == [("EXTF-F-09", 8, 0)]


def test_more_bytes_than_datev_takes_are_found_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded([*BOOKINGS[:4], BOOKINGS[5], ""])
    assert BOOKINGS[5].isascii()
    monkeypatch.setattr(checker, "MAX_BYTES", len(content))
    assert list(check(content)) == []
    monkeypatch.setattr(checker, "MAX_BYTES", len(content) - 1)
    (finding,) = check(content)
    assert (finding.rule, finding.line, finding.value) == ("EXTF-F-10", 5, str(len(content)))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("EXTF_Rechnungen_2026-07.csv", None),
        ("Rechnungen.csv", "EXTF-F-01"),
        ("EXTF_Rechnungen.CSV", "EXTF-F-01"),
        ("EXTF_" + "x" * 52 + ".csv", "EXTF-F-01"),
        ("EXTF_Rechnungen Juli.csv", "EXTF-F-02"),
    ],
)
def test_the_file_name_is_checked_where_it_is_given(name: str, rule: str | None) -> None:
    assert [finding.rule for finding in check(bookings_file(), file_name=name)] == ([rule] if rule else [])


def test_a_bank_flagged_as_main_twice_is_found() -> None:
    cells = PARTIES[2].split(";")
    cells[48] = cells[59] = '"1"'
    assert places(encoded([*PARTIES[:2], ";".join(cells), ""])) == [("EXTF-D-107", 3, 60)]


def test_files_without_faults_have_no_findings() -> None:
    assert list(check(bookings_file())) == []
    assert list(check(parties_file())) == []
    assert list(check("\r\n".join(BOOKINGS).encode("cp1252"))) == []


def test_a_finding_says_what_stands_there_what_is_expected_and_what_to_do() -> None:
    (finding,) = check(Seed("EXTF-B-210", INVOICE, 10, "507").in_file(BOOKINGS))
    assert (finding.name, finding.value, finding.expected) == ("Belegdatum", "507", "TTMM")
    assert finding.severity == "rejected"
    assert finding.text("de").title == "Führende Null des Belegdatums fehlt"
    assert finding.text("en").cure.startswith("Write four digits")


def test_quoting_of_a_column_is_reported_once_not_in_every_row() -> None:
    unquoted = [line.replace('""', "") if number > 1 else line for number, line in enumerate(BOOKINGS)]
    found = [finding for finding in check(encoded(unquoted)) if finding.rule == "EXTF-V-08"]
    assert len({finding.column for finding in found}) == len(found)
    assert ("EXTF-V-08", 3, 9) in [(finding.rule, finding.line, finding.column) for finding in found]


def test_a_file_of_an_older_version_is_checked_by_the_columns_it_has() -> None:
    lines = [";".join(line.split(";")[:120]) if line else line for line in BOOKINGS]
    header = HEADER_CELLS.copy()
    header[4] = "9"
    content = encoded([";".join(header), *lines[1:]]).replace(b";1407;", b";507;", 1)
    assert places(content) == [("EXTF-H-33", 1, 5), ("EXTF-B-210", 3, 10)]


def test_a_file_with_fewer_columns_is_checked_as_far_as_it_goes() -> None:
    lines = [
        ";".join(line.split(";")[:14]) if line and number else line for number, line in enumerate(BOOKINGS)
    ]
    found = places(encoded(lines))
    assert found[0] == ("EXTF-F-07", 2, 0)
    assert {rule for rule, _, _ in found[1:]} == {"EXTF-B-220"}


def test_a_fault_in_one_line_does_not_hide_those_of_the_next() -> None:
    lines = BOOKINGS.copy()
    lines[2] = lines[2].replace('"Montage', "Montage")
    lines[3] = lines[3].replace("53,50", "0,00")
    assert places(encoded(lines)) == [("EXTF-F-17", 3, 0), ("EXTF-B-201", 4, 1)]


def test_a_stream_is_checked_like_the_whole_content() -> None:
    content = Seed("EXTF-B-201", INVOICE, 1, "0,00").in_file(BOOKINGS)
    assert list(check(io.BytesIO(content))) == list(check(content))


def test_big_files_are_checked_in_constant_memory() -> None:
    rows = [BOOKINGS[2].replace("RE-2026-0001", f"RE-{number}") for number in range(6_000)]
    stream = io.BytesIO(encoded([*BOOKINGS[:2], *rows, ""]))
    tracemalloc.start()
    try:
        findings = list(check(stream))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert findings == []
    assert peak < 2_000_000


def test_every_rule_explains_itself_in_both_languages() -> None:
    for rule in rules().values():
        assert rule.severity in ("rejected", "changed", "doubtful")
        for text in (rule.de, rule.en):
            assert all(sentence.strip() for sentence in (text.title, text.reason, text.cure))
            assert text.reason.endswith(".")
            assert text.cure.endswith(".")
            assert not text.title.endswith(".")


def test_every_rule_has_a_seeded_fault() -> None:
    seeded = {seed.rule for seed in HEADER_SEEDS + VALUE_SEEDS + PARTY_SEEDS}
    seeded |= {rule for _, places_found in FILE_SEEDS.values() for rule, _, _ in places_found}
    seeded |= {"EXTF-F-01", "EXTF-F-02", "EXTF-F-07", "EXTF-F-09", "EXTF-F-10", "EXTF-H-38", "EXTF-D-107"}
    assert set(rules()) == seeded
    assert len(HEADER_SEEDS + VALUE_SEEDS + PARTY_SEEDS) + len(FILE_SEEDS) >= 40


LINES_FROM_ANYWHERE = st.lists(
    st.sampled_from([*BOOKINGS[:5], PARTIES[0], PARTIES[1], ";" * 124, '"', '";"', ""])
    | st.text(max_size=30),
    max_size=6,
)


@unhurried
@given(
    LINES_FROM_ANYWHERE,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_no_file_however_odd_stops_the_checker(lines: list[str], codec: str, line_end: str) -> None:
    assert all_have_places(check(line_end.join(lines).encode(codec, "replace")))


@unhurried
@given(st.binary(max_size=300))
def test_no_bytes_stop_the_checker(content: bytes) -> None:
    assert all_have_places(check(content))
    assert all_have_places(check(encoded(BOOKINGS[:2]) + b"\r\n" + content))


@unhurried
@given(st.integers(0, 124), st.text(max_size=40))
def test_no_value_in_any_column_stops_the_checker(column: int, cell: str) -> None:
    cells = BOOKINGS[2].split(";")
    cells[column] = cell
    content = encoded([*BOOKINGS[:2], ";".join(cells), BOOKINGS[3], ""]) if cell.isprintable() else b"x"
    assert all_have_places(check(content))


def all_have_places(findings: Iterable[Finding]) -> bool:
    return all(finding.line >= 1 and finding.rule in rules() for finding in findings)
