import pytest

from mlconnector.mapping.regions import region
from tests.mapping.builders import BRITISH_NORTH, party

MEMBER_STATES = [
    "AT", "BE", "BG", "CY", "CZ", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
]  # fmt: skip


@pytest.mark.parametrize("country", MEMBER_STATES)
def test_the_other_member_states_are_the_eu(country: str) -> None:
    assert region(party(country)) == "eu"


def test_germany_is_domestic() -> None:
    assert region(party("DE", postal_code="80331")) == "domestic"


@pytest.mark.parametrize("country", ["CH", "GB", "US", "NO", "TR", "LI", "SM", "AX", "GP"])
def test_all_other_countries_are_third(country: str) -> None:
    assert region(party(country)) == "third"


@pytest.mark.parametrize(
    ("country", "postal_code"),
    [
        ("DE", "27498"),
        ("DE", "D-78266"),
        ("ES", "35 001"),
        ("ES", "38001"),
        ("ES", "51001"),
        ("FI", "22100"),
        ("FR", "97110"),
        ("IT", "23041"),
        ("IT", "I-22061"),
        ("GR", "63086"),
    ],
)
def test_special_territories_of_member_states_are_third(country: str, postal_code: str) -> None:
    assert region(party(country, postal_code=postal_code)) == "third"


@pytest.mark.parametrize(("country", "region_of"), [("MC", "eu"), ("IM", "third")])
def test_monaco_counts_as_france_and_the_isle_of_man_as_britain(country: str, region_of: str) -> None:
    assert region(party(country)) == region_of


def test_northern_ireland_is_known_by_code_vat_id_or_postal_code() -> None:
    assert region(party("XI")) == "northern_ireland"
    assert region(party("GB", BRITISH_NORTH)) == "northern_ireland"
    assert region(party("GB", postal_code="bt1 5gs")) == "northern_ireland"


@pytest.mark.parametrize("country", [None, "", "EL", "UK", "de", "Deutschland", "ZZ"])
def test_what_is_no_country_code_has_no_region(country: str | None) -> None:
    assert region(party(country)) is None
