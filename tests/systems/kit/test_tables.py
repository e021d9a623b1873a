from __future__ import annotations

import pytest
from babel import Locale

from mlconnector.systems.kit import tables
from mlconnector.systems.kit.tables import country_code, is_currency


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Deutschland", "DE"),
        ("GERMANY", "DE"),
        ("Allemagne", "DE"),
        ("Österreich", "AT"),
        ("O\u0308sterreich", "AT"),
        ("The Netherlands", "NL"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("United States", "US"),
        ("Tschechische Republik", "CZ"),
        ("Côte d’Ivoire", "CI"),
        ("ch", "CH"),
        ("Italia", "IT"),
        ("Großbritannien", "GB"),
        ("DEU", "DE"),
        ("Magyarország", "HU"),
        ("Ελλάδα", "GR"),
        ("日本", "JP"),
        ("Svizzera", "CH"),
        ("Hongkong", "HK"),
        ("Puerto Rico", "PR"),
        ("Kosovo", "XK"),
        ("UK", "GB"),
    ],
)
def test_countries_are_known_by_many_names(name: str, code: str) -> None:
    assert country_code(name) == code


@pytest.mark.parametrize(
    "name",
    [
        "Atlantis",
        "",
        "The",
        "Bayern",
        "Kongo",
        "Europa",
        "EU",
        "Kanarische Inseln",
        "SCG",
        "276",
        "ZZ",
        "Unbekannte Region",
    ],
)
def test_other_names_are_not_guessed(name: str) -> None:
    assert country_code(name) is None


def test_a_name_that_two_countries_have_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    names = tables._gathered([("Samoa", "WS"), ("Samoa", "AS"), ("Samoa", "WS"), ("Fidschi", "FJ")])
    monkeypatch.setattr(tables, "_names", lambda: names)
    monkeypatch.setattr(tables, "_names_at_home", lambda: {"samoa": "WS"})
    assert country_code("Samoa") is None
    assert country_code("Fidschi") == "FJ"


def test_no_country_is_called_at_home_as_another_one_is_called_here() -> None:
    here, at_home = tables._names(), tables._names_at_home()
    assert {name for name in here.keys() & at_home.keys() if here[name] != at_home[name]} == set()


def test_every_country_of_the_standard_is_known_by_its_codes_and_names() -> None:
    countries = tables._countries()
    assert len(countries) == 249
    for language in ("de", "en", "fr"):
        territories = Locale(language).territories
        assert {code: country_code(territories[code]) for code in countries} == {
            code: code for code in countries
        }


@pytest.mark.parametrize("code", ["EUR", "CHF", "USD", "BGN", "HRK", "DEM"])
def test_money_that_is_or_was_legal_tender_since_there_is_the_euro_is_known(code: str) -> None:
    assert is_currency(code)


@pytest.mark.parametrize("code", ["PKT", "", "eur", "BTC", "XAU", "XTS", "XXX", "CHE", "DDM", "€", "CNH"])
def test_what_is_no_money_or_was_gone_before_is_not(code: str) -> None:
    assert not is_currency(code)
