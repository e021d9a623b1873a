"""How the texts are written: politely, in words that users know, with commands and settings that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from typer.core import TyperGroup
from typer.main import get_group

from mlconnector.cli import app
from mlconnector.flow.context.settings import _Outline
from mlconnector.mapping.rules import Rules
from mlconnector.settings import Settings
from mlconnector.systems.datev.settings import DatevSettings
from mlconnector.systems.registry import sink_systems, source_systems, warehouse_names, warehouse_system
from tests.texts.tables import LANGUAGES, all_sentences, files_of, sentences, slots, table

ALL = sorted(all_sentences())
COMMANDS = get_group(app)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _settings(model: type[BaseModel]) -> Iterator[str]:
    """The names of a model's settings, and of those in its tables."""
    for name, field in model.model_fields.items():
        yield name
        for inner in _models(field.annotation):
            yield from _settings(inner)


def _all_settings() -> frozenset[str]:
    models: list[type[BaseModel]] = [Settings, _Outline, DatevSettings, Rules]
    models += [system.settings_model for system in source_systems().values()]
    models += [system.settings_model for name in warehouse_names() if (system := warehouse_system(name))]
    tables = {*sink_systems(), *warehouse_names()}
    return frozenset(name for model in models for name in _settings(model)) | tables


def test_every_file_of_texts_is_read() -> None:
    read = {place.partition(".")[0] for place, _, _ in ALL}
    assert {
        "problems",
        "causes",
        "checks",
        "people",
        "words",
        "answers",
        "pages",
        "commands",
        "found",
    } <= read


@pytest.mark.parametrize(
    "file",
    [
        "people.toml",
        "words.toml",
        "fields.toml",
        "answers.toml",
        "pages.toml",
        "commands.toml",
        "found.toml",
        "reasons.toml",
        "notices.toml",
        *(name for name in files_of("") if name.startswith("console/")),
    ],
)
def test_every_text_is_there_in_both_languages(file: str) -> None:
    places: dict[str, set[str]] = {}
    for place, language, text in sentences(table(file), file):
        assert text
        places.setdefault(re.sub(r"\.(de|en)(?=\.|$)", "", place), set()).add(language)
    assert {place for place, languages in places.items() if languages != set(LANGUAGES)} == set()


def test_german_says_sie() -> None:
    familiar = re.compile(r"\b(du|dich|dir|dein\w*|euch|euer|eure\w*)\b", re.IGNORECASE)
    german = [(place, text) for place, language, text in ALL if language == "de"]
    assert [each for each in german if familiar.search(each[1])] == []


def test_no_text_needs_a_programmer_to_understand_it() -> None:
    jargon = re.compile(
        r"\b(sync\w*|payload|endpoint|job|backend|exception|null)\b|erfolgreich gebucht", re.IGNORECASE
    )
    assert [each for each in ALL if jargon.search(each[2])] == []


def test_what_and_why_are_whole_sentences() -> None:
    for place, _, text in ALL:
        if place.startswith("problems.") and place.endswith((".what", ".why")):
            assert _last(text) in {".", "?"}, place


def _last(text: str) -> str:
    """The last character of a text, slots counted by the words around them."""
    return text.rstrip("}")[-1]


def test_facts_are_asked_for_in_forms_and_words_that_exist() -> None:
    asked = {slot for _, _, text in ALL for slot in slots(text)}
    assert {slot.partition(".")[2] for slot in asked} <= {
        *("", "word", "number", "size", "moment", "day", "days", "month", "cases", "problem"),
    }
    assert {slot.removesuffix(".word") for slot in asked if slot.endswith(".word")} <= set(
        table("words.toml")
    )


def test_every_command_in_a_text_can_be_given() -> None:
    commands = {written for _, _, text in ALL for written in re.findall(r"`([^`]*)`", text)}
    assert len(commands) > len(LANGUAGES)
    for written in sorted(commands):
        program, *words = shlex.split(written)
        assert program == "ml-connector"
        command: Any = COMMANDS
        while isinstance(command, TyperGroup):
            command = command.commands[words.pop(0)]
        command.make_context(written, words)


def test_commands_stand_in_backticks() -> None:
    bare = re.compile(rf"(?<!`)ml-connector ({'|'.join(COMMANDS.commands)})\b")
    assert [each for each in ALL if bare.search(each[2])] == []


def test_every_setting_in_a_text_can_be_set() -> None:
    known = _all_settings()
    for place, _, text in ALL:
        shown = re.sub(r"`[^`]*`", "", text)
        assigned = set(re.findall(r"(?<![\w\"}])([a-z_]+) = ", shown))
        tables = {part for path in re.findall(r"\[+([a-z_.0-9]+)\]+", shown) for part in path.split(".")}
        assert assigned | tables <= known, place
