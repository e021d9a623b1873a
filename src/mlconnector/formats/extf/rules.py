"""The checker's rules as data (`rules.toml`): what a finding means and what to do, in German and English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

Severity = Literal["rejected", "changed", "doubtful"]
Language = Literal["de", "en"]


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule in one language: what is wrong, why it matters, how to put it right."""

    title: str
    reason: str
    cure: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its stable id, e.g. `EXTF-B-010`.

    `rejected`: DATEV refuses the file or the line. `changed`: DATEV imports it otherwise than it stands.
    `doubtful`: it may be meant so, but somebody should look.
    """

    id: str
    severity: Severity
    de: RuleText
    en: RuleText


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the rule, the line in the file, and where it concerns one field its number, name and value.

    `column` is 0 and `name` empty where the whole line or file is meant. `expected` shows the form, bound or
    counterpart that the value misses.
    """

    rule: str
    severity: Severity
    line: int
    column: int = 0
    name: str = ""
    value: str = ""
    expected: str = ""

    def text(self, language: Language) -> RuleText:
        """Title, reason and cure in the language."""
        found = rules()[self.rule]
        return found.de if language == "de" else found.en


def found(
    rule_id: str, line: int, column: int = 0, name: str = "", value: str = "", expected: str = ""
) -> Finding:
    """A finding by its rule; raises KeyError for a rule that `rules.toml` does not have."""
    return Finding(rule_id, rules()[rule_id].severity, line, column, name, value, expected)


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by their id."""
    listed = tomllib.loads((files(__package__) / "rules.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            rule_id: Rule(rule_id, entry["severity"], RuleText(**entry["de"]), RuleText(**entry["en"]))
            for rule_id, entry in listed.items()
        }
    )
