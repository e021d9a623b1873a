"""What is set wrongly is told in both languages: no template is unknown, no pattern is shown as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import mlconnector
from mlconnector.commands import setup
from mlconnector.flow.connect import example
from mlconnector.flow.context.settings import _Outline
from mlconnector.mapping.rules import Rules
from mlconnector.settings import Settings, UnreadableSettings, load_settings
from mlconnector.systems.registry import sink_systems, source_systems
from mlconnector.texts import complaints
from mlconnector.texts.templates import comments, template
from tests.texts.tables import table

GERMAN = table("complaints.toml")
SOURCE = Path(mlconnector.__file__).parent
SYSTEMS: dict[str, Any] = {**source_systems(), **sink_systems()}
MODELS: list[type[BaseModel]] = [Settings, _Outline, Rules, *(one.settings_model for one in SYSTEMS.values())]
SAYING = {"Unsuitable": 0, "refuse": 1, "_unread": 1}
"""Calls that name a template, and as which argument."""


def slots(text: str) -> set[str]:
    return {slot for _, slot, _, _ in Formatter().parse(text) if slot}


def written_out() -> Iterator[tuple[str, str]]:
    """Every template that stands whole in the source; those put together are found by their parts below."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            at = SAYING.get(name)
            if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                argument = node.args[at]
                assert isinstance(argument, ast.Constant)
                if isinstance(argument.value, str):
                    yield f"{path.relative_to(SOURCE)}:{node.lineno}", argument.value


def test_every_template_has_german_words_beside_it() -> None:
    found = list(written_out())
    assert len(found) > 40
    lacking = [f"{where}: add to complaints.toml: {text}" for where, text in found if text not in GERMAN]
    assert lacking == []


@pytest.mark.parametrize("text", sorted(GERMAN))
def test_both_languages_take_the_same_facts(text: str) -> None:
    assert set(GERMAN[text]) == {"de"}
    assert slots(GERMAN[text]["de"]) == slots(text)


def test_templates_that_are_put_together_are_known_too() -> None:
    say = "say automatic = true or automatic = false"
    imported = "or import the client's own chart with `ml-connector chart import`"
    lacking = ["account {account} is not in the seeded chart {chart}"]
    lacking += ["account {account} is not known, for no chart of accounts was imported for this client"]
    elsewhere = ["", " (it is '{name}' in {other})"]
    made = [f"{one}{two}; {say}, {imported}" for one, two in product(lacking, elsewhere)]
    keyless = ["leave the tax key out", "the tax case would bring a key"]
    takes = [
        "account {account} takes no tax in {chart} (KU)",
        "account {account} takes input tax alone in {chart} (V), no sale",
        "account {account} takes output tax alone in {chart} (M), no purchase",
    ]
    write = 'write tax_key = "" beside it, or name another account'
    made += [f"{one}; {two}: {write}" for one, two in product(takes, keyless)]
    assert [one for one in made if one not in GERMAN] == []


def test_what_the_library_may_find_has_german_words() -> None:
    said = {*complaints._KINDS.values(), *(text for text, _ in complaints._LIMITS.values())}
    said |= {complaints._OTHERWISE, complaints.GIVEN, complaints.NOT_GIVEN}
    assert said - set(GERMAN) == set()


def parts_of(annotation: Any) -> Iterator[Any]:
    """An annotation, and all that it is made of."""
    yield annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for field in annotation.model_fields.values():
            yield from of_field(field)
    for part in get_args(annotation):
        yield from parts_of(part)


def of_field(field: FieldInfo) -> Iterator[Any]:
    yield from field.metadata
    yield from parts_of(field.annotation)


def test_no_pattern_of_a_setting_is_shown_as_it_is() -> None:
    found = {
        pattern
        for model in MODELS
        for one in parts_of(model)
        if isinstance(pattern := getattr(one, "pattern", None), str)
    }
    assert len(found) > 8
    assert [f"add to patterns.toml: {one}" for one in found if one not in table("patterns.toml")] == []


def test_everything_that_is_wrong_is_told_at_once_in_german(tmp_path: Path) -> None:
    file = tmp_path / "ml-connector.toml"
    file.write_text('port = "abc"\nlanguage = "fr"\nhttp_log_days = 3\nlangauge = "de"\ntimezone = "Mars"\n')
    with pytest.raises(UnreadableSettings) as error:
        load_settings(file, {})
    lines = [line.removeprefix(f"{file}, ") for line in error.value.lines("de")]
    assert sorted(lines) == [
        "Zeile 1: port: „abc“ geht nicht; möglich ist eine ganze Zahl",
        "Zeile 2: language: „fr“ geht nicht; möglich ist eines von de, en",
        "Zeile 3: http_log_days: „3“ geht nicht; möglich ist eine Zahl ab 14",
        "Zeile 4: langauge: ist hier nicht bekannt; meinten Sie language?",
        "Zeile 5: timezone: „Mars“ ist keine Zeitzone wie Europe/Berlin",
    ]


def test_a_secret_that_is_wrong_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSettings) as error:
        load_settings(environment={"MLCONNECTOR_DATABASE_URL": "geheim"})
    assert "geheim" not in str(error.value) + str(error.value.data("de"))


TEMPLATES = {name: one.template for name, one in SYSTEMS.items()}
TEMPLATES |= {"settings": setup._SETTINGS, "books": example.BOOKS}


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_comment_of_a_template_has_german_words(name: str) -> None:
    lacking = [one for one in comments(TEMPLATES[name]) if one not in table("comments.toml")]
    assert [f"add to comments.toml: {one}" for one in lacking] == []


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_template_in_german_sets_the_same(name: str) -> None:
    def settings(text: str) -> list[str]:
        lines = [re.sub(r"(?<=\S) +# .*", "", line) for line in text.splitlines()]
        return [line for line in lines if re.match(r"#? ?\[|#? ?[a-z_]+ = ", line)]

    assert settings(template(TEMPLATES[name], "de")) == settings(TEMPLATES[name])
    assert template(TEMPLATES[name], "en").strip() == TEMPLATES[name].strip()
