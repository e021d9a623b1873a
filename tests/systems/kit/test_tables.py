from __future__ import annotations

import pytest

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
    ],
)
def test_countries_are_known_by_many_names(name: str, code: str) -> None:
    assert country_code(name) == code


@pytest.mark.parametrize("name", ["Atlantis", "", "The", "Bayern"])
def test_other_names_are_not_guessed(name: str) -> None:
    assert country_code(name) is None


def test_only_currencies_of_the_standard_are_known() -> None:
    assert is_currency("EUR")
    assert is_currency("CHF")
    assert not is_currency("PKT")
    assert not is_currency("")
