"""What a step returned is kept beside how it ended."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import msgspec
import pytest

from mlconnector.flow.decide import book
from mlconnector.flow.deliver import delivery
from mlconnector.flow.engine import progress
from mlconnector.flow.engine.outcomes import Outcome, outcome_in, outcome_of, result_in
from mlconnector.flow.intake import records
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, FOREIGN_MONEY, bookings_only

MODULES = (book, delivery, progress, records)
RESULTS = sorted(
    {
        value
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, type) and is_dataclass(value) and value.__module__ == module.__name__
    },
    key=lambda result: result.__qualname__,
)


@pytest.mark.parametrize("result", RESULTS)
def test_no_result_of_a_step_has_a_field_that_tells_how_a_step_ended(result: Any) -> None:
    own = {field.name for field in msgspec.structs.fields(Outcome)}
    assert {field.name for field in fields(result)} & own == set()


def test_a_set_that_another_follows_is_told_of_as_done(make_rig: MakeRig) -> None:
    rig = make_rig(DOMESTIC)
    kept = outcome_of(rig.context, lambda: book.Booked("key of the last one", 2, 1))
    assert outcome_in(kept).outcome == "done"
    assert result_in(kept, book.Booked) == book.Booked("key of the last one", 2, 1)


def test_a_run_books_set_after_set(make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "SET", 1)
    rig = make_rig(FOREIGN_MONEY, text=bookings_only)
    rig.work()
    assert rig.states().keys() <= {"settled", "needs_human"}
    assert len(rig.outside.sums()) > 2
