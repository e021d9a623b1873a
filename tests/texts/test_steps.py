"""Every step of a ping has a title, every cause has words, and they ask for no fact that is not given."""

from __future__ import annotations

from typing import get_args

import pytest

from mlconnector.systems.datev.settings import Service
from mlconnector.systems.kit.check_steps import Who
from mlconnector.systems.registry import sink_systems, source_systems
from tests.texts.named_in_code import Steps, step_names, steps
from tests.texts.tables import LANGUAGES, needed, table, welcome

TITLES = table("checks.toml")
CAUSES = table("causes.toml")
PROBLEMS = table("problems.toml")
PLACES = steps()

_SYSTEMS = (*source_systems(), *sink_systems())
# Keys that are put together when they are needed; all others stand in the source as they are.
PUT_TOGETHER = {
    "flow/connect/ping.py: f'{system}.login'": {f"{system}.login" for system in _SYSTEMS},
    "flow/connect/ping.py: f'{system}.reach'": {f"{system}.reach" for system in _SYSTEMS},
    "flow/connect/ping.py: f'{system}.right'": {f"{system}.right" for system in _SYSTEMS},
    "systems/datev/ping.py: f'datev.service.{service}'": {
        f"datev.service.{each}" for each in get_args(Service)
    },
}
STEPS = step_names() - {"datev.service."} | set().union(*PUT_TOGETHER.values())


def _facts_by_cause() -> dict[str, list[Steps]]:
    given: dict[str, list[Steps]] = {}
    for place in PLACES:
        for cause in place.causes.values - {""}:
            given.setdefault(cause, []).append(place)
    return given


GIVEN = _facts_by_cause()


def test_the_scan_finds_steps_at_all() -> None:
    assert {"connection.secrets", "datev.client", "pipedrive.token"} <= STEPS
    assert {"not_confirmed", "service_not_ordered", "field_missing", "unreachable"} <= set(GIVEN)


def test_every_step_has_a_title_and_every_title_a_step() -> None:
    assert set(TITLES) == STEPS


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.where)
def test_keys_of_steps_that_are_put_together_are_known_here(place: Steps) -> None:
    put_together = {each for each in place.keys.unfollowed if ": f'" in each}
    assert put_together <= set(PUT_TOGETHER)
    assert place.keys.values <= STEPS


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.where)
def test_a_cause_that_is_not_named_is_that_of_a_problem(place: Steps) -> None:
    assert all(each.endswith(": error.problem.key") for each in place.causes.unfollowed)


def test_every_cause_has_words_and_all_words_belong_to_a_cause() -> None:
    assert set(GIVEN) - set(PROBLEMS) <= set(CAUSES)
    assert set(CAUSES) <= set(GIVEN)


@pytest.mark.parametrize("cause", sorted(GIVEN))
def test_the_words_of_a_cause_ask_for_facts_that_are_given(cause: str) -> None:
    always = frozenset.intersection(*(place.facts.values for place in GIVEN[cause]))
    sometimes = frozenset.union(*(place.facts.values for place in GIVEN[cause]))
    for language in LANGUAGES:
        words = CAUSES.get(cause, {}).get(language)
        parts = PROBLEMS[cause][language].values() if words is None else [words]
        for part in parts:
            assert needed(part) <= always
            assert welcome(part) <= sometimes


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_a_cause_is_told_in_both_languages_with_the_same_facts(cause: str) -> None:
    assert set(CAUSES[cause]) == set(LANGUAGES)
    german, english = (
        needed(CAUSES[cause][language]) | welcome(CAUSES[cause][language]) for language in LANGUAGES
    )
    assert german == english


@pytest.mark.parametrize("step", sorted(TITLES))
def test_a_step_has_a_title_in_both_languages(step: str) -> None:
    assert set(TITLES[step]) == set(LANGUAGES)
    assert all(TITLES[step].values())


def test_everybody_whom_a_step_may_name_has_a_name() -> None:
    named = frozenset[str]().union(*(place.who.values for place in PLACES))
    assert set(get_args(Who)) | named <= set(table("people.toml"))
