"""The rules of DXSO as data (`rules.toml`): what a finding means and what to do, in German and English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

from mlconnector.formats.extf.rules import Language, RuleText

Severity = Literal["rejected", "changed", "doubtful"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its stable id, e.g. `DXSO-L-01`; packages go online only, so that is where it holds."""

    id: str
    severity: Severity
    de: RuleText
    en: RuleText


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the rule, and where it is in the package or the entry.

    `file` and `line` say where in a package; in an entry `file` is empty and `line` counts the entry's
    lines from 1, 0 where the whole is meant. `name` is the element, attribute or field, `expected` the
    form, bound or counterpart that the value misses.
    """

    rule: str
    severity: Severity
    file: str = ""
    line: int = 0
    name: str = ""
    value: str = ""
    expected: str = ""

    def text(self, language: Language) -> RuleText:
        """Title, reason and cure in the language."""
        rule = rules()[self.rule]
        return rule.de if language == "de" else rule.en


def found(
    rule_id: str, file: str = "", line: int = 0, name: str = "", value: str = "", expected: str = ""
) -> Finding:
    """A finding by its rule; raises KeyError for a rule that `rules.toml` does not have."""
    return Finding(rule_id, rules()[rule_id].severity, file, line, name, value, expected)


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by their id, e.g. `DXSO-L-01`."""
    listed = tomllib.loads((files(__package__) / "rules.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            rule_id: Rule(rule_id, entry["severity"], RuleText(**entry["de"]), RuleText(**entry["en"]))
            for rule_id, entry in listed.items()
        }
    )
