"""What corrects a booking of a closed month goes into the first open month, and says what it corrects."""

from __future__ import annotations

from datetime import date

from mlconnector.flow.agree import open_day
from mlconnector.model.entries import Entry, decode
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, Rig

NUMBER = "RE-2026-00001"


def first_of_this_month(rig: Rig) -> date:
    return rig.context.now().date().replace(day=1)


def made(rig: Rig, deal_id: int) -> list[Entry]:
    return [decode(row.content) for row in rig.entries(deal_id)]


def booked_then_changed(rig: Rig) -> None:
    rig.date(DOMESTIC, day="2026-07-15")
    rig.work()
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100)
    rig.work()


def test_without_a_word_from_the_adviser_every_month_before_this_one_is_closed(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    booked_then_changed(rig)
    open_month = f"{first_of_this_month(rig):%Y-%m}"
    assert [row.period for row in rig.batches()] == ["2026-07", open_month]
    assert [row.day for row in rig.outside.rows()] == ["1507", *[f"{first_of_this_month(rig):%d%m}"] * 2]
    assert rig.outside.sums() == {NUMBER: rig.outside.gross(DOMESTIC)}
    assert rig.verdict().ok


def test_rows_in_the_open_month_say_which_document_they_correct(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    booked_then_changed(rig)
    first, back, again = made(rig, DOMESTIC)
    assert back.lines[0].text == f"Storno 15.07.2026 {first.lines[0].text}"
    assert again.lines[0].text == f"Beleg 15.07.2026 {first.lines[0].text}"


def test_the_day_that_the_adviser_names_counts(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.open_from("2026-07-01")
    booked_then_changed(rig)
    assert {row.period for row in rig.batches()} == {"2026-07"}
    rig.open_from("2026-09-01")
    rig.pipedrive.lose(DOMESTIC)
    rig.work()
    assert [row.period for row in rig.batches()] == ["2026-07", "2026-07", "2026-09"]
    assert rig.outside.sums()[NUMBER] == 0


def test_what_was_never_booked_is_booked_on_its_own_day_however_old(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.open_from("2026-09-01")
    rig.date(DOMESTIC, day="2026-07-15")
    rig.work()
    assert [row.period for row in rig.batches()] == ["2026-07"]


def test_the_named_day_is_kept_with_who_said_it_and_why(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    assert open_day.named(rig.context) is None
    rig.open_from("2026-08-01")
    rig.open_from("2026-09-01")
    said = open_day.named(rig.context)
    assert said is not None
    assert (said.open_from, said.said_by, said.reason) == (date(2026, 9, 1), "Kanzlei", "test")
    assert rig.events(rig.name).count("open_day_named") == 2
