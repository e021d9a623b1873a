"""Every page in a real browser: nothing for axe to find, nothing too wide, nothing from elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize

from mlconnector.flow.agree import drafts
from mlconnector.flow.connect.example import example
from mlconnector.systems.registry import source_systems
from mlconnector.texts.language import Language
from tests.browser.pages import NARROW, WIDE, Console, faults_of
from tests.web.console import rig as console

pytestmark = pytest.mark.xdist_group("browser-pages")
SHARES = 4


def walked(made: Console, language: Language, size: ViewportSize, share: int) -> list[str]:
    """What is wrong with every fourth page, from one of the first four on."""
    page = made.visitor(language=language, viewport=size)
    found: list[str] = []
    for path in sorted(console.pages(made.rig))[share::SHARES]:
        answer = page.goto(made.url(path))
        if answer is not None and "text/html" in answer.headers.get("content-type", ""):
            found += faults_of(page, path)
    page.context.close()
    return found


# Each page once in a small run: a quarter of them in each language and width. All of them are thorough.
SMALL = {("de", "wide"): 0, ("en", "wide"): 1, ("de", "narrow"): 2, ("en", "narrow"): 3}


@pytest.mark.parametrize(
    ("language", "width", "share"),
    [
        pytest.param(
            language,
            width,
            share,
            marks=[] if SMALL[language, width] == share else [pytest.mark.thorough],
        )
        for language, width in SMALL
        for share in range(SHARES)
    ],
)
def test_no_page_has_a_serious_fault_whatever_stands_on_it(
    filled: Console, language: Language, width: str, share: int
) -> None:
    assert walked(filled, language, NARROW if width == "narrow" else WIDE, share) == []


@pytest.mark.parametrize(
    ("language", "share"),
    [("de", 0), *(pytest.param("en", share, marks=pytest.mark.thorough) for share in range(SHARES))],
)
def test_no_page_of_an_empty_installation_has_a_serious_fault(
    empty: Console, language: Language, share: int
) -> None:
    assert walked(empty, language, WIDE, share) == []


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("procore", "de"),
        *(
            pytest.param(source, language, marks=pytest.mark.thorough)
            for source in source_systems()
            for language in ("de", "en")
            if (source, language) != ("procore", "de")
        ),
    ],
)
def test_the_whole_form_of_a_source_has_no_serious_fault(
    empty: Console, source: str, language: Language
) -> None:
    text = example(f"my-{source}", source_systems()[source], language)
    drafts.keep(empty.rig.application.services, f"my-{source}", "settings", text.encode(), "test")
    page = empty.visitor(language=language, viewport=WIDE)
    page.goto(empty.url(f"connections/draft?connection=my-{source}"))
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = list(faults_of(page, "wide"))
    page.set_viewport_size(NARROW)
    found += faults_of(page, "narrow")
    page.context.close()
    assert found == []
