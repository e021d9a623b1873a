"""Findings as SARIF: levels, places and descriptions that code forges and editors understand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlconnector.formats.extf import Finding, check, rules, sarif
from mlconnector.formats.extf.sarif import LEVELS
from tests.formats.extf.test_checker import BOOKINGS, encoded, with_cell

CONTENT = encoded(with_cell(9, 10, "807", with_cell(3, 14, '"' + "x" * 61 + '"')))


def log(content: bytes = CONTENT, **options: Any) -> dict[str, Any]:
    found = [("out/EXTF_x.csv", finding) for finding in check(content)]
    return sarif(found, version="1.2.3", language="en", **options)


def run(**options: Any) -> dict[str, Any]:
    made = log(**options)
    assert made["version"] == "2.1.0"
    (only,) = made["runs"]
    assert isinstance(only, dict)
    return only


def test_every_rule_is_described_with_its_level_and_how_to_cure_it() -> None:
    driver = run()["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"], driver["language"]) == ("ml-connector", "1.2.3", "en")
    described = {each["id"]: each for each in driver["rules"]}
    assert list(described) == list(rules())
    for rule in rules().values():
        one = described[rule.id]
        assert one["shortDescription"]["text"] == rule.en.title
        assert rule.en.cure in one["help"]["text"]
        assert rule.en.cure in one["help"]["markdown"]
        assert one["defaultConfiguration"]["level"] == LEVELS[rule.severity]


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        ("rejected_online", "error"),
        ("rejected_import", "error"),
        ("changed", "warning"),
        ("doubtful", "note"),
    ],
)
def test_severities_become_levels(severity: Any, level: str) -> None:
    finding = Finding("EXTF-B-201", severity, 3)
    made = sarif([("x.csv", finding)], version="1", language="de")
    assert made["runs"][0]["results"][0]["level"] == level


def test_a_result_points_at_file_line_and_characters() -> None:
    first, second = run()["results"]
    assert (first["ruleId"], second["ruleId"]) == ("EXTF-V-03", "EXTF-B-210")
    assert list(rules())[second["ruleIndex"]] == "EXTF-B-210"
    place = second["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "out/EXTF_x.csv"}
    start, end = place["region"]["startColumn"], place["region"]["endColumn"]
    assert place["region"]["startLine"] == 9
    assert with_cell(9, 10, "807")[8][start - 1 : end - 1] == "807"
    assert second["properties"]["column"] == 10
    assert second["message"]["text"].startswith("Belegdatum: Leading zero")


def test_a_finding_on_a_whole_line_has_no_columns() -> None:
    made = log(encoded([*BOOKINGS[:4], ""]).removesuffix(b"\r\n"))
    (result,) = made["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 4}


def test_rules_lead_to_their_pages_where_these_are_published() -> None:
    assert "helpUri" not in run()["tool"]["driver"]["rules"][0]
    described = run(rule_pages="https://docs.example/rules/")["tool"]["driver"]["rules"]
    assert described[0]["helpUri"] == "https://docs.example/rules/files.md#extf-f-01"


def test_it_is_plain_json() -> None:
    assert json.loads(json.dumps(log())) == log()
