"""What the commands say: every sentence they name exists, gets its facts, and is said somewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector import cli, commands, web
from mlconnector.flow import preview, report
from mlconnector.texts.catalogue import found, sentence
from tests.texts.tables import LANGUAGES, needed, slots, table

SENTENCES = table("commands.toml")
PLACES = [
    *sorted(Path(commands.__path__[0]).glob("*.py")),
    *sorted(Path(web.__path__[0]).glob("*.py")),
    # A Buchungsliste and reports are said in the same words by commands and by the console.
    *sorted(Path(preview.__path__[0]).glob("*.py")),
    *sorted(Path(report.__path__[0]).glob("*.py")),
    Path(cli.__file__),
]
TREES = [ast.parse(path.read_text(encoding="utf-8")) for path in PLACES]
SPEAKING = frozenset({"say", "phrase", "say_in", "_complain", "_line"})
TEXTS = {
    node.value
    for tree in TREES
    for node in ast.walk(tree)
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}


def said() -> Iterator[tuple[str, set[str] | None]]:
    """Every sentence that a command names, with the facts it gives; None where they cannot be read off."""
    for node in (node for tree in TREES for node in ast.walk(tree)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
            continue
        key = node.args[0]
        if node.func.id in SPEAKING and isinstance(key, ast.Constant) and isinstance(key.value, str):
            plain = node.func.id in {"say", "phrase", "_complain"}
            names = {keyword.arg for keyword in node.keywords}
            yield key.value, {name for name in names if name} if plain and None not in names else None


def test_every_sentence_that_is_said_exists_and_gets_its_facts() -> None:
    named = list(said())
    assert len(named) > 40
    for key, facts in named:
        wanted = needed(SENTENCES[key]["en"])
        assert facts is None or wanted <= facts, key


def test_every_sentence_is_said_somewhere() -> None:
    def is_said(key: str) -> bool:
        stem = key.removeprefix("heading_").removeprefix("usage_")
        return key in TEXTS or stem in TEXTS

    assert [key for key in SENTENCES if not is_said(key)] == []


@pytest.mark.parametrize("key", sorted(SENTENCES))
def test_a_sentence_tells_the_same_facts_in_both_languages(key: str) -> None:
    assert set(SENTENCES[key]) == set(LANGUAGES)
    assert slots(SENTENCES[key]["de"]) == slots(SENTENCES[key]["en"])


def test_a_moment_is_written_as_the_language_writes_it() -> None:
    facts = {"name": "mine", "system": "DATEV", "until": "2026-11-22T02:22:56+00:00", "by": ""}
    assert sentence("logged_in", facts, "en") == "mine: logged in to DATEV until 2026-11-22 03:22 CET"
    assert sentence("logged_in", facts, "de") == "mine: angemeldet bei DATEV bis 22.11.2026 03:22 MEZ"


def test_what_a_step_has_found_is_told_where_there_is_something_to_tell() -> None:
    facts = {"client": "29098-55003", "name": "Musterholz GmbH"}
    assert found("datev.client", facts, "en") == "29098-55003 Musterholz GmbH"
    assert found("pipedrive.reach", {}, "en") == ""
