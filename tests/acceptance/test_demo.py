"""The demo as a user runs it, looked at with other eyes than the product's own."""

import csv
import io
import json
import subprocess
import sys
import uuid
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from mloda.community.feature_groups.experimental.german_ledger.datev import read_batch

from mlconnector.standins.base import Options
from mlconnector.standins.pipedrive import PipedriveStandIn, create
from tests.systems.databricks.tables import queried

# All look at one demo; workers would each run their own.
pytestmark = pytest.mark.xdist_group("demo")

RECORDS = 120
CENT = Decimal("0.01")
# Numbers below were given before, and stand in the source; see `standins/datev/demo.toml`.
FIRST_NUMBER = 40_000


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mlconnector", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    finished = command(
        *("demo", "--source", "pipedrive", "--source", "databricks"),
        *("--records", str(RECORDS), "--out", str(folder), "--json"),
    )
    assert finished.returncode == 0, finished.stderr + finished.stdout
    assert json.loads(finished.stdout) == json.loads((folder / "summary.json").read_text())
    return folder


@pytest.fixture(scope="module")
def summary(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "summary.json").read_text()))


@pytest.fixture(scope="module")
def rows(out: Path) -> list[dict[str, str]]:
    return [row for file in files_of(out, "Buchungsstapel") for row in rows_of(file)]


def files_of(out: Path, kind: str) -> list[Path]:
    """The received files of a kind, as their headers name it."""
    files = sorted(out.glob("received/*/extf/*.csv"))
    return [file for file in files if f'"{kind}"' in file.read_text("utf-8-sig").splitlines()[0]]


def rows_of(file: Path) -> list[dict[str, str]]:
    text = file.read_bytes().decode("utf-8-sig")
    _, *table = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def test_every_deal_is_settled_or_says_why_not(summary: dict[str, Any]) -> None:
    counts = summary["sources"]["pipedrive"]
    assert counts["read"] == counts["vouchers"] == RECORDS
    assert counts["settled"] + counts["needs_human"] + counts["ignored"] == RECORDS
    assert counts["settled"] > RECORDS * 0.6
    assert sum(one["count"] for one in summary["problems"]) >= counts["needs_human"]


def test_every_deal_that_the_account_calls_bookable_is_settled(summary: dict[str, Any]) -> None:
    assert summary["sources"]["pipedrive"]["settled"] == len(bookable(create(Options(records=RECORDS))))


def test_every_job_succeeded_and_its_file_is_there_byte_for_byte(out: Path, summary: dict[str, Any]) -> None:
    files = {file.name: file for file in out.glob("received/*/extf/*.csv")}
    assert {batch["file"] for batch in summary["batches"]} == set(files)
    assert {batch["result"] for batch in summary["batches"]} == {"succeeded"}


def test_requests_and_transfers_are_in_a_healthy_ratio(summary: dict[str, Any]) -> None:
    http = summary["http"]
    assert http["gets"] / (http["puts"] + http["posts"]) < 1


def test_an_independent_reader_accepts_every_file(out: Path) -> None:
    files = files_of(out, "Buchungsstapel")
    assert files
    for file in files:
        _, columns = read_batch(str(file))
        assert len(columns["Betrag"]) > 0
        assert sum(columns["Betrag"]) == 0


def test_every_new_debtor_got_a_name_before_the_bookings_that_use_it(
    out: Path, rows: list[dict[str, str]]
) -> None:
    (file,) = files_of(out, "Debitoren/Kreditoren")
    named = {row["Konto"]: row for row in rows_of(file)}
    assert all(row["Name (Adressattyp Unternehmen)"] for row in named.values())
    given_here = {row["Konto"] for row in rows if int(row["Konto"]) >= FIRST_NUMBER}
    assert given_here == set(named)
    assert file.stat().st_mtime <= min(each.stat().st_mtime for each in files_of(out, "Buchungsstapel"))


def test_our_own_check_finds_nothing(out: Path) -> None:
    finished = command("check", *map(str, out.glob("received/*/extf/*.csv")))
    assert finished.returncode == 0, finished.stdout


def test_every_row_links_a_document_that_was_received(out: Path, rows: list[dict[str, str]]) -> None:
    received = {uuid.UUID(folder.name) for folder in out.glob("received/*/documents/*")}
    linked = {uuid.UUID(row["Beleglink"].removeprefix('BEDI "').removesuffix('"')) for row in rows}
    assert linked == received


def test_the_delta_tables_have_what_datev_received(out: Path, rows: list[dict[str, str]]) -> None:
    received = [
        (1 if row["Soll/Haben-Kennzeichen"] == "S" else -1)
        * Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
        for row in rows
    ]
    query = "SELECT count(*), sum(amount) FROM booking_lines WHERE NOT is_deleted"
    assert queried(out / "delta", query) == [(len(received), sum(received))]
    by_polars = pl.read_delta(str(out / "delta/booking_lines"))
    assert (by_polars.height, by_polars["amount"].sum()) == (len(received), sum(received))
    differs = "loaded_debit <> total_debit OR loaded_credit <> total_credit"
    off = f"SELECT count(*) FROM v_batch_reconciliation WHERE {differs}"
    assert queried(out / "delta", off) == [(0,)]


def test_sums_per_document_equal_the_deals(rows: list[dict[str, str]]) -> None:
    standin = create(Options(records=RECORDS))
    booked: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sign = 1 if row["Soll/Haben-Kennzeichen"] == "S" else -1
        booked[row["Beleglink"]] += sign * Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
    assert len(booked) == len(bookable(standin))
    deals = sorted(gross_of(standin, deal) for deal in bookable(standin))
    differences = [abs(ours - theirs) for ours, theirs in zip(sorted(booked.values()), deals, strict=True)]
    # Sharing a deal's discount over its tax rates leaves a cent to choice; everything else is exact.
    assert max(differences) <= CENT
    assert sum(difference > 0 for difference in differences) <= discounted(standin)


def bookable(standin: PipedriveStandIn) -> list[int]:
    """Deals that can be booked by the demo's rules.

    Persons of the account have no country and wait for one.
    """
    return [
        deal for deal, label in standin.labels().items() if not label.hold and label.case != "person_only"
    ]


def discounted(standin: PipedriveStandIn) -> int:
    labels = standin.labels()
    return sum(labels[deal].lines.startswith("deal_discount") for deal in bookable(standin))


def gross_of(standin: PipedriveStandIn, deal_id: int) -> Decimal:
    """A deal's gross, computed from its lines: deal discounts shared out, tax rounded once for each rate."""
    account = standin.account
    lines = [line for line in account.lines[deal_id] if line.is_enabled]
    value = Decimal(str(standin.deal(deal_id).value))
    total = sum((Decimal(str(line.sum)) for line in lines), Decimal(0))
    groups: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for line in lines:
        share = Decimal(str(line.sum)) * value / total if total else Decimal(0)
        groups[line.tax_method, Decimal(str(line.tax))] += share
    gross = Decimal(0)
    for (method, rate), amount in groups.items():
        given = amount.quantize(CENT, ROUND_HALF_UP)
        gross += given
        if method == "exclusive":
            gross += (given * rate / 100).quantize(CENT, ROUND_HALF_UP)
    return gross


def test_a_second_demo_sends_nothing_again_and_says_so(out: Path, summary: dict[str, Any]) -> None:
    finished = command("demo", "--source", "pipedrive", "--records", str(RECORDS), "--out", str(out))
    assert finished.returncode == 0, finished.stderr + finished.stdout
    assert "Nothing was sent this time" in finished.stdout
    again = json.loads((out / "summary.json").read_text())
    assert again["batches"] == summary["batches"]
    assert {**again["http"], "gets": 0} == {**summary["http"], "gets": 0}
