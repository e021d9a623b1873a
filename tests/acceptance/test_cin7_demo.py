"""The demo with Cin7 Core as a user runs it, looked at with other eyes than the product's own."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mloda.community.feature_groups.experimental.german_ledger.datev import read_batch

from mlconnector.standins.base import Options
from mlconnector.standins.cin7 import create
from mlconnector.standins.cin7.sales import BOOKED

pytestmark = pytest.mark.xdist_group("cin7-demo")

RECORDS = 200
# Cases of the generated account that wait for somebody, each for a reason that its name says.
WAITING = {"no_number", "unknown_tax_rule", "component_rule", "inclusive_far", "prepayment"}
# What is sent from Vienna with German tax waits as well.
VIENNA = "Lager Wien"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mlconnector", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cin7-demo")
    finished = command("demo", "--source", "cin7", "--records", str(RECORDS), "--out", str(folder), "--json")
    assert finished.returncode == 0, finished.stderr + finished.stdout
    return folder


@pytest.fixture(scope="module")
def rows(out: Path) -> list[dict[str, str]]:
    return [row for file in stacks(out) for row in rows_of(file)]


def stacks(out: Path) -> list[Path]:
    files = sorted(out.glob("received/*/extf/*.csv"))
    return [file for file in files if '"Buchungsstapel"' in file.read_text("utf-8-sig").splitlines()[0]]


def rows_of(file: Path) -> list[dict[str, str]]:
    _, *table = csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline=""), delimiter=";")
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def bookable() -> dict[str, Decimal]:
    """The documents that nothing keeps from being booked, with their totals, by their number."""
    account = create(Options(records=RECORDS))
    found: dict[str, Decimal] = {}
    for record in (*account.sales.values(), *account.purchases.values()):
        if account.cases().get(record["ID"]) in WAITING or record["Location"] == VIENNA:
            continue
        is_sale = "CustomerID" in record
        papers: list[Any] = [*record["Invoices" if is_sale else "Invoice"]]
        papers += record["CreditNotes" if is_sale else "CreditNote"]
        for paper in papers:
            number = paper.get("InvoiceNumber") or paper.get("CreditNoteNumber")
            if paper["Status"] in BOOKED and paper["Total"]:
                found[number] = paper["Total"]
    return found


def test_everything_bookable_is_settled(out: Path, rows: list[dict[str, str]]) -> None:
    summary = json.loads((out / "summary.json").read_text())
    counts = summary["sources"]["cin7"]
    assert counts["settled"] + counts["needs_human"] + counts["ignored"] == counts["vouchers"]
    assert {batch["result"] for batch in summary["batches"]} == {"succeeded"}
    assert set(bookable()) <= {row["Belegfeld 1"] for row in rows}


def test_our_own_check_finds_nothing(out: Path) -> None:
    finished = command("check", *map(str, out.glob("received/*/extf/*.csv")))
    assert finished.returncode == 0, finished.stdout


def test_an_independent_reader_accepts_every_file(out: Path) -> None:
    files = stacks(out)
    assert files
    for file in files:
        _, columns = read_batch(str(file))
        assert len(columns["Betrag"]) > 0
        assert sum(columns["Betrag"]) == 0
