"""The table of DATEV's codes: every known code has words, and people find it however they write it."""

from __future__ import annotations

import csv
import runpy
from pathlib import Path
from typing import Any

import pytest

from mlconnector.systems.datev.answers import MEANINGS
from mlconnector.texts.codes import codes, find, nearest, words
from mlconnector.texts.tables import tables_of_systems
from tests.specifications import required
from tests.texts.tables import LANGUAGES, slots, table

ROOT = Path(__file__).resolve().parents[2]
TABLE = tables_of_systems("codes.toml")["datev"]
CODES = {code.code for code in codes()}
OF_REWE = {f"#REW{number}" for number in ("00305", "00306", "00314", "04403", "04404", "04506")}
OF_EXTF = {str(number) for number in range(1008828, 1008839) if number != 1008830}
OF_LOGIN = {"invalid_grant", "invalid_client", "invalid_scope", "unsupported_grant_type", "invalid_request"}
OF_LEDGER = {"Fehlernr 802", "Fehlernr 807", "Fehlernr 900", "RC=9"}


def test_every_code_that_our_answers_know_has_words() -> None:
    assert set(MEANINGS) <= CODES


def test_codes_that_only_people_see_have_words_too() -> None:
    assert OF_REWE | OF_EXTF | OF_LOGIN | OF_LEDGER <= CODES


def test_every_published_code_has_words() -> None:
    with required("datev-openapi/dco-error-codes.csv").open(encoding="utf-8") as file:
        assert {row["error"] for row in csv.DictReader(file)} <= CODES


@pytest.mark.parametrize("code", codes(), ids=lambda code: code.code)
def test_a_code_says_everything_in_both_languages_and_names_somebody(code: Any) -> None:
    entry = TABLE[code.code]
    assert set(entry) - {"as"} == {"title", "who", *LANGUAGES}
    assert set(entry["de"]) == set(entry["en"])
    assert entry["who"] in table("people.toml")
    for language in LANGUAGES:
        said = words(code, "de" if language == "de" else "en")
        for part in (said.what, said.why, said.do, said.who):
            assert part
            assert part == part.strip()
            assert not slots(part), "a table for looking up knows no facts"
        assert said.what.endswith(".")
        assert said.why.endswith(".")


def test_what_codes_share_is_shared_by_some() -> None:
    assert set(TABLE["shared"]) == {entry["as"] for entry in TABLE.values() if "as" in entry}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("#DCO01012", "#DCO01012"),
        ("dco01012", "#DCO01012"),
        ("01012", "#DCO01012"),
        ("1008834", "1008834"),
        ("http://www.datev.de/hilfe/1008834", None),
        ("REW00306", "#REW00306"),
        ("Fehlernr=900", "Fehlernr 900"),
        ("900", "Fehlernr 900"),
        ("RC=9", "RC=9"),
        ("Invalid_Grant", "invalid_grant"),
        ("HTTP 403", "HTTP 403"),
        ("403", "HTTP 403"),
        ("DCO99999", None),
        ("", None),
    ],
)
def test_a_code_is_found_however_it_is_written(written: str, code: str | None) -> None:
    found = find(written)
    assert (None if found is None else found.code) == code


def test_a_mistyped_code_leads_to_the_nearest_ones() -> None:
    assert nearest("#DCO1012", CODES)[0] == "#DCO01012"
    assert nearest("REW0306", CODES)[0] == "#REW00306"
    assert nearest("nothing like it at all", CODES) == []


def test_no_two_codes_are_written_alike() -> None:
    assert {code.code for code in codes() if find(code.code) != code} == set()


def test_the_page_for_reading_is_made_from_the_table() -> None:
    made = runpy.run_path(str(ROOT / "scripts/datev_errors.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "run scripts/datev_errors.py"
