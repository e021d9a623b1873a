"""How the texts are written: politely, in words that users know, with commands and settings that there are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
import typer.main
from pydantic import BaseModel

from mlconnector.cli import app
from mlconnector.flow.connection import _Outline
from mlconnector.mapping.rules import Books, CostCentres, Debtors, Mapping, RevenueRow, TaxCaseRow
from mlconnector.settings import Settings
from mlconnector.systems.datev import DatevSettings
from mlconnector.systems.source import source_systems
from tests.texts.tables import LANGUAGES, all_sentences, sentences, slots, table

ALL = sorted(all_sentences())
COMMANDS = typer.main.get_command(app)
_OF_A_TABLE = (
    Books,
    Debtors,
    Mapping,
    RevenueRow,
    TaxCaseRow,
    CostCentres,
    DatevSettings,
    _Outline,
    Settings,
)


def _ids(sentence: tuple[str, str, str]) -> str:
    return f"{sentence[0]}-{sentence[1]}"


def _settings(model: type[BaseModel]) -> Iterator[str]:
    """The names of all settings of a model and of the tables in it."""
    for name, field in model.model_fields.items():
        yield name
        for inner in re.findall(r"'([\w.]+)'", str(field.annotation).replace("<class ", "")):
            yield inner
        for candidate in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                yield from _settings(candidate)


NAMES = {
    name
    for model in (*_OF_A_TABLE, *(system.settings_model for system in source_systems().values()))
    for name in _settings(model)
}


def test_every_file_of_texts_is_read() -> None:
    read = {place.partition(".")[0] for place, _, _ in ALL}
    assert {"problems", "causes", "checks", "people", "words", "answers", "pages"} <= read


@pytest.mark.parametrize("file", ["people.toml", "words.toml", "answers.toml", "pages.toml"])
def test_every_text_is_there_in_both_languages(file: str) -> None:
    places: dict[str, set[str]] = {}
    for place, language, text in sentences(table(file), file):
        assert text
        places.setdefault(re.sub(r"\.(de|en)(?=\.|$)", "", place), set()).add(language)
    assert all(languages == set(LANGUAGES) for languages in places.values())


@pytest.mark.parametrize("sentence", ALL, ids=_ids)
def test_german_says_sie(sentence: tuple[str, str, str]) -> None:
    _, language, text = sentence
    if language == "de":
        assert not re.search(r"\b(du|dich|dir|dein\w*|euch|euer|eure\w*)\b", text, re.IGNORECASE)


@pytest.mark.parametrize("sentence", ALL, ids=_ids)
def test_no_text_needs_a_programmer_to_understand_it(sentence: tuple[str, str, str]) -> None:
    text = sentence[2]
    assert not re.search(r"\b(sync\w*|payload|endpoint|job|backend|exception|null)\b", text, re.IGNORECASE)
    assert "erfolgreich gebucht" not in text


@pytest.mark.parametrize("sentence", ALL, ids=_ids)
def test_every_word_of_ours_that_a_text_asks_for_is_in_the_table(sentence: tuple[str, str, str]) -> None:
    asked = {slot.removesuffix(".word") for slot in slots(sentence[2]) if slot.endswith(".word")}
    assert asked <= set(table("words.toml"))
    assert {slot.partition(".")[2] for slot in slots(sentence[2])} <= {"", "word", "number", "size"}


@pytest.mark.parametrize("sentence", [each for each in ALL if "`" in each[2]], ids=_ids)
def test_every_command_in_a_text_can_be_given(sentence: tuple[str, str, str]) -> None:
    for written in re.findall(r"`([^`]*)`", sentence[2]):
        program, *words = shlex.split(written)
        assert program == "ml-connector"
        command = COMMANDS
        while isinstance(command, click.Group):
            command = command.commands[words.pop(0)]
        command.make_context(written, words)


@pytest.mark.parametrize("sentence", ALL, ids=_ids)
def test_every_setting_in_a_text_can_be_set(sentence: tuple[str, str, str]) -> None:
    without_commands = re.sub(r"`[^`]*`", "", sentence[2])
    assigned = set(re.findall(r"(?<![\w\"}])([a-z_]+) = ", without_commands))
    tables = {
        part for path in re.findall(r"\[+([a-z_.0-9]+)\]+", without_commands) for part in path.split(".")
    }
    assert assigned | tables <= NAMES
