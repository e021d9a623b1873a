from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest

from mlconnector import mapping
from mlconnector.mapping.regions import located, rates_at, region
from mlconnector.model.vouchers import Place
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


def at(country: str, postal_code: str | None = None, city: str | None = None) -> Place:
    return Place(country=country, postal_code=postal_code, city=city)


@pytest.mark.parametrize(
    ("place", "territory", "side", "country"),
    [
        (at("AT", "6691"), "Jungholz", "eu", "AT"),
        (at("AT", "A-6992"), "Mittelberg", "eu", "AT"),
        (at("DE", "87491"), "Jungholz", "eu", "AT"),
        (at("DE", "87568", "Hirschegg"), "Mittelberg", "eu", "AT"),
        (at("PT", "9000-018"), "Madeira", "eu", "PT"),
        (at("PT", "9500"), "Azoren", "eu", "PT"),
        (at("FR", "20000"), "Korsika", "eu", "FR"),
        (at("FR", "97400"), "Französische Überseegebiete", "third", "FR"),
        (at("FR", "98800"), "Französische Überseegebiete", "third", "FR"),
        (at("GR", "81100"), "Inseln der Ägäis", "eu", "GR"),
        (at("GR", "63086"), "Berg Athos", "third", "GR"),
        (at("ES", "51001"), "Ceuta", "third", "ES"),
        (at("ES", "52001"), "Melilla", "third", "ES"),
        (at("IT", "23041"), "Livigno", "third", "IT"),
        (at("IT", "47890"), "San Marino", "third", "IT"),
        (at("IT", "00120"), "Vatikanstadt", "third", "IT"),
        (at("FI", "22100"), "Åland", "third", "FI"),
        (at("DK", "3900"), "Grönland", "third", "DK"),
        (at("DK", "100"), "Färöer", "third", "DK"),
        (at("GB", "BT1 5GS"), "Nordirland", "northern_ireland", "XI"),
        (at("GB", "IM1 1AA"), "Kanalinseln und Isle of Man", "third", "GB"),
        (at("CY", "99010"), "Nordzypern", "third", "CY"),
        (at("MC", "98000"), "", "eu", "FR"),
        (at("AT", "1010", "Wien"), "", "eu", "AT"),
        (at("DE", "87561", "Oberstdorf"), "", "domestic", "DE"),
        (at("FR", "20"), "", "eu", "FR"),
        (at("DK", "1050"), "", "eu", "DK"),
    ],
)
def test_a_territory_of_its_own_law_is_told_by_the_postal_code(
    place: Place, territory: str, side: str, country: str
) -> None:
    found = located(place)
    assert found is not None
    assert (found.territory, found.region, found.country) == (territory, side, country)


@pytest.mark.parametrize(
    ("place", "territory"),
    [
        (at("IT", None, "Livigno"), "Livigno"),
        (at("IT", "23030", "LIVIGNO"), "Livigno"),
        (at("IT", "23030", "Valdisotto"), ""),
        (at("IT", "22060", "Campione d'Italia"), "Campione d'Italia"),
        (at("DE", None, "Helgoland"), "Helgoland"),
        (at("DE", None, "Büsingen am Hochrhein"), "Büsingen am Hochrhein"),
        (at("PT", None, "Funchal"), "Madeira"),
        (at("DE", "20095", "Helgoland"), ""),
        (at("ES", "28001", "Ceuta"), ""),
    ],
)
def test_its_name_tells_where_the_postal_code_is_missing_or_shared(place: Place, territory: str) -> None:
    found = located(place)
    assert found is not None
    assert found.territory == territory


@pytest.mark.parametrize(
    ("place", "day", "rates"),
    [
        (at("AT", "6691"), date(2026, 6, 30), "19 13 10"),
        (at("AT", "6991"), date(2026, 7, 1), "19 13 10 4.9"),
        (at("PT", "9000"), date(2024, 9, 30), "22 12 5"),
        (at("PT", "9000"), date(2024, 10, 1), "22 12 4"),
        (at("PT", "9500"), date(2026, 7, 1), "16 9 4"),
        (at("GR", "85300"), date(2026, 7, 1), "24 17 13 9 6 4"),
        (at("AT", "1010"), date(2026, 6, 30), "20 13 10"),
        (at("MC"), date(2026, 7, 1), "20 10 5.5 2.1"),
    ],
)
def test_a_territory_may_have_rates_of_its_own(place: Place, day: date, rates: str) -> None:
    found = located(place)
    assert found is not None
    assert rates_at(found, day) == tuple(Decimal(rate) for rate in rates.split())


def test_every_territory_names_its_source_and_is_one_of_a_known_country() -> None:
    for row in csv.DictReader(files(mapping).joinpath("territories.csv").read_text("utf-8").splitlines()):
        assert row["source"]
        assert located(at(row["country"])) is not None
        assert located(at(row["taxed_as"] or row["country"])) is not None


def test_rates_are_those_of_known_territories() -> None:
    read = {
        name: {
            row[column]
            for row in csv.DictReader(files(mapping).joinpath(name).read_text("utf-8").splitlines())
        }
        for name, column in (("territories.csv", "name"), ("territory_rates.csv", "territory"))
    }
    assert read["territory_rates.csv"] <= read["territories.csv"]
