"""What holds for checking any file: order, places, what is said once, what stays bounded."""

from __future__ import annotations

import codecs
import io
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconnector.formats.extf import (
    SEVERITY_NAMES,
    ChartAccount,
    ClientSettings,
    Finding,
    check,
    checker,
    facts_of,
    rules,
)
from mlconnector.formats.extf import check_documents as documents
from mlconnector.formats.extf.rules import sources
from tests.formats.extf.fault_tables import VALID

unhurried = settings(deadline=None, max_examples=60)
BOOKINGS = (VALID / "EXTF_Buchungsstapel.csv").read_bytes().decode("utf-8-sig").split("\r\n")
PARTIES = (VALID / "EXTF_Debitoren.csv").read_bytes().decode("utf-8-sig").split("\r\n")
INVOICE = 3


def encoded(lines: list[str]) -> bytes:
    return codecs.BOM_UTF8 + "\r\n".join(lines).encode()


def with_cell(line: int, column: int, cell: str, lines: list[str] = BOOKINGS) -> list[str]:
    changed = lines.copy()
    cells = changed[line - 1].split(";")
    cells[column - 1] = cell
    changed[line - 1] = ";".join(cells)
    return changed


def places(content: bytes, **options: Any) -> list[tuple[str, int, int]]:
    return [(finding.rule, finding.line, finding.column) for finding in check(content, **options)]


def test_a_valid_file_has_no_findings_in_any_encoding_of_datev() -> None:
    assert list(check(encoded(BOOKINGS))) == []
    assert list(check("\r\n".join(BOOKINGS).encode("cp1252"))) == []
    for mark, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        assert list(check(mark + "\r\n".join(BOOKINGS).encode(codec))) == []


@pytest.mark.parametrize(
    ("mark", "codec"), [(codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")]
)
def test_a_file_in_utf_32_is_named_as_such_and_its_rows_are_checked(mark: bytes, codec: str) -> None:
    def written(lines: list[str]) -> bytes:
        return mark + "\r\n".join(lines).encode(codec)

    assert places(written(BOOKINGS)) == [("EXTF-F-19", 1, 0)]
    assert places(written(with_cell(9, 10, "807"))) == [("EXTF-F-19", 1, 0), ("EXTF-B-210", 9, 10)]


# a day, and whether 16 and 5 per cent held on it
BORDERS = [("3006", False), ("0107", True), ("3112", True)]


@pytest.mark.parametrize("key", ["4", "5"])
@pytest.mark.parametrize(("day", "held"), BORDERS)
def test_keys_of_lowered_rates_are_right_from_july_to_december_of_2020(
    key: str, day: str, held: bool
) -> None:
    lines = [*BOOKINGS[:2], BOOKINGS[24], ""]
    for column, cell in ((13, "20200101"), (15, "20200101"), (16, "20201231")):
        lines = with_cell(1, column, cell, lines)
    for column, cell in ((9, f'"{key}"'), (10, day)):
        lines = with_cell(3, column, cell, lines)
    found = places(encoded(lines))
    assert found == ([] if held else [("EXTF-B-250", 3, 9)])


@pytest.mark.parametrize(
    ("day", "held"), [*((f"{day}2020", held) for day, held in BORDERS), ("01012021", False)]
)
def test_the_day_of_supply_decides_about_a_lowered_rate_where_it_is_stated(day: str, held: bool) -> None:
    lines = [*BOOKINGS[:2], BOOKINGS[24], ""]
    for column, cell in ((13, "20210101"), (15, "20210101"), (16, "20210131")):
        lines = with_cell(1, column, cell, lines)
    for column, cell in ((9, '"5"'), (10, "1501"), (115, day), (116, day)):
        lines = with_cell(3, column, cell, lines)
    found = places(encoded(lines))
    assert found == ([] if held else [("EXTF-B-250", 3, 9)])


def test_the_limits_are_those_of_datev() -> None:
    assert (checker.MAX_ROWS, checker.MAX_BYTES) == (99_999, 50_000_000)


def test_a_file_of_just_the_allowed_size_is_not_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(BOOKINGS)
    monkeypatch.setattr(checker, "MAX_BYTES", len(content))
    assert list(check(content)) == []
    monkeypatch.setattr(checker, "MAX_BYTES", len(content) - 1)
    (finding,) = check(content)
    assert (finding.rule, finding.line, finding.value) == ("EXTF-F-10", len(BOOKINGS) - 1, str(len(content)))


def test_a_finding_says_what_stands_there_what_is_expected_and_what_to_do() -> None:
    (finding,) = check(encoded(with_cell(9, 10, "807")))
    assert (finding.name, finding.value, finding.expected) == ("Belegdatum", "807", "TTMM")
    assert (finding.severity, finding.routes) == ("rejected_import", ("import",))
    assert finding.text("de").title == "Führende Null des Belegdatums fehlt"
    assert finding.text("en").cure.startswith("Write four digits")


def test_a_finding_points_at_the_characters_of_its_field() -> None:
    lines = with_cell(9, 10, "807")
    (finding,) = check(encoded(lines))
    assert lines[8][finding.start - 1 : finding.end - 1] == "807"
    (header,) = check(encoded(with_cell(1, 11, "1000")))
    assert with_cell(1, 11, "1000")[0][header.start - 1 : header.end - 1] == "1000"


def test_a_finding_on_a_whole_line_points_at_no_characters() -> None:
    changed = BOOKINGS.copy()
    changed[2] += ";"
    (finding,) = check(encoded(changed))
    assert (finding.rule, finding.start, finding.end) == ("EXTF-V-10", 0, 0)


def test_findings_come_in_the_order_of_the_lines_also_those_that_are_known_later() -> None:
    changed = with_cell(14, 1, "200,00", with_cell(15, 1, "0,00", with_cell(3, 14, '"🚀"')))
    found = places(encoded(changed))
    assert found == [("EXTF-V-12", 3, 14), ("EXTF-B-406", 14, 1), ("EXTF-B-201", 15, 1)]


def test_a_split_document_at_the_end_of_the_file_is_added_up_as_well() -> None:
    cut = [*BOOKINGS[:2], *BOOKINGS[11:13], ""]
    assert places(encoded(cut)) == [("EXTF-B-406", 4, 1)]


def test_quoting_of_a_column_is_reported_once_not_in_every_row() -> None:
    unquoted = [line.replace('""', "") if number > 1 else line for number, line in enumerate(BOOKINGS)]
    found = [finding for finding in check(encoded(unquoted)) if finding.rule == "EXTF-V-08"]
    assert len({finding.column for finding in found}) == len(found)
    assert ("EXTF-V-08", 3, 9) in [(finding.rule, finding.line, finding.column) for finding in found]


def test_a_document_of_many_rows_that_collides_is_reported_once() -> None:
    second = [row.replace("10001", "10099") for row in BOOKINGS[2:4]]
    found = places(encoded([*BOOKINGS[:-1], *second, ""]))
    assert found == [("EXTF-B-405", 26, 7)]


def test_a_corrected_document_may_be_booked_again_on_another_debtor() -> None:
    again = BOOKINGS[14].replace("10005", "10099")
    assert list(check(encoded([*BOOKINGS[:-1], again, ""]))) == []


def test_two_suppliers_may_use_the_same_number() -> None:
    other = BOOKINGS[8].replace("70001", "70099")
    assert list(check(encoded([*BOOKINGS[:-1], other, ""]))) == []


def test_parts_paid_on_different_days_are_no_collision() -> None:
    later = BOOKINGS[5].replace("172,50", "10,00").replace(";3107;", ";3007;")
    assert list(check(encoded([*BOOKINGS[:-1], later, ""]))) == []


@pytest.mark.parametrize("version", [9, 12])
def test_a_file_of_an_older_version_is_checked_by_the_columns_it_has(version: int) -> None:
    columns = {9: 120, 12: 124}[version]
    lines = [";".join(line.split(";")[:columns]) if line else line for line in BOOKINGS]
    lines[0] = BOOKINGS[0].replace('"Buchungsstapel";13', f'"Buchungsstapel";{version}')
    found = places(encoded(with_cell(9, 10, "807", lines)))
    assert found[-1] == ("EXTF-B-210", 9, 10)
    assert [rule for rule, _, _ in found[:-1]] == (["EXTF-H-43"] if version == 9 else [])


@pytest.mark.parametrize(
    ("version", "columns", "rules"), [(11, 122, ["EXTF-H-43"]), (12, 124, ["EXTF-F-06"] * 2)]
)
def test_columns_have_the_names_that_they_had_in_their_version(
    version: int, columns: int, rules: list[str]
) -> None:
    lines = [";".join(line.split(";")[:columns]) if line else line for line in BOOKINGS]
    lines[0] = BOOKINGS[0].replace('"Buchungsstapel";13', f'"Buchungsstapel";{version}')
    lines = with_cell(2, 40, "EU-Land u. UStID", with_cell(2, 41, "EU-Steuersatz", lines))
    assert [rule for rule, _, _ in places(encoded(lines))] == rules


def test_a_file_with_fewer_columns_is_checked_as_far_as_it_goes() -> None:
    lines = [
        ";".join(line.split(";")[:14]) if line and number else line for number, line in enumerate(BOOKINGS)
    ]
    found = places(encoded([*lines[:4], ""]))
    assert found[0] == ("EXTF-F-07", 2, 0)
    assert {rule for rule, _, _ in found[1:]} == {"EXTF-B-220"}


def test_a_fault_in_one_line_does_not_hide_those_of_the_next() -> None:
    lines = with_cell(4, 1, "0,00")
    lines[2] = lines[2].replace('"Montage', "Montage")
    assert places(encoded(lines)) == [("EXTF-F-17", 3, 0), ("EXTF-B-201", 4, 1)]


def test_a_stream_is_checked_like_the_whole_content() -> None:
    content = encoded(with_cell(3, 1, "0,00"))
    assert list(check(io.BytesIO(content))) == list(check(content))


def test_without_settings_nothing_is_said_about_automatic_accounts() -> None:
    lines = with_cell(3, 9, '"3"')
    assert list(check(encoded(lines))) == []
    client = ClientSettings(accounts={"8400": ChartAccount("Erlöse 19 % USt", tax_case="domestic_19")})
    assert ("EXTF-B-301", 3, 9) in places(encoded(lines), settings=client)


def test_without_a_chart_in_the_header_kinds_of_accounts_are_not_guessed() -> None:
    lines = with_cell(1, 27, '""', with_cell(9, 9, '"3"'))
    assert places(encoded(lines)) == [("EXTF-B-244", 9, 9)]
    assert places(encoded(lines), settings=ClientSettings("03")) == [("EXTF-B-303", 9, 9)]


def test_a_longer_account_length_means_the_same_accounts_with_zeros() -> None:
    lines = [BOOKINGS[0].replace(";20260101;4;", ";20260101;6;"), *BOOKINGS[1:2]]
    row = BOOKINGS[8].replace(";70001;4980;", ";7000100;498000;")
    assert list(check(encoded([*lines, row, ""]))) == []
    assert places(encoded([*lines, row.replace('"9"', '"3"'), ""])) == [("EXTF-B-303", 3, 9)]


def test_what_the_header_says_can_be_asked_before_a_file_is_checked() -> None:
    facts = facts_of(io.BytesIO(encoded(BOOKINGS)))
    assert (facts.category, facts.chart, facts.account_length) == (21, "03", 4)
    assert facts_of(io.BytesIO(b"")).chart is None
    assert facts_of(io.BytesIO(b'"EXTF;700')).account_length is None


def many(rows: int) -> io.BytesIO:
    numbered = (BOOKINGS[2].replace("RE-2026-0001", f"RE-{number}") for number in range(rows))
    return io.BytesIO(encoded([*BOOKINGS[:2], *numbered, ""]))


def peak(rows: int) -> int:
    stream = many(rows)
    tracemalloc.start()
    try:
        assert list(check(stream)) == []
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_by_no_more_than_a_few_hundred_bytes_a_document() -> None:
    assert (peak(5_000) - peak(2_500)) / 2_500 < 500


def test_beyond_what_datev_takes_in_a_file_nothing_more_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert documents.MOST_REMEMBERED >= checker.MAX_ROWS
    monkeypatch.setattr(documents, "MOST_REMEMBERED", 100)
    assert peak(5_000) - peak(2_500) < 100_000


def test_every_rule_explains_itself_in_both_languages() -> None:
    for rule in rules().values():
        assert rule.severity in SEVERITY_NAMES["en"]
        assert rule.routes
        assert set(rule.routes) <= {"online", "import"}
        assert rule.sources
        assert set(rule.sources) <= set(sources())
        assert not (rule.wrong and not rule.right)
        for text in (rule.de, rule.en):
            assert all(sentence.strip() for sentence in (text.title, text.reason, text.cure))
            assert text.reason.endswith(".")
            assert text.cure.endswith(".")
            assert not text.title.endswith(".")


def test_every_source_is_one_of_some_rule_and_said_in_both_languages() -> None:
    assert {key for rule in rules().values() for key in rule.sources} == set(sources())
    assert all(set(said) == {"de", "en"} and all(said.values()) for said in sources().values())


# What the service looks at: OpenAPI accounting:extf-files 3.0.1, errors 1008832 to 1008834.
SERVICE_NAMES = {1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 29, 30}


def test_the_online_service_refuses_nothing_within_rows_and_no_header_field_that_its_list_does_not_name() -> (
    None
):
    refused = [rule for rule in rules().values() if rule.severity == "rejected_online"]
    assert {rule.id[5] for rule in refused} == {"F", "H"}
    single = {
        int(rule.id[-2:]) for rule in refused if rule.id.startswith(("EXTF-H-0", "EXTF-H-1", "EXTF-H-2"))
    }
    assert single - {0} <= SERVICE_NAMES
    assert all("online" in rule.routes and "openapi" in rule.sources for rule in refused)


def test_what_only_the_import_refuses_does_not_hold_for_the_service() -> None:
    assert all(rule.routes == ("import",) for rule in rules().values() if rule.severity == "rejected_import")


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


FILES = [path.read_bytes().decode("utf-8-sig").split("\r\n") for path in sorted(VALID.glob("*.csv"))]
CLIENT = ClientSettings(
    "04", 5, 7, {"8400": ChartAccount("Erlöse", "x", needs_vat_id=True)}, {"1200": "Bank"}
)


@unhurried
@given(
    st.sampled_from(FILES),
    st.integers(0, 253),
    st.text(max_size=40) | st.text("0123456789,SH", max_size=10),
    st.sampled_from([CLIENT, None]),
)
def test_no_value_in_any_column_of_any_category_stops_the_checker(
    lines: list[str], column: int, cell: str, client: ClientSettings | None
) -> None:
    cells = lines[2].split(";")
    cells[column % len(cells)] = cell
    content = encoded([*lines[:2], ";".join(cells), *lines[3:]]) if cell.isprintable() else b"x"
    assert all_have_places(check(content, settings=client))


def all_have_places(findings: Iterable[Finding]) -> bool:
    return all(finding.line >= 1 and finding.rule in rules() for finding in findings)
