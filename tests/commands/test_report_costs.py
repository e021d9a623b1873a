"""The report of costs as people and programs get it: on the terminal, as CSV, XLSX and JSON."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from mlconnector.commands.output import application
from mlconnector.model.entries import encode
from mlconnector.model.vouchers import Line
from mlconnector.store.tables import entries
from tests.commands.desk import NAME, Desk, desk
from tests.flow.report.bookings import Ledger, paying
from tests.mapping.builders import line, purchase

BY = paying(
    cost_centre_1={"attribute": "project", "table": {"P1": "P1", "P2": "P2"}},
    cost_centre_2={"attribute": "code", "table": {"01": "01", "02": "02", "03": "03"}},
)


def coded(amount: str, project: str, code: str) -> Line:
    return line(amount, attributes={"project": project, "code": code})


# DATEV has 30.76 where the document has 30.75, see tests/flow/report/test_costs.py.
BOUGHT = (
    purchase(coded("10.01", "P1", "01"), coded("10.01", "P1", "02"), coded("30.75", "P1", "03")),
    purchase(coded("100", "P2", "01"), line("7"), external_id="2", number="RE-2"),
)


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk after its run, as if what it sent were two suppliers' invoices."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("COLUMNS", "220")
        with desk(tmp_path_factory.mktemp("desk"), 2, monkeypatch) as made:
            made.says(0, "init")
            made.fill_in()
            made.connect()
            made.log_in()
            made.give("run", NAME)
            _bought()
            yield made


def _bought() -> None:
    ledger = Ledger(BY)
    with application() as app, app.database.write() as db:
        keys = db.execute(select(entries.c.id).order_by(entries.c.id)).scalars().all()
        for key, voucher in zip(keys, BOUGHT, strict=True):
            content = encode(ledger.book(voucher).entry).decode()
            db.execute(update(entries).where(entries.c.id == key).values(content=content))


def rows_of(said: str) -> list[list[str]]:
    """The rows of the table, by their words."""
    return [
        line.split() for line in said.splitlines() if line.split()[:1] in (["P1"], ["P2"], ["none"], ["All"])
    ]


def test_costs_stand_by_cost_centre_with_their_sums_and_with_what_datev_makes_of_them(mine: Desk) -> None:
    said = mine.give("report", "costs", NAME).output
    assert "Costs by cost centre: from what was transferred" in said
    assert rows_of(said) == [
        ["P1", "01", "10.01", "1", "10.01", "0.00"],
        ["P1", "02", "10.01", "1", "10.01", "0.00"],
        ["P1", "03", "30.75", "1", "30.76", "0.01"],
        ["P1", "Sum", "50.77", "1", "50.78", "0.01"],
        ["P2", "01", "100.00", "1", "100.00", "0.00"],
        ["P2", "Sum", "100.00", "1", "100.00", "0.00"],
        ["none", "none", "7.00", "1", "7.00", "0.00"],
        ["none", "Sum", "7.00", "1", "7.00", "0.00"],
        ["All", "Sum", "157.77", "2", "157.78", "0.01"],
    ]
    assert "DATEV works the net out of the gross row by row" in " ".join(said.split())


def test_where_datev_agrees_its_figures_are_left_out(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlconnector.flow.report.costs.Costs.differs", False)
    said = mine.give("report", "costs", NAME).output
    assert rows_of(said)[0] == ["P1", "01", "10.01", "1"]
    assert "By DATEV" not in said
    assert "row by row" not in said


def test_in_german_too(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    said = mine.give("report", "costs", NAME, "--period", "2026").output
    assert "Kosten nach Kostenstellen von 01.01.2026 bis 31.12.2026: aus dem, was übertragen wurde" in said
    assert "Kosten: das Netto der Eingangsbelege in EUR" in said


def test_files_have_both_figures_and_a_sheet_with_the_sums(
    mine: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    mine.says(0, "report", "costs", NAME, "--csv", "costs.csv", "--xlsx", "costs.xlsx")
    with Path("costs.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert list(rows[2].items()) == [
        ("KOST1", "P1"),
        ("KOST2", "03"),
        ("Kosten EUR", "30,75"),
        ("Belege", "1"),
        ("Laut DATEV EUR", "30,76"),
        ("Unterschied EUR", "0,01"),
    ]
    assert [row["KOST1"] for row in rows] == ["P1", "P1", "P1", "P2", "ohne"]
    book = load_workbook("costs.xlsx")
    assert book.sheetnames == ["Kosten", "Summen je KOST1"]
    sums = [[cell.value for cell in row] for row in book["Summen je KOST1"].iter_rows(min_row=2)]
    assert [(row[0], float(str(row[1])), row[2]) for row in sums] == [
        ("P1", 50.77, 1),
        ("P2", 100.0, 1),
        ("ohne", 7.0, 1),
        ("Summe", 157.77, 2),
    ]


def test_programs_get_exact_amounts_and_null_for_no_cost_centre(mine: Desk) -> None:
    told = mine.data(0, "report", "costs", NAME, "--client")
    assert told["total"] == {"net": "157.77", "by_datev": "157.78", "documents": 2, "difference": "0.01"}
    first, _, last = told["cost_centres_1"]
    assert [one["cost_centre_2"] for one in first["cost_centres_2"]] == ["01", "02", "03"]
    assert first["total"]["net"] == "50.77"
    assert (last["cost_centre_1"], last["cost_centres_2"][0]["cost_centre_2"]) == (None, None)


def test_nothing_bought_in_a_period_is_said(mine: Desk) -> None:
    assert "There is nothing of that kind" in mine.says(0, "report", "costs", NAME, "--period", "2020")


def test_a_connection_that_nobody_has_and_a_period_that_is_none_are_refused(mine: Desk) -> None:
    assert mine.data(1, "report", "costs", "nobody")["problem"] == "connection_unknown"
    assert "“July” is no period" in mine.says(2, "report", "costs", NAME, "--period", "July")
