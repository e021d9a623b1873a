"""What all screens are made of: places that keep a search, pages of lists, files to take along, states."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from mlconnector.texts.language import Language
from mlconnector.web.console.charts import columns_chart
from mlconnector.web.console.downloads import downloaded
from mlconnector.web.console.pages import Viewer, Written, coded, linkable
from mlconnector.web.console.place import Place, paging, place_of
from mlconnector.web.console.plain_words import bound, plain
from mlconnector.web.console.tones import tone
from tests.web.console.rig import HOSTILE, faults


def test_an_address_keeps_what_was_searched_for() -> None:
    place = place_of("/console/people", "name=M%C3%BCller+%26+Co&role=&page=3")
    assert place.with_(page=4) == "/console/people?name=M%C3%BCller+%26+Co&page=4"
    assert place.with_(page=1) == "/console/people?name=M%C3%BCller+%26+Co"
    assert place.with_(name=None, page=None) == "/console/people"
    assert place.asked("name") == "Müller & Co"


@pytest.mark.parametrize("asked", ["", "0", "-1", "x", "²", "1e3", "9" * 40])
def test_a_page_that_is_no_number_is_the_first(asked: str) -> None:
    assert paging(Place("/x", (("page", asked),)), 1000).page == 1


def test_a_list_has_its_pages() -> None:
    last = paging(Place("/x", (("page", "99"),)), 101)
    assert (last.page, last.pages, last.first, last.last) == (3, 3, 101, 101)
    empty = paging(Place("/x"), 0)
    assert (empty.page, empty.pages, empty.first, empty.last) == (1, 1, 0, 0)


def test_more_parameters_than_a_form_has_are_not_read() -> None:
    assert place_of("/x", "a=1&" * 1000).query == ()


def test_a_list_is_taken_along_as_its_language_writes_it() -> None:
    rows = [(HOSTILE[1], Decimal("1234.5"), date(2026, 10, 31))]
    answer = downloaded("csv", "Öl/../x", ["Name", "Betrag", "Tag"], rows, "de")
    text = bytes(answer.body).decode("utf-8-sig")
    assert text == "Name;Betrag;Tag\r\n'=cmd|' /C calc'!A0;1234,50;31.10.2026\r\n"
    assert answer.headers["content-disposition"] == 'attachment; filename="l-..-x.csv"'
    book = openpyxl.load_workbook(io.BytesIO(bytes(downloaded("xlsx", "x", ["Name"], rows, "de").body)))
    cell = book["x"]["A2"]
    assert (cell.value, cell.data_type) == (HOSTILE[1], "s")


@pytest.mark.parametrize(
    ("language", "amount", "day"),
    [("de", "-1.234,50\xa0EUR", "31.10.2026"), ("en", "-1,234.50\xa0EUR", "2026-10-31")],
)
def test_amounts_and_days_are_as_the_language_writes_them(language: Language, amount: str, day: str) -> None:
    written = Written(language)
    assert written.amount(Decimal("-1234.5"), "EUR") == amount
    assert written.day(date(2026, 10, 31)) == day
    assert written.period("2026-07..2026-09") in {"Juli 2026 – September 2026", "July 2026 – September 2026"}
    assert written.amount(None) == written.day(None) == written.moment(None) == "–"


def test_a_link_leads_to_the_web_alone() -> None:
    assert linkable("https://example.com/deal/1") == "https://example.com/deal/1"
    assert {linkable(each) for each in ("javascript:alert(1)", "data:text/html,x", "/x", "")} == {""}


def test_code_within_a_text_carries_no_markup() -> None:
    assert coded({"viewer": Viewer("de")}, "`<b>` & x") == "<code>&lt;b&gt;</code> &amp; x"


@pytest.mark.parametrize(
    ("language", "said", "told"),
    [
        ("de", "Keine Zeile [[mapping.revenue]] passt.", "Keine Zeile in „Zuordnung › Erlöse“ passt."),
        ("en", "No row of [[mapping.revenue]] fits.", "No row of “Mapping › Revenue” fits."),
        ("de", "unter [mapping.exchange_rates]", "unter „Einstellungen › Monatskurse“"),
        ("de", "Möglich: Inland 19 % (domestic_19).", "Möglich: Inland 19\xa0%."),
        ("de", "1.234,56 EUR und 500 kB", "1.234,56\xa0EUR und 500\xa0kB"),
        ("en", "[sic] (x) 12 months", "[sic] (x) 12 months"),
    ],
)
def test_a_page_has_no_names_of_settings_and_breaks_no_line_before_a_unit(
    language: Language, said: str, told: str
) -> None:
    assert bound(plain(said, language)) == told


def test_a_state_has_a_tone_and_one_without_is_quiet() -> None:
    assert tone("connection", "degraded").name == "bad"
    assert tone("connection", "unheard of").name == "quiet"


def test_what_is_negative_hangs_below_the_axis() -> None:
    chart = columns_chart("x", ["a", "b"], [("1", "2"), ("2", "-1")], [[2], [-1]], names=["1.", "2."])
    up, down = chart.bars
    assert up.y + up.height == pytest.approx(chart.axis, abs=0.2)
    assert down.y == pytest.approx(chart.axis, abs=0.2)
    assert down.height == pytest.approx(up.height / 2, abs=0.2)


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("<h1>x</h1><p>", "not closed: ['p']"),
        ("<h1>x</h1></p>", "</p> closes what is not open"),
        ("<h1>x</h1><input name='x'>", "no label: x"),
        ("<h1>x</h1><table></table>", "table without a caption"),
        ("<h1 style='color:red'>x</h1>", "inline: h1 {'style': 'color:red'}"),
        ("<h1>x</h1><h1>y</h1>", "2 h1"),
    ],
)
def test_a_page_that_is_badly_made_is_found_out(page: str, fault: str) -> None:
    assert fault in faults(page)
