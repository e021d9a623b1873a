"""Every problem that the source can make has words, and the words ask for no fact that it does not give."""

from __future__ import annotations

import csv
import re
from importlib.resources import files
from typing import get_args

import pytest

from mlconnector.systems.datev.answers import NOTHING_SAID
from mlconnector.texts.catalogue import explain
from mlconnector.texts.language import Language
from tests.texts.named_in_code import Found, problems
from tests.texts.tables import LANGUAGES, needed, table, welcome

TEXTS = table("problems.toml")
ON_PAGES = table("on_pages.toml")
ANSWERS = table("answers.toml")
ROWS = csv.DictReader(
    files("mlconnector.systems.datev").joinpath("answers.csv").read_text("utf-8").splitlines()
)
DATEV = {row["problem"]: row["who"] for row in ROWS if row["problem"]}
SAID = frozenset(NOTHING_SAID)
ABOUT_A_DOCUMENT = frozenset({"document", "file_name", "document_type", "size", "limit"})

# What the scan cannot follow by itself: keys out of a table, facts out of another module or the database.
KEYS = {
    "systems/datev/answers.py: meaning.problem": frozenset(DATEV),
    "systems/datev/documents.py: meaning.problem": frozenset({"document_too_large"}),
    "systems/datev/extf_files.py: MEANINGS['HTTP 413'].problem": frozenset({"datev_too_large"}),
    "store/loads.py: self.cause": frozenset[str](),
    "store/vouchers.py: row.key": frozenset[str](),
    "mapping/drafts.py: _INVALID[ledger]": frozenset({"debtor_number_invalid", "creditor_number_invalid"}),
    "mapping/numbers.py: _USED_UP[ledger]": frozenset({"debtor_range_used_up", "creditor_range_used_up"}),
    "systems/kit/invoice_files.py: named.hindrance": frozenset(
        {"document_remote", "document_type_forbidden"}
    ),
    "flow/notify/places.py: kept['key']": frozenset(
        {"notify_refused", "notify_unreachable", "notify_address_gone", "notify_broken"}
    ),
    "mapping/contradictions.py: key": frozenset(
        {"tax_case_unknown", "tax_case_ambiguous", "own_rate_unknown", "rate_not_valid"}
    ),
    "mapping/targets.py: _MISSING[voucher.direction]": frozenset(
        {"revenue_account_missing", "expense_account_missing"}
    ),
}
FACTS = {
    "systems/datev/answers.py: dict.fromkeys((*_SAID, *_AROUND), '')": SAID,
    "systems/datev/documents.py: NOTHING_SAID": SAID,
    "systems/datev/dxso_jobs.py: NOTHING_SAID": SAID,
    "systems/datev/dxso_jobs.py: error.problem.facts": SAID,
    "systems/datev/extf_files.py: NOTHING_SAID": SAID,
    "systems/datev/sink.py: NOTHING_SAID": SAID,
    "flow/connect/oauth_login.py: rules.objection(context.settings.sink, redirect_uri)": frozenset(
        {"address", "objection", "environment"}
    ),
    "flow/notify/places.py: {name: value for name, value in kept.items() if name != 'key'}": frozenset(
        {"answer", "outage", "place"}
    ),
    "store/loads.py: json.loads(self.facts or '{}')": frozenset[str](),
    "store/loads.py: facts": frozenset[str](),
    "store/vouchers.py: json.loads(row.facts)": frozenset[str](),
}


def _complete(found: Found, known: dict[str, frozenset[str]]) -> frozenset[str]:
    return found.values.union(*(known.get(each, frozenset()) for each in found.unfollowed))


PLACES = problems()
UNFOLLOWED = {each for place in PLACES for each in place.keys.unfollowed | place.facts.unfollowed}


def _facts_by_key() -> dict[str, list[frozenset[str]]]:
    """For every key what each place that makes the problem gives."""
    given: dict[str, list[frozenset[str]]] = {}
    for place in PLACES:
        for key in _complete(place.keys, KEYS):
            given.setdefault(key, []).append(_complete(place.facts, FACTS))
    return given


def test_the_scan_follows_every_problem_or_is_told_what_it_may_be() -> None:
    assert {*KEYS, *FACTS} == UNFOLLOWED


GIVEN = _facts_by_key()


def test_every_problem_has_words_and_every_words_a_problem() -> None:
    assert set(TEXTS) == set(GIVEN)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_a_problem_has_all_its_parts_in_both_languages(key: str) -> None:
    entry = TEXTS[key]
    assert set(entry) - {"answer"} == {"who", *LANGUAGES}
    for language in LANGUAGES:
        assert set(entry[language]) == {"what", "why", "do"}
        assert all(part.strip() == part and part for part in entry[language].values())


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_a_problem_names_somebody_who_can_put_it_right(key: str) -> None:
    assert TEXTS[key]["who"] in table("people.toml")


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_the_words_of_a_problem_ask_for_facts_that_are_given(key: str) -> None:
    always = frozenset.intersection(*GIVEN[key])
    sometimes = frozenset.union(*GIVEN[key]) | (ABOUT_A_DOCUMENT if key in DATEV else frozenset())
    for language in LANGUAGES:
        for part in TEXTS[key][language].values():
            assert needed(part) <= always
            assert welcome(part) <= sometimes


@pytest.mark.parametrize("key", sorted(ON_PAGES))
def test_what_a_page_says_of_a_cure_names_no_command_setting_or_id(key: str) -> None:
    always = frozenset.intersection(*GIVEN[key])
    sometimes = frozenset.union(*GIVEN[key])
    languages: tuple[Language, ...] = get_args(Language)
    for language in languages:
        text = ON_PAGES[key][language]
        assert needed(text) <= always
        assert welcome(text) <= sometimes
        assert not re.search(r"`|\[|[a-z]_[a-z]|party_id", re.sub(r"{[^}:]*[}:]", "", text))
        assert "{party_id" not in text
        assert explain(key, {}, language, on_page=True).do != explain(key, {}, language).do
    assert needed(ON_PAGES[key]["de"]) == needed(ON_PAGES[key]["en"])


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_tell_the_same_facts(key: str) -> None:
    told = {
        language: {part: needed(text) | welcome(text) for part, text in TEXTS[key][language].items()}
        for language in LANGUAGES
    }
    assert told["de"] == told["en"]


@pytest.mark.parametrize("key", sorted(DATEV))
def test_what_datev_answers_is_shown_and_cured_by_whom_the_table_of_answers_names(key: str) -> None:
    assert TEXTS[key]["answer"] == "datev"
    assert TEXTS[key]["who"] == {"vendor": "datev"}.get(DATEV[key], DATEV[key])


@pytest.mark.parametrize("key", sorted(key for key, entry in TEXTS.items() if "answer" in entry))
def test_no_fact_of_ours_is_shown_as_words_of_an_answer(key: str) -> None:
    quoted = welcome(ANSWERS[TEXTS[key]["answer"]]["de"])
    assert all(given >= SAID or not given & quoted for given in GIVEN[key])


@pytest.mark.parametrize("system", sorted(ANSWERS))
def test_words_for_an_answer_leave_out_what_was_not_said(system: str) -> None:
    for language in LANGUAGES:
        assert needed(ANSWERS[system][language]) == set()
        assert welcome(ANSWERS[system][language]) <= SAID


def test_no_fact_of_a_problem_is_named_like_a_secret() -> None:
    """The audit trail keeps the facts of what waits, and refuses details with such names."""
    texts = [text for entry in TEXTS.values() for one in LANGUAGES for text in entry[one].values()]
    named = {name for text in texts for name in (*needed(text), *welcome(text))}
    assert "file_name" in named
    secret = re.compile("secret|token|password|passwort|credential|cookie|apikey|authorization")
    assert not [name for name in named if secret.search(name.replace("_", ""))]
