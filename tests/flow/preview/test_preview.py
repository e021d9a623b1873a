"""A preview shows what would be booked, and leaves no trace."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.flow.preview.booking_list import Previewed
from mlconnector.flow.preview.preview import preview
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, FOREIGN_MONEY, MIXED_RATES, WITHOUT_NUMBER, Rig

NUMBER = "RE-2026-00001"


def seen(rig: Rig, *wanted: str) -> list[Previewed]:
    return list(preview(rig.context, 100, wanted))


def rows(one: Previewed) -> list[tuple[str, str, Decimal]]:
    """Kind of booking, side and amount of each row."""
    found = [(row.entry.kind, row.row["Soll/Haben-Kennzeichen"], abs(row.line.amount)) for row in one.listed]
    return [(kind, str(side), amount) for kind, side, amount in found]


def test_a_preview_stores_nothing_and_sends_nothing(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(12)
    before = rig.verdict()
    assert len(seen(rig)) == 12
    assert (rig.states(), rig.verdict(), rig.outside.documents(), rig.datev.jobs) == ({}, before, [], [])


def test_a_preview_shows_the_rows_that_a_run_then_books(make_rig: MakeRig) -> None:
    rig = make_rig(WITHOUT_NUMBER)
    shown = {one.external_id: one for one in seen(rig)}
    assert [problem.key for problem in shown[str(WITHOUT_NUMBER)].problems] == ["number_missing"]
    assert {because.field for because in shown[str(DOMESTIC)].because} >= {"account", "debtor"}
    rig.work()
    expected = sorted(
        (row["Belegfeld 1"], row["Gegenkonto (ohne BU-Schlüssel)"])
        for one in shown.values()
        for row in one.rows
    )
    assert expected == sorted((row.number, row.contra_account) for row in rig.outside.rows())


def test_a_preview_stops_where_it_is_told(make_rig: MakeRig) -> None:
    rig = make_rig(5)
    assert len(list(preview(rig.context, 2))) == 2


def test_each_row_has_the_postings_that_datev_makes_of_it(make_rig: MakeRig) -> None:
    rig = make_rig(MIXED_RATES)
    (one,) = seen(rig, str(MIXED_RATES))
    made = [[(posting.side, posting.account) for posting in row.postings] for row in one.listed]
    assert made == [
        [("S", "40000"), ("H", "8400"), ("H", "1776")],
        [("S", "40000"), ("H", "8300"), ("H", "1771")],
    ]
    assert [row.number for row in one.listed] == [1, 2]


def test_it_names_the_document_and_the_number_that_the_party_would_get(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (one,) = seen(rig)
    assert (one.document, one.new_person, one.channel) == (f"Rechnung_{NUMBER}.pdf", "40000", "extf")
    rig.work()
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    (again,) = seen(rig)
    assert again.new_person == "", "the party has its number"


def test_foreign_money_has_its_rate_and_its_amount_in_euro(make_rig: MakeRig) -> None:
    rig = make_rig(FOREIGN_MONEY)
    (one,) = seen(rig, str(FOREIGN_MONEY))
    row = one.rows[0]
    assert row["WKZ Umsatz"] != "EUR"
    assert row["Basis-Umsatz"] == (row["Umsatz (ohne Soll/Haben-Kz)"] / row["Kurs"]).quantize(Decimal("0.01"))


def test_what_datev_has_is_shown_as_taken_back_and_booked_anew(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    before = rig.outside.gross(DOMESTIC)
    assert seen(rig) == []
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    (one,) = seen(rig)
    assert rows(one) == [("reversal", "H", before), ("original", "S", rig.outside.gross(DOMESTIC))]
    rig.pipedrive.lose(DOMESTIC)
    (lost,) = seen(rig)
    assert (rows(lost), lost.ignored) == ([("reversal", "H", before)], "withdrawn")


def test_a_change_that_no_booking_shows_books_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.work()
    rig.pipedrive.change_deal(DOMESTIC, title="Anderer Titel")
    (one,) = seen(rig)
    assert (rows(one), one.ignored) == ([], "unchanged")


@pytest.mark.parametrize(("way", "marked"), [("swap", [False, False]), ("generalumkehr", [True, False])])
def test_a_generalumkehr_is_marked(make_rig: MakeRig, way: str, marked: list[bool]) -> None:
    rig = make_rig(1)
    rig.connect(rig.text.replace("[books]", f'[books]\nreversals = "{way}"'))
    rig.work()
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    (one,) = seen(rig)
    assert [row.marked for row in one.listed] == marked


def test_texts_that_are_changed_to_fit_are_listed(make_rig: MakeRig) -> None:
    rig = make_rig(9)
    (one,) = seen(rig, "9")
    assert [(change.field, change.reason) for change in one.changes] == [("Belegfeld 1", "replaced")]
    rig.connect(rig.text.replace("[books]", '[books]\nencoding = "windows-1252"'))
    organization = rig.pipedrive.deal(DOMESTIC).org_id
    assert organization is not None
    rig.pipedrive.change_organization(organization, name="Łukasz Bau")
    (other,) = seen(rig, str(DOMESTIC))
    assert [(change.field, change.reason) for change in other.changes] == [("Buchungstext", "transliterated")]
