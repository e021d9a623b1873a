"""Every step may be repeated: killed at any of its points, and begun again, it does nothing twice.

The end of a process is imitated by an exception that nobody catches; `tests/killing` does it in earnest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mlconnector.errors import NeedsLogin
from mlconnector.flow.context.kill_points import POINTS, watch
from mlconnector.flow.intake import records
from mlconnector.store import connections
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, Killed, Rig, counted
from tests.flow.suggestions_rig import TRANSFER_POINTS
from tests.flow.warehouse.rig import LOAD_POINTS


def deliver(rig: Rig) -> None:
    for row in rig.batches("frozen"):
        rig.deliver(row.id)


def follow(rig: Rig) -> None:
    for row in rig.batches("submitted"):
        rig.follow(row.id)


STAGES: tuple[tuple[Callable[[Rig], object], tuple[str, ...]], ...] = (
    (lambda rig: rig.read(rig.begin()), ("intake_stored",)),
    (lambda rig: rig.book(rig.begin()), ("entries_stored",)),
    (lambda rig: rig.freeze(), ("batch_frozen",)),
    (deliver, ("documents_sent", "batch_noted", "batch_sent", "receipt_noted")),
    (follow, ("job_polled", "batch_settled")),
)
TRIED = [point for _, points in STAGES for point in points]


def test_every_point_of_the_way_is_tried() -> None:
    assert {*TRIED, *TRANSFER_POINTS, *LOAD_POINTS, "refresh_answered"} == set(POINTS)


@pytest.mark.parametrize("point", TRIED)
def test_a_step_that_was_killed_is_repeated_without_doing_anything_twice(
    make_any_rig: MakeRig, point: str
) -> None:
    rig = make_any_rig(3)
    rig.date(DOMESTIC, MIXED_RATES)
    for stage, points in STAGES:
        if point in points:
            with rig.dying_at(point):
                stage(rig)
            break
        stage(rig)
    rig.outside.clock.advance(60)
    rig.work()
    sums = rig.outside.sums()
    assert sorted(sums) == rig.numbers((1, 2, 3))
    for deal, number in zip((1, 2, 3), sorted(sums), strict=True):
        assert abs(sums[number] - rig.outside.gross(deal)) <= Decimal("0.02")
    assert set(counted(rig.outside.rows()).values()) == {1}
    assert len(rig.outside.documents()) == 3
    assert rig.states() == {"settled": 3}
    assert rig.verdict().ok


def test_the_cursor_moves_only_together_with_what_was_stored(
    make_any_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_any_rig(2)
    run = rig.begin()

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(connections, "move_cursor", die)
        with pytest.raises(Killed):
            rig.read(run)
    assert (records.since(rig.context), rig.states()) == (None, {})
    rig.read(run)
    assert records.since(rig.context) is not None
    assert rig.states() == {"received": 2}


def test_killed_between_a_refresh_and_its_note_only_a_login_helps(make_any_rig: MakeRig) -> None:
    """The one remaining possibility: the old refresh token was used up, and the new one is gone."""
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    left = rig.services.tokens(rig.name, "datev").current().expires_at - datetime.now(UTC)
    rig.outside.clock.advance(left.total_seconds())
    with rig.dying_at("refresh_answered"):
        rig.deliver(batch)
    rig.services.forget(rig.name)
    with pytest.raises(NeedsLogin):
        rig.deliver(batch)
    rig.log_in()
    rig.transfer()
    assert rig.states() == {"settled": 1}
    assert len(rig.outside.documents()) == len(rig.outside.jobs()) == 1


def test_a_point_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="is no point of the way"):
        watch("somewhere")
