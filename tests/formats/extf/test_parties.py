from __future__ import annotations

from typing import Any

from mlconnector.formats.extf import debtor_row
from mlconnector.model.vouchers import Party
from tests.formats.extf.examples import parties


def party(**known: Any) -> Party:
    return Party(**{"external_id": "p", "name": "Muster AG", **known})


def test_the_name_goes_to_the_column_of_its_addressee_type() -> None:
    rows = [debtor_row(each, account).row for each, account in parties()]
    assert [row["Adressattyp"] for row in rows] == ["2", "1", "0"]
    assert rows[0]["Name (Adressattyp Unternehmen)"] == "Möbelhaus Straßer GmbH"
    assert rows[1]["Name (Adressattyp natürl. Person)"] == "Erika Musterfrau"
    assert rows[2]["Name (Adressattyp keine Angabe)"] == "Laufkundschaft"


def test_a_persons_name_is_not_taken_apart() -> None:
    row = debtor_row(party(name="Juan Carlos García Márquez", is_business=False), "10001").row
    assert "Vorname (Adressattyp natürl. Person)" not in row


def test_the_vat_id_is_split_into_country_and_number() -> None:
    row = debtor_row(party(vat_id="GR123456789"), "10001").row
    assert (row["EU-Land"], row["EU-UStID"]) == ("EL", "123456789")


def test_a_number_from_outside_the_eu_is_left_out_and_listed() -> None:
    result = debtor_row(party(vat_id="CHE-123.456.789"), "10001")
    assert "EU-UStID" not in result.row
    assert [(change.before, change.after, change.reason) for change in result.changes] == [
        ("CHE-123.456.789", "", "dropped")
    ]


def test_a_street_makes_a_street_address() -> None:
    row = debtor_row(party(street="Weg 1", postal_code="SW1A 1AA", city="London", country="gb"), "10001").row
    assert (row["Adressart"], row["Kennz. Korrespondenzadresse"]) == ("STR", "1")
    assert (row["Postleitzahl"], row["Ort"], row["Land"]) == ("SW1A 1AA", "London", "GB")


def test_names_are_cut_but_what_loses_its_meaning_when_cut_is_left_out() -> None:
    result = debtor_row(
        party(name="N" * 60, is_business=True, email="m" * 60 + "@x.de"), "10001", customer_number="9" * 16
    )
    assert len(str(result.row["Name (Adressattyp Unternehmen)"])) == 50
    assert "E-Mail" not in result.row
    assert "Kunden-/Lief.-Nr." not in result.row
    assert [(change.field, change.reason) for change in result.changes] == [
        ("Name (Adressattyp Unternehmen)", "shortened"),
        ("E-Mail", "dropped"),
        ("Kunden-/Lief.-Nr.", "dropped"),
    ]


def test_the_short_name_is_the_beginning_of_the_name() -> None:
    assert (
        debtor_row(party(name="Einrichtungshaus Muster"), "10001").row["Kurzbezeichnung"] == "Einrichtungshau"
    )
