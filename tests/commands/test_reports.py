"""Reports as people and programs get them: on the terminal, as CSV, XLSX and JSON, in both languages."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.commands.desk import NAME, Desk, desk

ON = "2026-12-31"
FIRST, HELD, LAST = "RE-2026-00001", "RE-2026-00002", "RE-2026-00003"


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk after its run: two invoices are with DATEV, and one waits."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("COLUMNS", "220")
        with desk(tmp_path_factory.mktemp("desk"), 3, monkeypatch) as made:
            made.says(0, "init")
            made.fill_in()
            made.connect()
            made.log_in()
            made.pipedrive.change_deal(2, value=1111)
            made.give("run", NAME)
            yield made


def days_overdue(mine: Desk) -> int:
    persons = mine.data(0, "report", "opos", NAME, "--on", ON)["ledgers"][0]["persons"]
    (days,) = [item["days_overdue"] for one in persons for item in one["items"] if item["number"] == FIRST]
    return int(days)


def test_open_items_say_of_what_they_are_made_and_from_what_day(mine: Desk) -> None:
    said = mine.give("report", "opos", NAME, "--on", ON).output
    assert "Open items on 2026-12-31: from what was transferred" in said
    (line,) = [line for line in said.splitlines() if FIRST in line]
    assert line.split()[-6:] == ["EUR", "195.42", "0.00", "195.42", "195.42", str(days_overdue(mine))]
    assert HELD not in said
    assert "By days overdue, in EUR" in said


def test_in_german_too(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    assert (
        "Offene Posten zum 31.12.2026: aus dem, was übertragen wurde"
        in mine.give("report", "opos", NAME, "--on", ON).output
    )
    said = mine.give("report", "completeness", NAME, "--period", "2026").output
    assert (
        "Vollständigkeit von 01.01.2026 bis 31.12.2026: was in der Quelle steht, und was übertragen" in said
    )
    assert "Belegbilder abgelegt: 2 von 2" in said
    said = mine.give("report", "balances", NAME).output
    assert "Summen und Salden: aus dem, was übertragen wurde" in said


def test_a_german_csv_has_semicolons_and_decimal_commas(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    mine.says(0, "report", "opos", NAME, "--on", ON, "--csv", "opos.csv")
    with Path("opos.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["Belegfeld 1"]: row for row in csv.DictReader(file, delimiter=";")}
    assert set(rows) == {FIRST, LAST}
    one = rows[FIRST]
    assert (one["Art"], one["Betrag"], one["Skonto"], one["Offen EUR"], one["über 90 Tage"]) == (
        "Debitor",
        "195,42",
        "0,00",
        "195,42",
        "195,42",
    )


@pytest.mark.parametrize(
    ("report", "sheets"),
    [
        ("opos", ["Open items", "Person accounts", "Sums"]),
        ("balances", ["Sums and balances", "In foreign money"]),
        (
            "completeness",
            [
                "Source and DATEV",
                "What became of it",
                "Number series",
                "Waiting",
                "In DATEV with another amount",
            ],
        ),
    ],
)
def test_an_xlsx_file_has_a_sheet_for_each_table(mine: Desk, report: str, sheets: list[str]) -> None:
    assert mine.says(0, "report", report, NAME, "--xlsx", f"{report}.xlsx") == f"wrote {report}.xlsx"
    assert load_workbook(f"{report}.xlsx").sheetnames == sheets


def test_a_csv_file_has_all_parts_of_the_completeness_report_one_under_the_other(mine: Desk) -> None:
    mine.says(0, "report", "completeness", NAME, "--csv", "complete.csv")
    with Path("complete.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Part"] for row in rows] == [
        "Source and DATEV",
        "What became of it",
        "What became of it",
        "Number series",
        "Waiting",
    ]
    assert (rows[0]["Read"], rows[0]["Accepted"], rows[0]["Difference"]) == ("3", "2", "1")
    assert (rows[-1]["Document number"], rows[-1]["Cause"]) == (HELD, "total_differs")


def test_programs_get_exact_amounts(mine: Desk) -> None:
    items = mine.data(0, "report", "opos", NAME, "--on", ON)
    debtors, creditors = items["ledgers"]
    assert (debtors["ledger"], creditors["persons"]) == ("receivable", [])
    (first, _) = [item for one in debtors["persons"] for item in one["items"]]
    assert (first["number"], first["open"], first["euro"]["open"]) == (FIRST, "195.42", "195.42")
    assert items["total"]["open"] == debtors["total"]["open"]
    sums = mine.data(0, "report", "balances", NAME, "--period", "2026-07")
    assert sums["total"]["debit"] == sums["total"]["credit"]
    assert {one["by_datev"] for one in sums["accounts"]} == {"no", "yes"}
    told = mine.data(0, "report", "completeness", NAME, "--period", "2026")
    assert [(one["number"], one["outcome"]) for one in told["held"]] == [(HELD, "held")]
    assert told["documents"] == {"filed": 2, "of": 2, "states": {"filed": 2}}
    (series,) = told["number_series"]["series"]
    assert (series["first"], series["last"], series["gaps"]) == (FIRST, LAST, [])


@pytest.mark.parametrize("report", ["opos", "completeness", "balances"])
def test_a_connection_that_nobody_has_is_a_problem(mine: Desk, report: str) -> None:
    told = mine.data(1, "report", report, "nobody")
    assert (told["problem"], told["exit"]) == ("connection_unknown", 1)


@pytest.mark.parametrize("report", ["completeness", "balances"])
def test_a_period_that_is_none_is_refused_with_the_form_that_is_expected(mine: Desk, report: str) -> None:
    assert "“July” is no period" in mine.says(2, "report", report, NAME, "--period", "July")


def test_a_long_table_is_folded_in_a_narrow_terminal_and_not_cut(
    mine: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    said = mine.give("report", "opos", NAME, "--on", ON).output
    assert all(len(line) <= 60 for line in said.splitlines())
    assert f"Days overdue {days_overdue(mine)}" in " ".join(said.split())


def test_standard_output_takes_one_thing_alone(mine: Desk) -> None:
    answer = mine.give("report", "balances", NAME, "--csv", "-")
    assert answer.stdout.splitlines()[0].startswith("Kind,Account,Name,Soll,Haben,Balance")
    assert mine.give("report", "balances", NAME, "--csv", "-", "--json").exit_code == 2


def test_nothing_transferred_is_nothing_open(mine: Desk) -> None:
    said = mine.says(0, "report", "opos", NAME, "--on", "2020-01-01")
    assert "Nothing is open." in said
    assert "booked after this day: 2 bookings" in said
