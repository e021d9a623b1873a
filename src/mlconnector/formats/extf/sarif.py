"""Findings as SARIF 2.1.0, the format in which code forges and editors show what checkers found.

Severities become SARIF's levels: `rejected_online` and `rejected_import` error, `changed` warning, `doubtful`
note; severity and routes stand in the properties. A region counts characters of the line; DATEV's column and
field stand in the properties, too. Fact: OASIS SARIF 2.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlconnector.formats.extf.rule_pages import page_of
from mlconnector.formats.extf.rules import Finding, Language, Rule, Severity, rule_page, rules

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: Mapping[Severity, str] = {
    "rejected_online": "error",
    "rejected_import": "error",
    "changed": "warning",
    "doubtful": "note",
}


def sarif(
    found: Iterable[tuple[str, Finding]], *, version: str, language: Language, rule_pages: str = ""
) -> dict[str, Any]:
    """A SARIF log of findings, each with the URI of its file; rules without findings are described as well.

    `version` is that of the program. `rule_pages` is the address under which the pages of the rules are
    published, ending with a slash; without it every rule carries its description alone.
    """
    indexes = {rule_id: index for index, rule_id in enumerate(rules())}
    results = [_result(uri, finding, indexes[finding.rule], language) for uri, finding in found]
    driver = {
        "name": "ml-connector",
        "semanticVersion": version,
        "language": language,
        "rules": [_rule(rule, language, rule_pages) for rule in rules().values()],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule, language: Language, rule_pages: str) -> dict[str, Any]:
    said = rule.text(language)
    plain = f"{said.title}. {said.reason} {said.cure}"
    described: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": said.title},
        "fullDescription": {"text": said.reason},
        "help": {"text": plain, "markdown": rule_page(rule.id, language)},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"severity": rule.severity, "routes": list(rule.routes)},
    }
    if rule_pages:
        described["helpUri"] = f"{rule_pages}{page_of(rule.id)}"
    return described


def _result(uri: str, finding: Finding, index: int, language: Language) -> dict[str, Any]:
    said = finding.text(language)
    region = {"startLine": finding.line}
    if finding.start:
        region |= {"startColumn": finding.start, "endColumn": finding.end}
    about = f"{finding.name}: " if finding.name else ""
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{about}{said.title}. {said.reason} {said.cure}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}],
        "properties": {
            "severity": finding.severity,
            "routes": list(finding.routes),
            "column": finding.column,
            "field": finding.name,
            "value": finding.value,
            "expected": finding.expected,
        },
    }
