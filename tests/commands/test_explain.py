from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from mlconnector.cli import app


def given(*words: str) -> Result:
    return CliRunner().invoke(app, ["explain", *words])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("DCO01012", "already has a document"),
        ("#dco01301", "Rechnungsdatenservice 1.0"),
        ("1008834", "because of its header"),
        ("REW00306", "BU-Schlüssel"),
        ("invalid_grant", "does not accept the login"),
        ("revenue_account_missing", "There is no revenue account"),
        ("revenue_account_missing:product=Montage", "There is no revenue account"),
        ("extf-f-04", "Header is missing."),
    ],
)
def test_a_code_is_explained(code: str, expected: str) -> None:
    answer = given(code)
    assert answer.exit_code == 0
    assert expected in " ".join(answer.output.split())


def test_it_is_explained_in_the_language_that_is_asked_for() -> None:
    answer = " ".join(given("DCO01243", "--language", "de").output.split())
    assert "einen Virus gefunden" in answer
    assert "Zuständig: Ihre IT" in answer
    assert given("DCO01243", "--language", "fr").exit_code == 2


def test_machines_get_the_same_as_data() -> None:
    answer = json.loads(given("dco01243", "--json").stdout)
    (meaning,) = answer["meanings"]
    assert (meaning["code"], meaning["kind"], meaning["who"]) == ("#DCO01243", "datev", "Your IT")
    assert {"title", "what", "why", "do"} <= set(meaning)


def test_an_unknown_code_is_wrong_use_and_leads_to_the_nearest() -> None:
    answer = given("DCO1243")
    assert answer.exit_code == 2
    assert "#DCO01243" in answer.output
    assert json.loads(given("DCO1243", "--json").stdout)["nearest"][0] == "#DCO01243"


def test_what_is_like_nothing_known_is_said_to_be_unknown() -> None:
    answer = given("§§§")
    assert answer.exit_code == 2
    assert "does not know the code" in answer.output
