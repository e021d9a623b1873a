"""Every page in a real browser: nothing for axe to find, nothing too wide, nothing from elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize

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
