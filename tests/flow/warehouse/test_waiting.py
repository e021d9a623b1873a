"""What only a person can help is shown, and tried less and less often, until somebody asks or has helped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.warehouse.loading import load_everything, replay
from mlconnector.flow.warehouse.shown import warehouse_data
from mlconnector.flow.warehouse.target import targets
from mlconnector.flow.warehouse.waiting import next_try
from mlconnector.model.problems import Problem
from mlconnector.store import loads
from mlconnector.store.loads import LoadRow
from mlconnector.systems.databricks.embedded import EmbeddedWarehouse
from mlconnector.systems.warehouse import Carried, OutgoingLoad, Reached
from tests.flow.conftest import MakeRig
from tests.flow.rig import MUSTERHOLZ, Rig
from tests.flow.warehouse.rig import folder, load, with_tables
from tests.systems.databricks.tables import rows_of

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
REFUSED = Problem("databricks_not_granted", {"answer": "no MODIFY", "grants": "GRANT MODIFY TO x;"})


def refused(times: int, **more: Any) -> LoadRow:
    said: dict[str, Any] = dict.fromkeys(LoadRow.__dataclass_fields__, "")
    return LoadRow(**{**said, "state": "failed", "refusals": times, "changed_at": NOON, **more})


def test_each_pause_is_twice_as_long_up_to_a_day() -> None:
    pauses = [at - NOON for times in range(1, 2000) if (at := next_try(refused(times)))]
    assert [pause.total_seconds() / 3600 for pause in pauses[:8]] == [0.5, 1, 2, 4, 8, 16, 24, 24]
    assert pauses[-1] == pauses[7]


def test_what_failed_otherwise_or_goes_on_waits_for_nobody() -> None:
    assert next_try(refused(0)) is None
    assert next_try(refused(3, state="planned")) is None


@dataclass
class Right:
    """A right to a table that runs may miss; what was asked for without it is counted."""

    is_missing: bool = True
    table: str = "vouchers"
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    made = make_rig(1)
    made.work()
    with_tables(made)
    return made


@pytest.fixture
def right(monkeypatch: pytest.MonkeyPatch) -> Right:
    made, plain = Right(), EmbeddedWarehouse.load

    def load(self: EmbeddedWarehouse, given: OutgoingLoad, reached: Callable[[Reached], None]) -> Carried:
        if made.is_missing and made.table in given.rows:
            made.asked.append(given.id)
            raise NeedsHuman(REFUSED)
        return plain(self, given, reached)

    monkeypatch.setattr(EmbeddedWarehouse, "load", load)
    return made


def on_schedule(rig: Rig) -> list[Problem]:
    """What the next load of the schedule says."""
    return load_everything(rig.services).failures


def test_a_right_that_only_runs_miss_is_asked_for_less_and_less_often(rig: Rig, right: Right) -> None:
    assert on_schedule(rig) == [REFUSED]
    for number, hours in enumerate((0.5, 1, 2), start=1):
        rig.outside.clock.advance(hours * 3600 - 60)
        assert on_schedule(rig) == [REFUSED]
        assert len(right.asked) == number
        rig.outside.clock.advance(60)
        assert on_schedule(rig) == [REFUSED]
        assert len(right.asked) == number + 1
    assert rig.events(right.asked[0]) == ["load_planned", "load_failed"] * 4
    (failed,) = warehouse_data(targets(rig.services)[0], "en")["failed"]
    assert "GRANT MODIFY TO x;" in failed["problem"]["do"]
    left = datetime.fromisoformat(failed["next_try"]) - rig.services.now()
    assert timedelta(hours=3.9) < left <= timedelta(hours=4)


def test_a_load_that_is_replayed_by_hand_goes_at_once(rig: Rig, right: Right) -> None:
    (target,) = targets(rig.services)
    on_schedule(rig)
    right.is_missing = False
    assert on_schedule(rig) == [REFUSED]
    with rig.app.database.read() as db:
        (row,) = loads.failed(db, target.name)
    assert replay(target, row).verified == 1
    assert on_schedule(rig) == []
    assert warehouse_data(target, "en")["failed"] == []


def test_a_check_that_finds_all_well_lets_the_next_load_go(
    rig: Rig, right: Right, monkeypatch: pytest.MonkeyPatch
) -> None:
    (target,) = targets(rig.services)
    on_schedule(rig)

    def unready(_self: EmbeddedWarehouse) -> None:
        raise NeedsHuman(REFUSED)

    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedWarehouse, "ready", unready)
        assert [step.outcome for step in target.check()] == ["ok", "failed"]
    right.is_missing = False
    assert on_schedule(rig) == [REFUSED]
    assert {step.outcome for step in target.check()} == {"ok"}
    assert on_schedule(rig) == []
    assert len(rows_of(folder(rig), "vouchers")) == 1


def test_what_comes_before_goes_on_and_new_content_of_the_source_waits_with_it(
    rig: Rig, right: Right
) -> None:
    for entity in ("Holz", "Holz AG", "Holz SE"):
        with_tables(rig, entities={MUSTERHOLZ: entity})
        assert on_schedule(rig) == [REFUSED]
        assert {row["entity_id"] for row in rows_of(folder(rig), "clients")} == {entity}
    assert len(right.asked) == 1
    right.is_missing = False
    assert load(rig).failed == 0
    with rig.app.database.read() as db:
        assert loads.held_back(db, "databricks") is None


def test_a_warehouse_waits_by_the_load_alone_that_was_refused_last(rig: Rig, right: Right) -> None:
    on_schedule(rig)
    right.table = "accounts"
    with_tables(rig, entities={MUSTERHOLZ: "Holz"})
    for _ in range(2):
        assert on_schedule(rig) == [REFUSED]
    assert len(right.asked) == 2
    with rig.app.database.read() as db:
        held = loads.held_back(db, "databricks")
        assert held is not None
        assert (held.kind, held.refusals) == ("accounts", 2)
        assert [row.refusals for row in loads.failed(db, "databricks")] == [2, 0]
