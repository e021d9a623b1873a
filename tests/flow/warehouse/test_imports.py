"""Files of other software: whose they are says their header, which they are says their content."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconnector.flow.warehouse import imports
from mlconnector.formats.extf import Header, write
from mlconnector.formats.extf.dictionary import LABELS
from mlconnector.store import chart_accounts
from mlconnector.store.chart_accounts import ChartAccount
from tests.flow.conftest import MakeRig
from tests.flow.rig import MUSTERHOLZ, Rig
from tests.flow.warehouse.rig import folder, lines, load, with_tables
from tests.systems.databricks.tables import queried, rows_of

NEIGHBOUR = "29098-55099"


def extf_of(client: str = MUSTERHOLZ, text: str = "Büromöbel", encoding: Any = "windows-1252") -> bytes:
    """A file as another program writes it: S and H mixed, a leading zero, umlauts in cp1252."""
    consultant, number = (int(part) for part in client.split("-"))
    header = Header(
        created_at=datetime(2026, 8, 1, tzinfo=UTC),
        consultant=consultant,
        client=number,
        fiscal_year_start=date(2026, 1, 1),
        account_length=4,
        date_from=date(2026, 7, 1),
        date_to=date(2026, 7, 31),
        label="Andere",
        currency="EUR",
        chart="03",
    )
    common: dict[str, str | int | Decimal | date] = {
        "Konto": "70001",
        "Gegenkonto (ohne BU-Schlüssel)": "4980",
        "KOST1 - Kostenstelle": "0100",
        "Belegfeld 1": "0001",
        "Belegdatum": date(2026, 7, 3),
        "Buchungstext": text,
        "WKZ Umsatz": "EUR",
    }
    rows = [
        {"Umsatz (ohne Soll/Haben-Kz)": Decimal(amount), "Soll/Haben-Kennzeichen": side, **common}
        for amount, side in (("59.50", "H"), ("19.50", "S"))
    ]
    return write(header, rows, encoding=encoding).content


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    return make_rig(1)


def test_a_file_of_other_software_is_read_with_its_signs_zeros_and_umlauts(rig: Rig) -> None:
    target = with_tables(rig)
    taken = imports.take(target, "EXTF_Andere.csv", extf_of())
    assert (taken.outcome, taken.client) == ("taken", MUSTERHOLZ)
    assert load(rig).failed == 0
    found = lines(rig)
    assert [row["amount"] for row in found] == [Decimal("-59.50"), Decimal("19.50")]
    assert {(row["cost_center"], row["document_number"]) for row in found} == {("0100", "0001")}
    assert {row["booking_text"] for row in found} == {"Büromöbel"}
    assert {(row["account_kind"], row["contra_kind"]) for row in found} == {("creditor", "expense")}
    (batch,) = rows_of(folder(rig), "batches")
    assert (batch["origin"], batch["status"]) == ("imported", "imported")
    assert (batch["total_debit"], batch["total_credit"]) == (Decimal("19.50"), Decimal("59.50"))


def test_the_same_file_again_changes_nothing_whatever_it_is_called(rig: Rig) -> None:
    target = with_tables(rig)
    for name in ("one.csv", "two.csv"):
        imports.take(target, name, extf_of())
        load(rig)
    assert imports.take(target, "three.csv", extf_of()).outcome == "known"
    assert len(lines(rig)) == 2


def test_two_files_of_one_name_are_two(rig: Rig, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    target = with_tables(rig, imports=inbox)
    for text in ("Stühle", "Tische"):
        (inbox / "EXTF_Andere.csv").write_bytes(extf_of(text=text))
        assert [one.outcome for one in imports.take_folder(target)] == ["taken"]
        load(rig)
    assert {row["booking_text"] for row in lines(rig)} == {"Stühle", "Tische"}
    assert len(list((inbox / "taken").iterdir())) == 2


def test_a_file_of_an_unknown_client_is_moved_aside_said_and_never_loaded(rig: Rig, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "theirs.csv").write_bytes(extf_of(NEIGHBOUR))
    (inbox / "letter.csv").write_text("Dear colleague,\n")
    target = with_tables(rig, imports=inbox)
    held = imports.take_folder(target)
    assert [one.problem.key for one in held if one.problem] == [
        "warehouse_file_unreadable",
        "warehouse_client_unknown",
    ]
    load(rig)
    assert lines(rig) == []
    assert sorted(file.name.partition("_")[2] for file in (inbox / "held").iterdir()) == [
        "letter.csv",
        "theirs.csv",
    ]
    assert [file for file in inbox.iterdir() if file.is_file()] == []


def test_a_file_that_cannot_be_read_or_moved_stays_and_keeps_no_other_from_being_taken(
    rig: Rig, tmp_path: Path
) -> None:
    box = tmp_path / "box"
    box.mkdir()
    target = with_tables(rig, imports=box)
    with (box / "a.csv").open("wb") as endless:
        endless.truncate(1 << 29)
    (box / "b.csv").write_bytes(extf_of(NEIGHBOUR))
    (box / "c.csv").write_bytes(extf_of())
    (box / imports.HELD).write_bytes(extf_of())
    found = imports.take_folder(target)
    assert [(one.file_name, one.outcome) for one in found] == [
        *(("a.csv", "held"), ("b.csv", "held"), ("c.csv", "taken"), (imports.HELD, "known"))
    ]
    assert [one.problem.facts["reason"] for one in found if one.problem] == ["File too large", "File exists"]
    assert sorted(file.name for file in box.iterdir() if file.suffix == ".csv") == ["a.csv", "b.csv"]


def test_a_client_that_the_settings_name_may_be_imported(rig: Rig) -> None:
    target = with_tables(rig, entities={NEIGHBOUR: "Nachbar"})
    assert imports.take(target, "theirs.csv", extf_of(NEIGHBOUR)).outcome == "taken"
    load(rig)
    assert {(row["client_id"], row["entity_id"]) for row in lines(rig)} == {(NEIGHBOUR, "Nachbar")}


def test_a_client_that_is_called_otherwise_later_is_so_in_files_of_before(rig: Rig) -> None:
    imports.take(with_tables(rig), "theirs.csv", extf_of())
    load(rig)
    for entity in ("Holz", "Holz AG"):
        target = with_tables(rig, entities={MUSTERHOLZ: entity})
        assert load(rig).failed == 0
        assert {row["entity_id"] for row in lines(rig)} == {entity}
        assert imports.take(target, "again.csv", extf_of()).outcome == "known"
        assert load(rig).verified == 0
    assert len(lines(rig)) == 2


def test_a_file_of_ours_is_not_counted_twice(rig: Rig) -> None:
    target = with_tables(rig)
    rig.work()
    (batch, *_) = rig.batches("succeeded")
    taken = imports.take(target, "copy.csv", rig.content(batch.id))
    assert taken.problem is not None
    assert (taken.problem.key, taken.problem.facts["batch"]) == ("warehouse_file_is_ours", batch.id)


def labels_of(*labels: tuple[str, str]) -> bytes:
    """A list of account labels (category 20), as accounting software exports it."""
    header = Header(
        created_at=datetime(2026, 8, 1, tzinfo=UTC),
        consultant=29098,
        client=55003,
        fiscal_year_start=date(2026, 1, 1),
        account_length=4,
        category=LABELS,
    )
    return write(header, [{"Konto": number, "Kontobeschriftung": name} for number, name in labels]).content


def test_labels_of_accounts_name_them(rig: Rig) -> None:
    target = with_tables(rig)
    assert imports.take(target, "EXTF_labels.csv", labels_of(("0651", "Messestände"))).outcome == "taken"
    assert load(rig).failed == 0
    (label,) = rows_of(folder(rig), "account_labels")
    assert (label["client_id"], label["account"], label["name"]) == (MUSTERHOLZ, "0651", "Messestände")


def test_a_label_outlives_what_we_propose_for_the_account(rig: Rig) -> None:
    """One writer for each table: no load of one kind takes back what another kind has said."""
    target = with_tables(rig)
    imports.take(target, "EXTF_labels.csv", labels_of(("1000", "Barkasse Messe")))
    load(rig)
    own = ChartAccount("8777", "Erlöse Messe", "automatic", "domestic_19")
    with rig.app.database.write() as db:
        chart_accounts.put(db, MUSTERHOLZ, [own], "Test", rig.services.now())
    assert load(rig).verified > 0
    query = "SELECT account, name FROM v_accounts WHERE account IN ('1000', '8777') ORDER BY account"
    assert queried(folder(rig), query) == [("1000", "Barkasse Messe"), ("8777", "Erlöse Messe")]


LEDGER = """<?xml version="1.0" encoding="UTF-8"?>
<LedgerImport xmlns="http://xml.datev.de/bedi/tps/ledger/v060" version="6.0"><consolidate>
<accountsPayableLedger><date>2026-07-03</date><amount>59.50</amount><accountNo>4980</accountNo>
<costCategoryId>0100</costCategoryId><invoiceId>ER-1</invoiceId><currencyCode>EUR</currencyCode>
<bpAccountNo>70001</bpAccountNo></accountsPayableLedger></consolidate></LedgerImport>"""
MANAGEMENT = """<?xml version="1.0" encoding="UTF-8"?>
<archive xmlns="http://xml.datev.de/bedi/tps/document/v06.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<header><date>2026-08-01T00:00:00</date><consultantNumber>29098</consultantNumber>
<clientNumber>55003</clientNumber></header><content><document guid="6F1C4A3E-0000-4000-8000-000000000001">
<extension xsi:type="accountsPayableLedger" datafile="ER-1.xml"/></document></content></archive>"""


def test_a_package_of_other_software_is_read_by_its_management_file(rig: Rig) -> None:
    target, packed = with_tables(rig), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("document.xml", MANAGEMENT)
        archive.writestr("ER-1.xml", LEDGER)
    assert imports.take(target, "export.zip", packed.getvalue()).client == MUSTERHOLZ
    load(rig)
    (row,) = lines(rig)
    assert (row["amount"], row["account"], row["cost_center"]) == (Decimal("-59.50"), "70001", "0100")
    assert row["document_id"] == "6f1c4a3e-0000-4000-8000-000000000001"
