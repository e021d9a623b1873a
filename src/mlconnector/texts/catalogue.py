"""Texts by key and language: what happened, why, what to do, who does it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal

Language = Literal["de", "en"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A problem in plain words."""

    what: str
    why: str
    do: str
    who: str


def explain(key: str, facts: Mapping[str, str], language: Language) -> Explanation:
    """The words for a problem; an unknown key is shown as it is, with its facts, rather than hidden."""
    entry = _table("problems.toml").get(key)
    if entry is None:
        shown = ", ".join(f"{name} = {value}" for name, value in facts.items())
        return Explanation(key, shown, "", "")
    words = entry[language]
    who = _table("people.toml")[entry.get("who", "you")][language]
    return Explanation(*(filled(words[part], facts) for part in ("what", "why", "do")), who)


def step_title(key: str, language: Language) -> str:
    """What a step of a ping is called."""
    entry = _table("checks.toml").get(key)
    return str(entry[language]) if entry else key


def step_cause(cause: str, facts: Mapping[str, str], language: Language) -> str:
    """Why a step of a ping failed and what to do about it."""
    entry = _table("causes.toml").get(cause)
    if entry is not None:
        return filled(entry[language], facts)
    if cause in _table("problems.toml"):
        words = explain(cause, facts, language)
        return f"{words.what} {words.do}"
    shown = ", ".join(f"{name} = {value}" for name, value in facts.items())
    return f"{cause} ({shown})" if shown else cause


def people(who: str, language: Language) -> str:
    """Who can put something right."""
    entry = _table("people.toml").get(who)
    return str(entry[language]) if entry else who


def filled(template: str, facts: Mapping[str, str]) -> str:
    """A text with its facts put in; a fact that is missing leaves a dash."""
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    return template.format(**{name: facts.get(name) or "–" for name in names})


def problem_keys() -> frozenset[str]:
    """Every problem that has words."""
    return frozenset(_table("problems.toml"))


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
