"""The demo with Procore as a user runs it, looked at with other eyes than the product's own."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from mloda.community.feature_groups.experimental.german_ledger.datev import read_batch

from mlconnector.standins.base import Options
from mlconnector.standins.procore import create

pytestmark = pytest.mark.xdist_group("procore-demo")

RECORDS = 200
COUNTING = frozenset({"approved", "approved_as_noted"})
# Cases of the generated companies that wait for somebody, each for a reason that its name says.
WAITING = {
    "approved_as_noted",
    "no_certificate_vendor",
    "no_attachment",
    "foreign_chf",
    "two_files",
    "large_file",
    "reused_number",
    "no_number",
    "bill_without_number",
    "tax_feature_off",
    "expense_employee",
}
# What is left out: wages, doubles, and bills over nothing.
LEFT_OUT = {"payroll", "mirrored_direct_cost", "zero"}


def command(*arguments: str, installation: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command as people give it; in the installation that a demo has left."""
    of = (
        {}
        if installation is None
        else {
            "MLCONNECTOR_DATA_DIR": str(installation),
            "MLCONNECTOR_DATABASE_URL": f"sqlite:///{installation / 'ml-connector.sqlite'}",
            "MLCONNECTOR_MASTER_KEY_FILE": str(installation / "master.key"),
        }
    )
    return subprocess.run(
        [sys.executable, "-m", "mlconnector", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, **of},
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("procore-demo")
    finished = command(
        "demo", "--source", "procore", "--records", str(RECORDS), "--out", str(folder), "--json"
    )
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


def bookable() -> dict[str, tuple[str, set[str]]]:
    """What nothing keeps from being booked: the project and the cost codes of each bill, by its number."""
    company = create(Options(records=RECORDS))
    cases = company.cases()
    found: dict[str, tuple[str, set[str]]] = {}
    for record in (*company.requisitions.values(), *company.direct_costs.values()):
        if cases[record["id"]] in WAITING | LEFT_OUT or record["status"] not in COUNTING:
            continue
        lines: list[Any] = record.get("items") or record["line_items"]
        project = company.projects[record.get("project_id") or record["project"]["id"]]["project_number"]
        codes = {str(line["wbs_code"]["flat_code"]).partition(".")[0] for line in lines}
        found[str(record["invoice_number"])] = (project.replace("-", " "), codes)
    return found


def test_everything_bookable_is_settled_on_its_cost_centres(out: Path, rows: list[dict[str, str]]) -> None:
    counts = json.loads((out / "summary.json").read_text())["sources"]["procore"]
    assert counts["settled"] + counts["needs_human"] + counts["ignored"] == counts["vouchers"]
    wanted = bookable()
    assert len(wanted) > RECORDS // 2
    for number, (project, codes) in wanted.items():
        own = [row for row in rows if row["Belegfeld 1"] == number]
        costs = [row for row in own if row["KOST1 - Kostenstelle"]]
        if len(number) > 36 or "/" in number:
            continue
        assert own, f"{number} is not booked"
        assert {row["KOST1 - Kostenstelle"] for row in costs} <= {project}
        assert {row["KOST2 - Kostenstelle"] for row in costs} <= codes


def test_the_report_of_costs_is_what_procore_says_to_the_cent(out: Path) -> None:
    told = answer(out, "report", "costs", "demo-procore")
    ours = {
        (one["cost_centre_1"], two["cost_centre_2"]): Decimal(two["net"])
        for one in told["cost_centres_1"]
        for two in one["cost_centres_2"]
    }
    settled = answer(out, "vouchers", "demo-procore", "--state", "settled", "--limit", "1000")["vouchers"]
    sent = {int(one["external_id"].rpartition("/")[2]) for one in settled}
    theirs = create(Options(records=RECORDS)).costs(lambda record: record["id"] in sent)
    assert ours == {(one.replace("-", " "), two): net for (one, two), net in theirs.items() if net}
    assert sum(ours.values()) == Decimal(told["total"]["net"]) > 0


def answer(out: Path, *arguments: str) -> dict[str, Any]:
    """What a command says as JSON of the installation that the demo has left."""
    finished = command(*arguments, "--json", installation=out)
    assert finished.returncode == 0, finished.stderr
    return dict(json.loads(finished.stdout))


def test_every_batch_was_taken_and_every_bill_has_its_document(out: Path, rows: list[dict[str, str]]) -> None:
    batches = json.loads((out / "summary.json").read_text())["batches"]
    assert {batch["result"] for batch in batches} == {"succeeded"}
    real = [row for row in rows if not row["Konto"].startswith("98")]
    assert all(row["Beleglink"].startswith('BEDI "') for row in real)


def test_commitments_are_in_files_of_their_own(out: Path) -> None:
    for file in stacks(out):
        accounts = {row["Konto"] for row in rows_of(file)} | {
            row["Gegenkonto (ohne BU-Schlüssel)"] for row in rows_of(file)
        }
        statistical = {account for account in accounts if len(account) == 4 and account.startswith("9")}
        assert statistical in (set(), accounts), file.name
        assert ("Obligo" in file.name) == bool(statistical)


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
