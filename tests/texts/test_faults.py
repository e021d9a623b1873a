"""Every fault of a list that was handed over has words in both languages, for facts that it gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.texts.named_in_code import SOURCE
from tests.texts.tables import LANGUAGES, needed, slots, table, welcome

TEXTS = table("faults.toml")
PLACES = (
    "mapping/list_entries.py",
    "flow/agree/lists.py",
    "flow/agree/own_chart.py",
    "flow/agree/number_lists.py",
    "flow/agree/mapping_form.py",
    "flow/agree/mapping_choices.py",
    "flow/agree/mapping_rows.py",
)
# Put together from a key: that the same entry stands twice.
PUT_TOGETHER = {"number_twice": {"value", "first"}, "party_twice": {"value", "first"}}


def _dicts(tree: ast.AST) -> dict[str, set[str]]:
    """The keys of dictionaries by the name that they are given; one name may be given several."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            keys = {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, set()).update(map(str, keys))
    return found


def made() -> Iterator[tuple[str, set[str]]]:
    """Every fault that is made, with the facts that it may be given."""
    for place in PLACES:
        tree = ast.parse((SOURCE / place).read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            named = _dicts(function)
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                if isinstance(call.func, ast.Name) and call.func.id == "Fault":
                    key = call.args[1]
                    if isinstance(key, ast.Constant):
                        yield str(key.value), _facts(call.args[2:], named)
    for reason in _reasons():
        yield reason, set()


def _facts(rest: list[ast.expr], named: dict[str, set[str]]) -> set[str]:
    if not rest:
        return set()
    if isinstance(rest[0], ast.Dict):
        return {str(key.value) for key in rest[0].keys if isinstance(key, ast.Constant)}
    return named[rest[0].id] if isinstance(rest[0], ast.Name) else set()


def _reasons() -> Iterator[str]:
    tree = ast.parse((SOURCE / "mapping/sheets.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if called and isinstance(node, ast.Call) and ast.unparse(node.func) == "UnreadableTable":
            yield str(ast.literal_eval(node.args[0]))


GIVEN = [*made(), *PUT_TOGETHER.items()]


def test_every_fault_has_words_and_all_words_a_fault() -> None:
    assert {key for key, _ in GIVEN} == set(TEXTS)


@pytest.mark.parametrize(("key", "facts"), GIVEN)
def test_words_ask_for_facts_that_are_given(key: str, facts: set[str]) -> None:
    for language in LANGUAGES:
        assert needed(TEXTS[key][language]) | welcome(TEXTS[key][language]) <= facts


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_tell_the_same_facts(key: str) -> None:
    assert set(TEXTS[key]) == set(LANGUAGES)
    assert slots(TEXTS[key]["de"]) == slots(TEXTS[key]["en"])
