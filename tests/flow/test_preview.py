"""A preview shows what would be booked, and leaves no trace."""

from __future__ import annotations

from mlconnector.flow.preview import preview
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, WITHOUT_NUMBER


def test_a_preview_stores_nothing_and_sends_nothing(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(12)
    before = rig.verdict()
    seen = list(preview(rig.services, rig.name, 100))
    assert len(seen) == 12
    assert (rig.states(), rig.verdict(), rig.outside.documents(), rig.datev.jobs) == ({}, before, [], [])


def test_a_preview_shows_the_rows_that_a_run_then_books(make_rig: MakeRig) -> None:
    rig = make_rig(WITHOUT_NUMBER)
    seen = {one.external_id: one for one in preview(rig.services, rig.name, 100)}
    assert [problem.key for problem in seen[str(WITHOUT_NUMBER)].problems] == ["number_missing"]
    assert {because.field for because in seen[str(DOMESTIC)].because} >= {"account", "debtor"}
    rig.work()
    shown = sorted(
        (row["Belegfeld 1"], row["Gegenkonto (ohne BU-Schlüssel)"])
        for one in seen.values()
        for row in one.rows
    )
    assert shown == sorted((row.number, row.contra_account) for row in rig.outside.rows())


def test_a_preview_stops_where_it_is_told(make_rig: MakeRig) -> None:
    rig = make_rig(5)
    assert len(list(preview(rig.services, rig.name, 2))) == 2
