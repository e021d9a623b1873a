"""The screen Übersicht: what there is to do, how connections stand, charts that agree with their tables."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from mlconnector.flow.report.attention import Kind
from mlconnector.web.console.screens.overview import LEADS_TO
from tests.web.console.rig import HOSTILE, fill, visitor
from tests.web.rig import NAME, Rig


def chart(page: str, key: str) -> tuple[int, list[list[str]]]:
    """How many bars a chart has, and the rows of its table."""
    section = page.partition(f'<h3 id="{key}">')[2].split("</section>")[0]
    body = section.split("<tbody>")[1].split("</tbody>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in body.split("</tr>")[:-1]]
    return section.split("</svg>")[0].count("<rect"), rows


@pytest.mark.parametrize(
    ("language", "title"), [("de", "Was muss ich tun?"), ("en", "What do I have to do?")]
)
def test_an_empty_database_has_an_overview(rig: Rig, language: str, title: str) -> None:
    assert title in visitor(rig, language=language).page("")


def test_a_connection_has_a_card_and_its_login_is_to_do(rig: Rig) -> None:
    rig.connect()
    page = visitor(rig).page("")
    assert f"<bdi>{NAME}</bdi>" in page
    assert "braucht eine Anmeldung" in page
    assert f'href="/console/connections/connection?connection={NAME}"' in page


def test_each_chart_says_the_same_as_its_table(rig: Rig) -> None:
    fill(rig)
    page = visitor(rig, "auditor").page("")
    bars, days = chart(page, "by_day")
    assert days[-1][0] == "02.03.2026"
    assert sum(int(cell) for cell in days[-1][1:]) == len(HOSTILE) + 7
    assert bars == 8
    bars, causes = chart(page, "by_cause")
    assert (bars, [row[1] for row in causes]) == (1, [str(len(HOSTILE))])
    assert "Erlöskonto" in causes[0][0]
    bars, cases = chart(page, "by_case")
    assert bars == 2
    assert [row[1:] for row in cases] == [["EUR", "3.570,00"], ["EUR", "-601,50"]]
    bars, ages = chart(page, "by_age")
    assert (bars, ages[0][1]) == (1, str(len(HOSTILE) + 3))


def test_what_is_to_do_leads_to_the_page_that_shows_it(rig: Rig) -> None:
    fill(rig)
    mine = visitor(rig)
    assert set(LEADS_TO) == set(get_args(Kind))
    for page in sorted(set(LEADS_TO.values())):
        assert NAME in mine.page(f"{page}?connection={NAME}"), page
    assert f'href="/console/exceptions?connection={NAME}"' in mine.page("")
