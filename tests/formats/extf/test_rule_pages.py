"""The rules as pages: complete, in both languages, and the documentation has those of the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlconnector.formats.extf import rule_page, rules
from mlconnector.formats.extf.rule_pages import page_of, pages, rule_groups

DOCS = Path(__file__).resolve().parents[3] / "docs" / "reference" / "rules"


def test_every_rule_is_on_exactly_one_page() -> None:
    listed = [rule.id for group in rule_groups() for rule in group.rules]
    assert sorted(listed) == sorted(rules())
    assert all(f"\n## {rule_id}\n" in pages()[page_of(rule_id).split("#")[0]] for rule_id in rules())


def test_the_pages_in_the_documentation_are_up_to_date() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    assert written == pages(), "run .venv/bin/python scripts/rule_pages.py"


@pytest.mark.parametrize("rule_id", rules())
def test_a_page_says_what_how_severe_why_and_what_to_do(rule_id: str) -> None:
    rule = rules()[rule_id]
    for language, severity, why, cure in (
        (
            "de",
            {"rejected": "abgelehnt", "changed": "verändert", "doubtful": "zweifelhaft"},
            "Warum",
            "Was tun",
        ),
        ("en", {"rejected": "rejected", "changed": "changed", "doubtful": "doubtful"}, "Why", "What to do"),
    ):
        page = rule_page(rule_id, "de" if language == "de" else "en")
        said = rule.text("de" if language == "de" else "en")
        assert page.startswith(f"**{said.title}** ({severity[rule.severity]}: ")
        assert f"{why}: {said.reason}" in page
        assert f"{cure}: {said.cure}" in page


def test_an_example_is_shown_where_there_is_one() -> None:
    assert rule_page("EXTF-B-206", "en").endswith(
        "Wrong: `100,00 CHF, Kurs 1,05, 105,00 EUR` · Right: `100,00 CHF, Kurs 1,05, 95,24 EUR`"
    )


def test_a_rule_that_there_is_not_is_refused() -> None:
    with pytest.raises(KeyError):
        rule_page("EXTF-X-1", "de")
