"""The rules as pages for people: one page for each group in `rule_groups.toml`, a heading for each rule."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mlconnector.formats.extf.rules import (
    SEVERITY_MEANINGS,
    SEVERITY_NAMES,
    Rule,
    Severity,
    rule_page,
    rules,
)

_MADE = "<!-- Made from src/mlconnector/formats/extf/rules.toml by scripts/rule_pages.py. -->"
_SEVERITIES: tuple[Severity, ...] = ("rejected_online", "rejected_import", "changed", "doubtful")


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are described on one page; `page` is the name of its file without `.md`."""

    page: str
    de: str
    en: str
    rules: tuple[Rule, ...]


@cache
def rule_groups() -> tuple[RuleGroup, ...]:
    """All groups in the order in which a file is checked; every rule is in one of them."""
    listed = tomllib.loads((files(__package__) / "rule_groups.toml").read_text(encoding="utf-8"))
    return tuple(
        RuleGroup(
            page,
            group["de"],
            group["en"],
            tuple(rule for rule in rules().values() if rule.id.startswith(tuple(group["prefixes"]))),
        )
        for page, group in listed.items()
    )


def page_of(rule_id: str) -> str:
    """Page and heading of a rule, as in `booking-lines.md#extf-b-201`; KeyError for an unknown rule."""
    rule = rules()[rule_id]
    page = next(group.page for group in rule_groups() if rule in group.rules)
    return f"{page}.md#{rule_id.lower()}"


def pages() -> dict[str, str]:
    """Every page by its file name, the overview as `README.md`."""
    made = {f"{group.page}.md": _page(group) for group in rule_groups()}
    return {"README.md": _overview(), **made}


def _overview() -> str:
    lines = ["# Rules of `ml-connector check`", "", _MADE, ""]
    lines += ["| Severity | | Schwere | | Rules |", "|---|---|---|---|---|"]
    for severity in _SEVERITIES:
        cells = [
            text
            for language in ("en", "de")
            for text in (SEVERITY_NAMES[language][severity], SEVERITY_MEANINGS[language][severity])
        ]
        count = sum(rule.severity == severity for rule in rules().values())
        lines.append(f"| {' | '.join(cells)} | {count} |")
    for group in rule_groups():
        lines += ["", f"## [{group.en} · {group.de}]({group.page}.md)", ""]
        lines += [
            f"- [{rule.id}]({page_of(rule.id)}) {SEVERITY_NAMES['en'][rule.severity]}: {rule.en.title}"
            for rule in group.rules
        ]
    return "\n".join([*lines, ""])


def _page(group: RuleGroup) -> str:
    lines = [f"# {group.en} · {group.de}", "", _MADE, "", "[All rules](README.md)"]
    for rule in group.rules:
        lines += _section(rule)
    return "\n".join([*lines, ""])


def _section(rule: Rule) -> Iterator[str]:
    yield from ("", f"## {rule.id}", "", rule_page(rule.id, "en"), "", rule_page(rule.id, "de"))
