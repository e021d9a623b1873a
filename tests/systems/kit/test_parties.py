from __future__ import annotations

import pytest

from mlconnector.systems.kit.parties import country_of, party_missing, party_not_visible, street, vat_id


@pytest.mark.parametrize("written", ["DE 136 695 976", "de136695976", "DE-136.695/976", " DE136695976\n"])
def test_vat_ids_are_freed_of_what_people_put_into_them(written: str) -> None:
    assert vat_id(written) == "DE136695976"


@pytest.mark.parametrize("written", [None, "", "  ", "-"])
def test_no_vat_id_is_none(written: str | None) -> None:
    assert vat_id(written) is None


def test_a_street_is_written_in_one_line() -> None:
    assert street(" Hauptstraße ", "7", None, "") == "Hauptstraße 7"
    assert street(None, " ") is None


def test_a_country_is_what_is_written_or_else_the_default() -> None:
    assert country_of(" Österreich ", "DE", "c/1", "Holz") == ("AT", [])
    assert country_of("", "DE", "c/1", "Holz") == ("DE", [])
    assert country_of(None, None, "c/1", "Holz") == (None, [])


def test_an_unknown_country_is_not_replaced_by_the_default() -> None:
    country, problems = country_of("Atlantis", "DE", "c/1", "Holz")
    assert country is None
    assert [problem.cause for problem in problems] == ["country_unknown:country=Atlantis"]
    assert problems[0].facts == {"country": "Atlantis", "party": "Holz", "party_id": "c/1"}


def test_a_party_that_is_missing_or_hidden_holds_the_document() -> None:
    assert party_missing("Dach").cause == "party_missing"
    assert party_not_visible("c/1", "Dach").cause == "party_not_visible:party_id=c/1"
