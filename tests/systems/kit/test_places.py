from __future__ import annotations

import pytest
from pydantic import ValidationError

from mlconnector.model.vouchers import Party, Place
from mlconnector.systems.kit.places import place_of
from mlconnector.systems.kit.setting_types import CustomerKinds

HOLZ = Party(external_id="c/1", name="Holz", country="DE", postal_code="80331")


def test_an_address_is_a_place_with_a_code_for_its_country() -> None:
    place, problems = place_of("ship_to", HOLZ, country=" Österreich ", postal_code="6020", city=" Innsbruck")
    assert place == Place(country="AT", postal_code="6020", city="Innsbruck")
    assert problems == []


def test_where_nothing_is_written_there_is_no_place() -> None:
    assert place_of("ship_to", HOLZ, country=None, postal_code=" ", city="", street=None) == (None, [])


@pytest.mark.parametrize("parts", [{"postal_code": "6020"}, {"city": "Innsbruck"}, {"street": "Weg 1"}])
def test_an_address_without_a_country_is_a_place_without_one(parts: dict[str, str]) -> None:
    place, problems = place_of("ship_to", HOLZ, country="", **parts)
    assert place is not None
    assert (place.country, problems) == (None, [])


def test_a_country_that_nobody_knows_is_a_problem_even_beside_the_postal_code_of_the_party() -> None:
    place, (problem,) = place_of("ship_from", HOLZ, country="Atlantis", postal_code="80331", city="Alt")
    assert place == Place(postal_code="80331", city="Alt")
    assert problem.cause == "place_unclear:place=ship_from,country=Atlantis"
    assert problem.facts["party"] == "Holz"


KINDS = CustomerKinds(business=frozenset({"Firma"}), consumer=frozenset({"Privat"}))


@pytest.mark.parametrize(
    ("label", "expected"), [("Firma", True), (" PRIVAT ", False), ("Verein", None), ("", True), (None, True)]
)
def test_a_label_means_a_business_a_consumer_or_nothing_certain(
    label: str | None, expected: bool | None
) -> None:
    assert KINDS.is_business(label, otherwise=True) is expected


def test_no_label_can_mean_both() -> None:
    with pytest.raises(ValidationError, match="cannot mean both"):
        CustomerKinds(business=frozenset({"Firma"}), consumer=frozenset({"firma"}))
