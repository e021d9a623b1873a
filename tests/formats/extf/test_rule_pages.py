"""The rules as pages: complete, in both languages, and the documentation has those of the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlconnector.formats.extf import SEVERITY_NAMES, rule_page, rules
from mlconnector.formats.extf.rule_pages import page_of, pages, rule_groups
from mlconnector.formats.extf.rules import ROUTE_NAMES, Language, sources

DOCS = Path(__file__).resolve().parents[3] / "docs" / "reference" / "rules"


def test_every_rule_is_on_exactly_one_page() -> None:
    listed = [rule.id for group in rule_groups() for rule in group.rules]
    assert sorted(listed) == sorted(rules())
    assert all(f"\n## {rule_id}\n" in pages()[page_of(rule_id).split("#")[0]] for rule_id in rules())


def test_the_pages_in_the_documentation_are_up_to_date() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    assert written == pages(), "run .venv/bin/python scripts/rule_pages.py"


@pytest.mark.parametrize("rule_id", rules())
def test_a_page_says_what_how_severe_why_what_to_do_where_and_who_says_so(rule_id: str) -> None:
    rule = rules()[rule_id]
    languages: tuple[tuple[Language, str, str, str, str], ...] = (
        ("de", "Warum", "Was tun", "Gilt für", "Quelle"),
        ("en", "Why", "What to do", "Holds for", "Source"),
    )
    for language, why, cure, holds, source in languages:
        page = rule_page(rule_id, language)
        said = rule.text(language)
        assert page.startswith(f"**{said.title}** ({SEVERITY_NAMES[language][rule.severity]}: ")
        assert f"{why}: {said.reason}" in page
        assert f"{cure}: {said.cure}" in page
        assert f"{holds}: {' · '.join(ROUTE_NAMES[language][route] for route in rule.routes)}\n" in page
        assert f"{source}: {' · '.join(sources()[key][language] for key in rule.sources)}" in page


def test_an_example_is_shown_where_there_is_one() -> None:
    assert rule_page("EXTF-B-206", "en").endswith(
        "Wrong: `100,00 CHF, Kurs 1,05, 105,00 EUR` · Right: `100,00 CHF, Kurs 1,05, 95,24 EUR`"
    )


def test_a_rule_that_there_is_not_is_refused() -> None:
    with pytest.raises(KeyError):
        rule_page("EXTF-X-1", "de")
