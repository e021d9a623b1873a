"""The file of debtors and creditors: only our own columns, without fault, in the right fiscal year."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from mlconnector.flow.agree.consent import differences
from mlconnector.formats.extf import MASTER_DATA, check, read
from mlconnector.model.vouchers import Allocation, Kind
from tests.flow.conftest import MakeRig
from tests.flow.master_data import (
    FIRST,
    LETTERS_IN_POST_CODE,
    PLAIN,
    changes,
    difference,
    files,
    let_go,
    masters,
    move,
    party,
    sending,
    sent,
    sent_rows,
    states,
    stub,
    voucher,
)


def test_only_our_own_columns_are_filled(make_rig: MakeRig) -> None:
    rig = make_rig(3)
    sending(rig, "new", 'fields = ["name", "email"]')
    rig.work()
    ours = {
        "Konto",
        "Adressattyp",
        "Kurzbezeichnung",
        "E-Mail",
        *(f"Name (Adressattyp {kind})" for kind in ("Unternehmen", "natürl. Person", "keine Angabe")),
    }
    assert sent_rows(rig)
    assert all(row.values().keys() <= ours for row in sent_rows(rig))


def test_a_change_in_a_column_that_is_not_ours_is_none(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig, "changes", 'fields = ["name"]')
    rig.work()
    move(rig, "Neue Straße")
    rig.work()
    assert states(rig) == {FIRST: "sent"}


def test_companies_persons_and_suppliers_have_their_columns(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    sending(rig, **PLAIN)
    holz = party("Holz AG", vat_id="DE 123.456.789", street="Ring 1", city="Köln", email="a@b.de")
    erika = party("Erika Beispiel", is_business=False, postal_code="10115", city="Berlin")
    unsaid = party("Laufkundschaft", is_business=None)
    supply = party("Lieferant GmbH", vat_id="DE987654321", street="Hof 3")
    stub(
        rig,
        monkeypatch,
        voucher("R-1", holz),
        voucher("R-2", erika),
        voucher("R-3", unsaid),
        voucher("E-1", supply, direction="purchase"),
    )
    rig.work()
    rows = {row["Kurzbezeichnung"]: row.values() for row in sent_rows(rig)}
    assert {name: row.pop("Konto")[0] for name, row in rows.items()} == {
        "Holz AG": "4",
        "Erika Beispiel": "4",
        "Laufkundschaft": "4",
        "Lieferant GmbH": "7",
    }
    assert rows["Holz AG"] == {
        "Name (Adressattyp Unternehmen)": "Holz AG",
        "Adressattyp": "2",
        "Kurzbezeichnung": "Holz AG",
        "EU-Land": "DE",
        "EU-UStID": "123456789",
        "Adressart": "STR",
        "Straße": "Ring 1",
        "Ort": "Köln",
        "Land": "DE",
        "Kennz. Korrespondenzadresse": "1",
        "E-Mail": "a@b.de",
    }
    assert rows["Erika Beispiel"]["Name (Adressattyp natürl. Person)"] == "Erika Beispiel"
    assert rows["Erika Beispiel"]["Adressattyp"] == "1"
    assert rows["Laufkundschaft"]["Adressattyp"] == "0"
    assert (rows["Lieferant GmbH"]["EU-UStID"], rows["Lieferant GmbH"]["Straße"]) == ("987654321", "Hof 3")


def test_customer_and_supplier_of_one_name_are_two_accounts(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    sending(rig, **PLAIN)
    both = party("Tausch KG")
    stub(rig, monkeypatch, voucher("R-1", both), voucher("E-1", both, direction="purchase"))
    rig.work()
    assert sent(rig) == [FIRST, "70000"]


@pytest.mark.parametrize("latest", ["R-1", "R-2", "R-3"])
def test_of_several_documents_the_latest_says_what_holds(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch, latest: str
) -> None:
    rig = make_rig(1)
    sending(rig, **PLAIN)
    old, new = party(street="Alte Straße 1"), party(street="Neue Straße 1")
    documents = [
        voucher(number, new, document_date=date(2026, 8, 1)) if number == latest else voucher(number, old)
        for number in ("R-1", "R-2", "R-3")
    ]
    stub(rig, monkeypatch, *documents)
    rig.work()
    assert [row["Straße"] for row in sent_rows(rig)] == ["Neue Straße 1"]


@pytest.mark.parametrize("paid", ["Z-1", "Z-2", "Z-3"])
def test_a_payment_that_knows_only_a_name_does_not_hide_the_address_of_the_invoice(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch, paid: str
) -> None:
    rig = make_rig(1)
    bank = {"[mapping.cost_centre_1]": '[mapping.payments]\ndefault = "1200"\n\n[mapping.cost_centre_1]'}
    sending(rig, **PLAIN, **bank)
    payment = voucher(
        paid,
        party(),
        kind=Kind.PAYMENT,
        lines=(),
        document_date=date(2026, 7, 20),
        allocations=(Allocation(number="R-1", amount=Decimal(119)),),
    )
    stub(rig, monkeypatch, voucher("R-1", party(street="Weg 1")), payment)
    rig.work()
    assert [row["Straße"] for row in sent_rows(rig)] == ["Weg 1"]
    assert rig.states() == {"settled": 2}


def test_what_a_source_says_no_more_stays_in_datev_and_waits_for_nobody(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    sending(rig, "changes", **PLAIN)
    source = stub(rig, monkeypatch, voucher("R-1", party(email="a@b.de", city="Köln")))
    rig.work()
    source.vouchers.append(voucher("R-2", party(city="Köln")))
    rig.work()
    assert states(rig) == {FIRST: "sent"}
    source.vouchers.append(voucher("R-3", party(city="Bonn")))
    rig.work()
    assert difference(rig).fields == (("Ort", "Köln", "Bonn"),)
    let_go(rig, FIRST)
    rig.work()
    source.vouchers.append(voucher("R-4", party(city="Bonn", email="a@b.de")))
    rig.work()
    assert states(rig) == {FIRST: "sent"}, "the e-mail address was sent once, and nobody took it away"


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
def test_the_file_is_without_fault_and_says_what_was_wanted(make_rig: MakeRig, encoding: str) -> None:
    rig = make_rig(12)
    sending(rig, **{"account_length = 4\n": f'account_length = 4\nencoding = "{encoding}"\n'})
    rig.work()
    (batch,) = masters(rig)
    content = rig.content(batch.id)
    assert {one.rule for one in check(content, file_name=batch.file_name)} <= {LETTERS_IN_POST_CODE}
    assert read(content).encoding == {"utf-8": "utf-8-bom"}.get(encoding, encoding)
    wanted = {one.number: one.wanted for one in differences(rig.context)}
    assert {row["Konto"]: row.values() for row in read(content).rows} == wanted
    header = read(content).header
    assert (header.consultant, header.client, header.account_length) == (29098, 55003, 4)
    assert (header.date_from, header.date_to, header.label) == (None, None, "")


def test_names_that_the_encoding_does_not_have_are_transliterated_and_listed(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    old = {**PLAIN, "account_length = 4\n": 'account_length = 4\nencoding = "windows-1252"\n'}
    sending(rig, "changes", **old)
    lodz = party("Łódź Drewno", email="łucja@drewno.pl", postal_code="90-001")
    source = stub(rig, monkeypatch, voucher("R-1", lodz))
    rig.work()
    (row,) = sent_rows(rig)
    assert row["Name (Adressattyp Unternehmen)"] == "Lódz Drewno"
    assert row["E-Mail"] == "", "another address would be somebody else's"
    assert {(one["field"], one["reason"]) for one in changes(rig)} == {
        ("Name (Adressattyp Unternehmen)", "transliterated"),
        ("E-Mail", "dropped"),
    }
    source.vouchers.append(voucher("R-2", lodz))
    rig.work()
    assert states(rig) == {FIRST: "sent"}


def test_another_encoding_between_booking_and_file_stops_nothing(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    sending(rig, **PLAIN)
    stub(rig, monkeypatch, voucher("R-1", party("Щит " * 12, email="щ" * 58)))
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    sending(rig, **PLAIN, **{"account_length = 4\n": 'account_length = 4\nencoding = "windows-1252"\n'})
    rig.freeze()
    rig.transfer()
    assert [row["E-Mail"] for row in sent_rows(rig)] == [""]
    assert rig.states() == {"settled": 1}


def test_what_was_shortened_or_left_out_is_listed_with_the_batch(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    sending(rig, **PLAIN)
    stub(rig, monkeypatch, voucher("R-1", party("N" * 60, vat_id="CHE-123.456.789", email="m" * 70)))
    rig.work()
    assert [(one["entry"], one["field"], one["after"], one["reason"]) for one in changes(rig)] == [
        (FIRST, "Name (Adressattyp Unternehmen)", "N" * 50, "shortened"),
        (FIRST, "Kurzbezeichnung", "N" * 15, "shortened"),
        (FIRST, "EU-UStID", "", "dropped"),
        (FIRST, "E-Mail", "", "dropped"),
    ]


def test_longer_person_accounts_follow_longer_accounts(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    longer = {
        'client = "29098-55003"': 'client = "29098-55006"',
        'name = "demo-pipedrive"': 'name = "longer"',
        "account_length = 4": "account_length = 5",
        "first = 40000\nlast = 69999": "first = 400000\nlast = 699999",
        'account = "8401"': 'account = "84010"',
    }
    rig.name = "longer"
    sending(rig, **PLAIN, **longer)
    rig.log_in()
    rig.release()
    stub(rig, monkeypatch, voucher("R-1", party()), voucher("E-1", party("Lieferant"), direction="purchase"))
    rig.work()
    (file,) = files(rig, MASTER_DATA)
    assert [row["Konto"] for row in file.rows] == ["400000", "700000"]
    assert file.header.account_length == 5
    assert list(check(rig.content(masters(rig)[0].id))) == []


def test_the_fiscal_year_is_that_of_the_bookings_that_follow(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    sending(rig, **PLAIN, **{"account_length = 4\n": "account_length = 4\nfiscal_year_start = 4\n"})
    stub(rig, monkeypatch, voucher("R-1", party(), document_date=date(2026, 3, 31)))
    rig.prepare()
    (batch,) = masters(rig)
    assert read(rig.content(batch.id)).header.fiscal_year_start == date(2025, 4, 1)


def test_without_bookings_the_fiscal_year_is_the_latest_that_datev_has(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    sending(rig, "changes")
    rig.work()
    move(rig, "Neue Straße")
    rig.work()
    let_go(rig, FIRST)
    january = datetime(2031, 1, 2, tzinfo=UTC)
    rig.outside.clock.advance((january - rig.services.now()).total_seconds())
    rig.log_in()
    known = rig.services.client_facts(rig.name).fiscal_years
    assert known is not None
    rig.prepare()
    header = read(rig.content(masters(rig)[-1].id)).header
    assert header.fiscal_year_start == max(year.first for year in known) < date(2031, 1, 1)
