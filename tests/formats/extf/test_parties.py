from __future__ import annotations

from typing import Any

from mlconnector.formats.extf import fitted, owned, person_row, write
from mlconnector.model.vouchers import Party
from tests.formats.extf.examples import master_data_header, parties


def party(**known: Any) -> Party:
    return Party(**{"external_id": "p", "name": "Muster AG", **known})


def test_the_name_goes_to_the_column_of_its_addressee_type() -> None:
    rows = [person_row(each, account).row for each, account in parties()]
    assert [row["Adressattyp"] for row in rows] == ["2", "1", "0"]
    assert rows[0]["Name (Adressattyp Unternehmen)"] == "Möbelhaus Straßer GmbH"
    assert rows[1]["Name (Adressattyp natürl. Person)"] == "Erika Musterfrau"
    assert rows[2]["Name (Adressattyp keine Angabe)"] == "Laufkundschaft"


def test_a_persons_name_is_not_taken_apart() -> None:
    row = person_row(party(name="Juan Carlos García Márquez", is_business=False), "10001").row
    assert "Vorname (Adressattyp natürl. Person)" not in row


def test_the_vat_id_is_split_into_country_and_number() -> None:
    row = person_row(party(vat_id="GR123456789"), "10001").row
    assert (row["EU-Land"], row["EU-UStID"]) == ("EL", "123456789")


def test_a_number_from_outside_the_eu_is_left_out_and_listed() -> None:
    result = person_row(party(vat_id="CHE-123.456.789"), "10001")
    assert "EU-UStID" not in result.row
    assert [(change.before, change.after, change.reason) for change in result.changes] == [
        ("CHE-123.456.789", "", "dropped")
    ]


def test_a_street_makes_a_street_address() -> None:
    row = person_row(party(street="Weg 1", postal_code="SW1A 1AA", city="London", country="gb"), "10001").row
    assert (row["Adressart"], row["Kennz. Korrespondenzadresse"]) == ("STR", "1")
    assert (row["Postleitzahl"], row["Ort"], row["Land"]) == ("SW1A 1AA", "London", "GB")


def test_names_are_cut_but_what_loses_its_meaning_when_cut_is_left_out() -> None:
    result = person_row(
        party(name="N" * 60, is_business=True, email="m" * 60 + "@x.de"), "10001", customer_number="9" * 16
    )
    assert len(str(result.row["Name (Adressattyp Unternehmen)"])) == 50
    assert "E-Mail" not in result.row
    assert "Kunden-/Lief.-Nr." not in result.row
    assert [(change.field, change.reason) for change in result.changes] == [
        ("Name (Adressattyp Unternehmen)", "shortened"),
        ("Kurzbezeichnung", "shortened"),
        ("E-Mail", "dropped"),
        ("Kunden-/Lief.-Nr.", "dropped"),
    ]


def test_the_short_name_is_the_beginning_of_the_name_and_says_so() -> None:
    result = person_row(party(name="Einrichtungshaus Muster"), "10001")
    assert result.row["Kurzbezeichnung"] == "Einrichtungshau"
    assert [(one.field, one.before, one.after, one.reason) for one in result.changes] == [
        ("Kurzbezeichnung", "Einrichtungshaus Muster", "Einrichtungshau", "shortened")
    ]
    assert person_row(party(), "10001").changes == ()


def test_in_windows_1252_a_name_is_transliterated_and_an_address_to_write_to_is_left_out() -> None:
    given = party(name="Žižka", email="žižka@x.cz", postal_code="110 00\u200e", city="Łódź")
    result = person_row(given, "10001", encoding="windows-1252")
    assert result.row["Name (Adressattyp keine Angabe)"] == "Žižka"
    assert result.row["Ort"] == "Lódz"
    assert result.row["E-Mail"] == "žižka@x.cz"
    assert result.row["Postleitzahl"] == "110 00", "what nobody sees belongs to no post code"
    greek = person_row(party(email="αβγ@x.gr"), "10001", encoding="windows-1252")
    assert "E-Mail" not in greek.row
    assert [(one.field, one.before, one.after, one.reason) for one in greek.changes] == [
        ("E-Mail", "αβγ@x.gr", "", "dropped")
    ]


def test_only_our_own_fields_are_filled_and_only_their_changes_are_told() -> None:
    made = person_row(party(name="N" * 20, street="S" * 40, email="a@b.de", vat_id="DE 1"), "10001")
    only_address = owned(made, frozenset({"address"}))
    assert set(only_address.row) == {"Konto", "Adressart", "Straße", "Kennz. Korrespondenzadresse"}
    assert [one.field for one in only_address.changes] == ["Straße"]
    assert set(owned(made, frozenset()).row) == {"Konto"}


def test_a_row_that_was_made_for_another_encoding_still_fits() -> None:
    made = person_row(party(name="Щ" * 50, email="щ@x.ru", postal_code="10115", vat_id="DE12"), "10001")
    result = fitted(made.row, "windows-1252")
    written = write(master_data_header(), [result.row], encoding="windows-1252")
    assert written.changes == ()
    assert (result.row["Postleitzahl"], result.row["EU-Land"]) == ("10115", "DE")
    assert "E-Mail" not in result.row
    assert fitted(result.row, "windows-1252").changes == ()
