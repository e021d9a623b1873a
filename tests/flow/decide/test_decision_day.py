"""The day for which a decision is made: this one, and of what stands in the books that of its booking."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from mlconnector.flow.decide.decisions import decided_on
from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft, entry
from mlconnector.model.entries import Entry
from mlconnector.texts.zone import day_of
from tests.flow.conftest import MakeRig
from tests.mapping.builders import buying, line, purchase

BOOKED = date(2026, 8, 20)


def booking(*, building_work: bool) -> Entry:
    row = {"party_id": "organization/7", "withholding": "deduct"}
    by = buying(contractor=[row] if building_work else [])
    made = decide(purchase(line("1000"), building_work=building_work), by, today=BOOKED)
    assert isinstance(made, Draft)
    return entry(made, person="70001", document=None, revision="r", turn=1)


def test_what_is_new_is_decided_for_today(make_rig: MakeRig) -> None:
    context = make_rig(1).context
    assert decided_on(context, ()) == day_of(context.now())


def test_what_stands_is_decided_for_the_day_of_its_booking(make_rig: MakeRig) -> None:
    context = make_rig(1).context
    assert decided_on(context, [booking(building_work=True)]) == BOOKED
    assert decided_on(context, [booking(building_work=False)]) is None


def test_a_day_is_that_of_the_zone_in_which_moments_are_shown() -> None:
    evening = datetime(2026, 8, 20, 22, 30, tzinfo=UTC)
    assert (day_of(evening), day_of(evening - timedelta(hours=1))) == (date(2026, 8, 21), BOOKED)
