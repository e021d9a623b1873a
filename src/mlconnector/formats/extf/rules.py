"""The checker's rules as data (`rules.toml`): what a finding means and what to do, in German and English."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

from mlconnector.formats.extf.columns import Column

Severity = Literal["rejected_online", "rejected_import", "changed", "doubtful"]
Route = Literal["online", "import"]
Language = Literal["de", "en"]
REJECTED: frozenset[Severity] = frozenset({"rejected_online", "rejected_import"})
SEVERITY_NAMES: Mapping[Language, Mapping[Severity, str]] = {
    "de": {
        "rejected_online": "vom Online-Dienst abgelehnt",
        "rejected_import": "beim Import abgelehnt",
        "changed": "verändert",
        "doubtful": "zweifelhaft",
    },
    "en": {
        "rejected_online": "rejected online",
        "rejected_import": "rejected on import",
        "changed": "changed",
        "doubtful": "doubtful",
    },
}
SEVERITY_MEANINGS: Mapping[Language, Mapping[Severity, str]] = {
    "de": {
        "rejected_online": "DATEVs Online-Dienst nimmt die Datei nicht an.",
        "rejected_import": "Online wird die Datei angenommen, beim Import lehnt DATEV sie oder die Zeile ab.",
        "changed": "DATEV liest es anders ein, als es da steht.",
        "doubtful": "Es kann so gemeint sein, aber jemand sollte hinsehen.",
    },
    "en": {
        "rejected_online": "DATEV's online service does not take the file.",
        "rejected_import": "Online the file is taken, on import DATEV refuses it or the line.",
        "changed": "DATEV takes it otherwise than it stands.",
        "doubtful": "It may be meant so, but somebody should look.",
    },
}
ROUTE_NAMES: Mapping[Language, Mapping[Route, str]] = {
    "de": {
        "online": "Online-Dienst (Buchungsdatenservice)",
        "import": "Import beim Berater (Stapelverarbeitung)",
    },
    "en": {
        "online": "online service (Buchungsdatenservice)",
        "import": "import at the adviser's (Stapelverarbeitung)",
    },
}
_PAGE_WORDS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "reason": "Warum",
        "cure": "Was tun",
        "routes": "Gilt für",
        "sources": "Quelle",
        "wrong": "Falsch",
        "right": "Richtig",
    },
    "en": {
        "reason": "Why",
        "cure": "What to do",
        "routes": "Holds for",
        "sources": "Source",
        "wrong": "Wrong",
        "right": "Right",
    },
}
# A fault in a row: its rule, the column, and what is expected there.
Fault = tuple[str, Column, str]


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule in one language: what is wrong, why it matters, how to put it right."""

    title: str
    reason: str
    cure: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its stable id, e.g. `EXTF-B-010`.

    `rejected_online`: DATEV's online service refuses the file. `rejected_import`: the service takes it, the
    import at the adviser's refuses the file or the line. `changed`: DATEV imports it otherwise than it
    stands. `doubtful`: it may be meant so, but somebody should look. `routes` are those for which the rule
    holds, `sources` the keys of who says so. `wrong` and `right` are an example, where one helps: the fault
    and the same put right.
    """

    id: str
    severity: Severity
    routes: tuple[Route, ...]
    sources: tuple[str, ...]
    de: RuleText
    en: RuleText
    wrong: str = ""
    right: str = ""

    def text(self, language: Language) -> RuleText:
        """Title, reason and cure in the language."""
        return self.de if language == "de" else self.en


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the rule, the line in the file, and where it concerns one field its number, name and value.

    `column` is 0 and `name` empty where the whole line or file is meant. `expected` shows the form, bound or
    counterpart that the value misses. `start` and `end` count the characters of the line from 1: where the
    field begins, and the place after it; 0 where there is none to point at.
    """

    rule: str
    severity: Severity
    line: int
    column: int = 0
    name: str = ""
    value: str = ""
    expected: str = ""
    start: int = 0
    end: int = 0

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes to DATEV on which it is so."""
        return rules()[self.rule].routes

    def text(self, language: Language) -> RuleText:
        """Title, reason and cure in the language."""
        return rules()[self.rule].text(language)


def found(
    rule_id: str, line: int, column: int = 0, name: str = "", value: str = "", expected: str = ""
) -> Finding:
    """A finding by its rule; raises KeyError for a rule that `rules.toml` does not have."""
    return Finding(rule_id, rules()[rule_id].severity, line, column, name, value, expected)


def placed(findings: Iterable[Finding], cells: Sequence[str]) -> Iterator[Finding]:
    """The findings in a line of these raw cells with the characters that they are about.

    Columns that the line does not have, and lines with a line break in a field, have no place.
    """
    for finding in findings:
        before = cells[: max(finding.column - 1, 0)]
        if not 1 <= finding.column <= len(cells) or any("\n" in cell for cell in before):
            yield finding
            continue
        start = sum(map(len, before)) + len(before) + 1
        yield replace(finding, start=start, end=start + len(cells[finding.column - 1]))


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by their id, in the order of `rules.toml`."""
    listed = tomllib.loads((files(__package__) / "rules.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            rule_id: Rule(
                rule_id,
                entry["severity"],
                tuple(entry["routes"]),
                tuple(entry["sources"]),
                RuleText(**entry["de"]),
                RuleText(**entry["en"]),
                entry.get("wrong", ""),
                entry.get("right", ""),
            )
            for rule_id, entry in listed.items()
        }
    )


@cache
def sources() -> Mapping[str, Mapping[Language, str]]:
    """Who says what the rules say, by key and language."""
    listed = tomllib.loads((files(__package__) / "rule_sources.toml").read_text(encoding="utf-8"))
    return MappingProxyType(listed)


def rule_page(rule_id: str, language: Language) -> str:
    """One rule as Markdown: what, how severe, why, cure, routes, sources, example; KeyError if unknown."""
    rule = rules()[rule_id]
    said = rule.text(language)
    words = _PAGE_WORDS[language]
    severity = SEVERITY_NAMES[language][rule.severity]
    meaning = SEVERITY_MEANINGS[language][rule.severity]
    lines = [
        f"**{said.title}** ({severity}: {meaning})",
        f"{words['reason']}: {said.reason}",
        f"{words['cure']}: {said.cure}",
        f"{words['routes']}: {' · '.join(ROUTE_NAMES[language][route] for route in rule.routes)}",
        f"{words['sources']}: {' · '.join(sources()[key][language] for key in rule.sources)}",
    ]
    shown = (("wrong", rule.wrong), ("right", rule.right))
    example = [f"{words[word]}: `{text}`" for word, text in shown if text]
    return "\n\n".join([*lines, *([" · ".join(example)] if example else [])])
