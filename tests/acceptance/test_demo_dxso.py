"""The demo with booking suggestions as a user runs it, looked at with other eyes than the product's own."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from lxml import etree

from mlconnector.standins.base import Options
from mlconnector.standins.pipedrive import create
from tests.acceptance.test_demo import CENT, bookable, command, gross_of
from tests.specifications import located, needs

# All look at one demo; workers would each run their own.
pytestmark = pytest.mark.xdist_group("demo_dxso")

RECORDS = 40
SCHEMAS = located("dxso/xsd/v060")
MANAGEMENT, LEDGER = "Document_v060.xsd", "Belegverwaltung_online_ledger_import_v060.xsd"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo-dxso")
    finished = command(
        "demo",
        "--source",
        "pipedrive",
        "--format",
        "dxso",
        "--records",
        str(RECORDS),
        "--out",
        str(folder),
        "--json",
    )
    assert finished.returncode == 0, finished.stderr + finished.stdout
    assert json.loads(finished.stdout) == json.loads((folder / "summary.json").read_text())
    return folder


@pytest.fixture(scope="module")
def summary(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "summary.json").read_text()))


@pytest.fixture(scope="module")
def packages(out: Path) -> dict[str, Path]:
    """The folder of each transfer by its job id."""
    found = {folder.name: folder for folder in out.glob("received/*/dxso/*")}
    assert found
    return found


def elements(file: Path, name: str) -> list[ET.Element]:
    return [one for one in ET.parse(file).iter() if one.tag.rpartition("}")[2] == name]


def test_every_deal_is_in_belege_online_or_says_why_not(summary: dict[str, Any]) -> None:
    counts = summary["sources"]["pipedrive"]
    assert counts["vouchers"] == RECORDS
    assert counts["settled"] + counts["needs_human"] + counts["ignored"] == RECORDS
    assert counts["settled"] == len(bookable(create(Options(records=RECORDS))))
    assert sum(one["count"] for one in summary["problems"]) >= counts["needs_human"]


def test_every_transfer_was_processed_and_nothing_went_another_way(
    out: Path, summary: dict[str, Any], packages: dict[str, Path]
) -> None:
    assert {batch["job_id"] for batch in summary["batches"]} == set(packages)
    assert {(batch["format"], batch["result"]) for batch in summary["batches"]} == {("dxso", "succeeded")}
    assert not list(out.glob("received/*/extf/*"))
    assert not list(out.glob("received/*/documents/*"))


def test_a_package_has_a_management_file_ledger_files_and_documents(
    summary: dict[str, Any], packages: dict[str, Path]
) -> None:
    for folder in packages.values():
        assert (folder / "document.xml").is_file()
        ledgers, pictures = ledgers_of(folder), list(folder.glob("*.pdf"))
        assert len(ledgers) == len(pictures) == len(elements(folder / "document.xml", "document"))
        assert all(file.read_bytes().startswith(b"%PDF") for file in pictures)
    assert summary["documents"] == sum(len(ledgers_of(folder)) for folder in packages.values())


def ledgers_of(folder: Path) -> list[Path]:
    return [file for file in folder.glob("*.xml") if file.name != "document.xml"]


@needs("dxso/xsd/v060")
def test_every_file_is_valid_by_datevs_schemas(packages: dict[str, Path]) -> None:
    management, ledger = (etree.XMLSchema(etree.parse(SCHEMAS / name)) for name in (MANAGEMENT, LEDGER))
    for folder in packages.values():
        management.assertValid(etree.parse(folder / "document.xml"))
        assert ledgers_of(folder)
        for file in ledgers_of(folder):
            ledger.assertValid(etree.parse(file))


def test_every_guid_is_used_once(packages: dict[str, Path]) -> None:
    found = [
        document.attrib["guid"]
        for folder in packages.values()
        for document in elements(folder / "document.xml", "document")
    ]
    assert found
    assert len(found) == len(set(found))


def test_sums_per_invoice_equal_the_deals(packages: dict[str, Path]) -> None:
    booked: dict[str, Decimal] = defaultdict(Decimal)
    for folder in packages.values():
        for file in ledgers_of(folder):
            (together,) = elements(file, "consolidate")
            rows = [Decimal(amount.text or "") for amount in elements(file, "amount")]
            assert sum(rows) == Decimal(together.attrib["consolidatedAmount"])
            booked[together.attrib["consolidatedInvoiceId"]] += sum(rows)
    standin = create(Options(records=RECORDS))
    deals = sorted(gross_of(standin, deal) for deal in bookable(standin))
    assert len(booked) == len(deals)
    differences = [abs(ours - theirs) for ours, theirs in zip(sorted(booked.values()), deals, strict=True)]
    assert max(differences) <= CENT


def test_requests_and_transfers_are_in_a_healthy_ratio(summary: dict[str, Any]) -> None:
    """DATEV's own example of a bad one is thirty queries for a transfer."""
    http = summary["http"]
    assert http["gets"] / len(summary["batches"]) < 10
    assert http["gets"] / (http["puts"] + http["posts"]) < 1


def test_a_second_demo_sends_nothing_again_and_speaks_of_suggestions(
    out: Path, summary: dict[str, Any]
) -> None:
    finished = command(
        "demo", "--source", "pipedrive", "--format", "dxso", "--records", str(RECORDS), "--out", str(out)
    )
    assert finished.returncode == 0, finished.stderr + finished.stdout
    assert "Nothing was sent this time" in finished.stdout
    assert "Belegsätze / Buchungsvorschläge (booking suggestions)" in finished.stdout
    assert not re.search(r"\bBuchungsstapel\b", finished.stdout)
    again = json.loads((out / "summary.json").read_text())
    assert again["batches"] == summary["batches"]
    assert again["http"]["puts"] == summary["http"]["puts"]
