"""The texts of a system live in its folder and speak of it alone; all others name no vendor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from mlconnector.errors import Broken, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.check_steps import CheckStep, failed_step, login_needed, webhook_step
from mlconnector.systems.kit.oauth import app_refused
from mlconnector.systems.kit.pacing import TooMany
from mlconnector.systems.kit.silence import Kind, Silence, origin
from mlconnector.systems.registry import sink_systems, source_systems
from mlconnector.texts import tables
from mlconnector.texts.catalogue import explain, step_cause, word
from mlconnector.texts.language import Language
from tests.texts.tables import LANGUAGES, files_of, sentences, systems, table
from tests.texts.test_problems import KEYS, _complete
from tests.texts.test_problems import PLACES as PROBLEM_PLACES
from tests.texts.test_steps import PLACES as STEP_PLACES

SOURCES = source_systems()
SINKS = sink_systems()
OWN_TITLES = [*(one.title for one in SOURCES.values()), *(one.title for one in SINKS.values())]
TITLES = {system: word("system", system, "en") for system in systems()}
NAMES = {
    "pipedrive": ("Pipedrive",),
    "dynamics": ("Dynamics", "Dataverse", "Entra", "Microsoft"),
    "cin7": ("Cin7",),
    "procore": ("Procore",),
}
A_SOURCE_NOBODY_KNOWS = "Toy Shop 3000"


def _named(text: str, names: Iterator[str] | tuple[str, ...]) -> list[str]:
    return [name for name in names if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)]


def _texts(system: str) -> Iterator[tuple[str, str]]:
    for name, content in files_of(system).items():
        for place, language, text in sentences(content, name):
            yield f"{place}.{language}", text


def test_every_source_has_texts_of_its_own_and_is_called_by_its_title() -> None:
    assert set(SOURCES) <= set(TITLES)
    for name, system in SOURCES.items():
        for kind in ("system", "source"):
            assert {word(kind, name, "de"), word(kind, name, "en")} == {system.title}


def test_texts_that_belong_to_no_system_name_no_vendor() -> None:
    vendors = tuple(name for names in NAMES.values() for name in names)
    assert [(place, found) for place, text in _texts("") if (found := _named(text, vendors))] == []


@pytest.mark.parametrize("system", systems())
def test_the_texts_of_a_system_speak_of_no_other(system: str) -> None:
    others = [name for other, names in NAMES.items() if other != system for name in names]
    others += [title for other, title in TITLES.items() if other != system]
    texts = list(_texts(system))
    assert len(texts) > 4
    assert [(place, found) for place, text in texts if (found := _named(text, tuple(others)))] == []


def _folder(where: str) -> str:
    """The folder of a system; another module by its path."""
    return where.split("/")[1] if where.startswith("systems/") else where


def _users() -> dict[tuple[str, str], set[str]]:
    """Whose code names a problem or a cause, by the file of its words and its key."""
    users: dict[tuple[str, str], set[str]] = {}
    for place in PROBLEM_PLACES:
        for key in _complete(place.keys, KEYS):
            users.setdefault(("problems.toml", key), set()).add(_folder(place.where))
    for step in STEP_PLACES:
        for cause in step.causes.values:
            users.setdefault(("causes.toml", cause), set()).add(_folder(step.where))
    return users


@pytest.mark.parametrize("system", systems())
def test_what_has_its_words_in_a_folder_is_used_there_alone(system: str) -> None:
    files, users = files_of(system), _users()
    for kind in ("problems.toml", "causes.toml"):
        for key in files.get(kind, {}):
            assert key.startswith(f"{system}_") or users[kind, key] == {system}, key
    for step in {*files.get("checks.toml", {}), *files.get("found.toml", {})}:
        assert step.startswith(f"{system}."), step


def test_what_only_one_source_says_has_its_words_in_its_folder() -> None:
    general = {*files_of("")["problems.toml"], *files_of("")["causes.toml"]}
    named_by_folder = {key for key in general for source in SOURCES if key.startswith(f"{source}_")}
    assert named_by_folder == set()


def test_two_texts_with_one_key_are_no_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for system in ("one", "two"):
        (tmp_path / system / "texts").mkdir(parents=True)
        for file, text in (("clash.toml", '[same]\nde = "a"\n'), ("fine.toml", f'[{system}]\nde = "a"\n')):
            (tmp_path / system / "texts" / file).write_text(text, encoding="utf-8")
    monkeypatch.setattr(tables, "_systems", lambda: tmp_path)
    assert set(tables.table("fine.toml")) == {"one", "two"}
    with pytest.raises(ValueError, match=r"clash\.toml: same is there twice"):
        tables.table("clash.toml")


def test_words_of_one_kind_may_be_of_several_systems_but_each_of_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_BY_KIND", frozenset({"kinds.toml"}))
    monkeypatch.setattr(tables, "_systems", lambda: tmp_path)
    for system, key in (("one", "a"), ("two", "b")):
        (tmp_path / system / "texts").mkdir(parents=True)
        (tmp_path / system / "texts/kinds.toml").write_text(f'[kind]\n{key} = "x"\n', encoding="utf-8")
    assert tables.table("kinds.toml") == {"kind": {"a": "x", "b": "x"}}
    (tmp_path / "two/texts/kinds.toml").write_text('[kind]\na = "x"\n', encoding="utf-8")
    tables.table.cache_clear()
    tables.tables_of_systems.cache_clear()
    with pytest.raises(ValueError, match=r"kinds\.toml: kind\.a is there twice"):
        tables.table("kinds.toml")
    tables.table.cache_clear()
    tables.tables_of_systems.cache_clear()


def _general_steps(title: str) -> Iterator[CheckStep]:
    key = "toy.step"
    yield failed_step(key, title, NeedsLogin("toy", "HTTP 401"))
    yield failed_step(key, title, TooMany("busy", 7))
    yield failed_step(key, title, RetryLater("HTTP 503"))
    for kind in get_args(Kind):
        yield failed_step(key, title, _silence(kind, "[source] base_url"))
        yield failed_step(key, title, _silence(kind, ""))
    for error in ("invalid_client", "unauthorized_client"):
        yield failed_step(key, title, app_refused("toy", error, "HTTP 401"))
    yield failed_step(key, title, Broken("no JSON"))
    for problem in ("account_closed", "permission_missing", "feature_not_in_plan"):
        facts = {"system": title, "path": "/items", "answer": "HTTP 403"}
        yield failed_step(key, title, NeedsHuman(Problem(problem, facts)))
    yield login_needed(key, title, NeedsLogin("toy", "nobody has logged in"))
    yield webhook_step(key, title, None, {}, {})
    yield webhook_step(key, title, ("webhook_key",), {}, {})


def _silence(kind: Kind, setting: str) -> Silence:
    address = origin("https://somebody:s3cret@api.example:444/items?key=k#end")
    proxy = "http://proxy.example:3128"
    return Silence("toy", OSError("no way"), kind, address, sent=False, proxy=proxy, setting=setting)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", get_args(Kind))
def test_why_nobody_answers_is_told_with_the_address_and_its_setting(kind: Kind, language: Language) -> None:
    step = failed_step("toy.reach", "Toy", _silence(kind, "[source] base_url"))
    said = step_cause(step.cause, step.facts, language)
    assert "https://api.example:444" in said
    assert not any(part in said for part in ("key=k", "somebody", "s3cret"))
    assert "no way" in said
    assert ("proxy.example:3128" if kind == "proxy" else "[source] base_url") in said


def test_why_nobody_answers_has_a_cure_of_its_own_for_each_kind() -> None:
    steps = [failed_step("toy.reach", "Toy", _silence(kind, "")) for kind in get_args(Kind)]
    assert len({step.cause for step in steps}) == len(get_args(Kind))
    assert len({step_cause(step.cause, step.facts, "en") for step in steps}) == len(get_args(Kind))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_app_has_a_place_where_its_secret_is_changed(language: Language) -> None:
    for system in ("pipedrive", "datev"):
        said = explain(
            "app_secret_refused", app_refused(system, "invalid_client", "401").problem.facts, language
        )
        assert word("place", system, language) in said.do
        assert word("place", system, language) != system
        assert TITLES[system] in said.what


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("title", [*OWN_TITLES, A_SOURCE_NOBODY_KNOWS])
def test_a_cause_that_every_system_has_names_the_one_that_it_is_of(title: str, language: Language) -> None:
    everybody = [*NAMES.values(), [one.title for one in SINKS.values()]]
    others = {each for names in everybody for each in names if each not in title}
    for step in _general_steps(title):
        said = step_cause(step.cause, step.facts, language)
        assert title in said, step.cause
        assert "–" not in said.split(), step.cause
        assert _named(said, tuple(others)) == [], step.cause


def test_every_cause_of_the_kit_was_walked() -> None:
    walked = {step.cause for step in _general_steps(A_SOURCE_NOBODY_KNOWS)}
    in_kit = {
        cause
        for place in STEP_PLACES
        if place.where.startswith("systems/kit/")
        for cause in place.causes.values
    }
    assert in_kit - {""} <= walked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "key", ["account_closed", "permission_missing", "webhook_not_set_up", "webhook_by_hand"]
)
def test_a_problem_that_every_source_may_have_names_it(key: str, language: Language) -> None:
    said = explain(key, {"system": A_SOURCE_NOBODY_KNOWS}, language)
    assert A_SOURCE_NOBODY_KNOWS in f"{said.what} {said.why} {said.do}"
    for part in table("problems.toml")[key][language].values():
        assert _named(part, tuple(name for names in NAMES.values() for name in names)) == []
