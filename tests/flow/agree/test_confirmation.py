"""Seeds in use are proposals until somebody confirms them, at the terminal or in the connection file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import confirmation
from mlconnector.flow.agree.confirmation import SeedState
from mlconnector.flow.connect import ping
from mlconnector.flow.report import overview
from mlconnector.mapping import charts
from mlconnector.store.tables import confirmations
from tests.flow.conftest import MakeRig
from tests.flow.rig import Rig, second_connection

STATED = 'confirmed_by = "Steuerkanzlei Beispiel"\nconfirmed_on = 2026-11-02\n'
DOMESTIC = "tax_case:domestic_19"


@pytest.fixture
def unstated(make_rig: MakeRig) -> Rig:
    """A rig whose file does not say that anybody has confirmed anything."""
    rig = make_rig(2)
    text = rig.text.replace(STATED, "").replace(f'name = "{rig.name}"', 'name = "unstated"')
    assert text.count("confirmed") == 0
    second = Rig(rig.app, rig.outside, text.replace("29098-55003", "29098-55004"), "unstated")
    second.connect()
    return second


def states(rig: Rig) -> dict[str, SeedState]:
    return {one.seed.name: one for one in confirmation.seed_states(rig.context)}


def unconfirmed(rig: Rig, *used: str) -> set[str]:
    return {one.seed.name for one in confirmation.unconfirmed(rig.context, used)}


def confirm(rig: Rig, *wanted: str) -> list[str]:
    found = confirmation.confirm(rig.context, "Kanzlei Muster", wanted, noted_by="erika")
    return [one.seed.name for one in found]


def test_what_the_file_says_confirms_all_seeds_in_use(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    assert unconfirmed(rig) == set()
    noted = states(rig)[DOMESTIC].confirmation
    assert noted is not None
    assert (noted.confirmed_by, noted.confirmed_on) == ("Steuerkanzlei Beispiel", date(2026, 11, 2))
    assert noted.noted_by == "file"
    assert rig.events(rig.name).count("confirmed") == 1


def test_without_a_word_everything_in_use_is_a_proposal(unstated: Rig) -> None:
    assert {DOMESTIC, "account:8400"} <= unconfirmed(unstated)
    assert overview.connection(unstated.context)["unconfirmed"]


def test_some_or_all_can_be_confirmed(unstated: Rig) -> None:
    count = len(unconfirmed(unstated))
    assert confirm(unstated, DOMESTIC, DOMESTIC, "account:8400") == [DOMESTIC, "account:8400"]
    assert confirm(unstated, DOMESTIC) == []
    assert len(confirm(unstated)) == count - 2
    assert unconfirmed(unstated) == set()
    events = [one for one in unstated.story(unstated.name) if one.event == "confirmed"]
    assert [one.detail["by"] for one in events] == ["Kanzlei Muster"] * 2
    assert events[0].detail["seeds"][DOMESTIC]["account"] == "8400"
    assert events[0].detail["noted_by"] == "erika"


def test_something_that_is_no_seed_cannot_be_confirmed(unstated: Rig) -> None:
    for name in ("tax_case:domestic_18", "account:9999", "8400"):
        with pytest.raises(NeedsHuman, match="seed_unknown"):
            confirm(unstated, DOMESTIC, name)
    assert DOMESTIC in unconfirmed(unstated)


def test_a_seed_that_changes_is_a_proposal_again(unstated: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    confirm(unstated)
    changed = replace(charts.tax_cases()["domestic_19"], key="33")
    monkeypatch.setitem(charts.tax_cases(), "domestic_19", changed)
    assert unconfirmed(unstated) == {DOMESTIC}
    state = states(unstated)[DOMESTIC]
    assert (state.is_confirmed, state.confirmation is not None) == (False, True)
    assert confirm(unstated) == [DOMESTIC]


def test_an_old_file_does_not_confirm_what_has_changed_since(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    changed = replace(charts.tax_cases()["domestic_19"], key="33")
    monkeypatch.setitem(charts.tax_cases(), "domestic_19", changed)
    rig.connect()
    rig.connect(rig.text + "\n# another line\n")
    assert unconfirmed(rig) == {DOMESTIC}
    rig.connect(rig.text.replace("2026-11-02", "2026-11-20"))
    assert unconfirmed(rig) == set()


def test_bookings_note_what_they_rest_on(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    assert not any(one.is_booked for one in states(rig).values())
    rig.work()
    assert {name for name, one in states(rig).items() if one.is_booked} >= {DOMESTIC, "account:8400"}


def test_what_a_preview_rests_on_counts_as_used(unstated: Rig) -> None:
    assert "tax_case:tax_free" not in unconfirmed(unstated)
    assert "tax_case:tax_free" in unconfirmed(unstated, "tax_case:tax_free", "account:9999")


def test_connections_of_one_client_share_what_was_confirmed(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    other = second_connection(rig)
    rig.connect(rig.text.replace("2026-11-02", "2026-11-20"))
    assert [one.confirmation for one in states(other).values()] == [
        one.confirmation for one in states(rig).values()
    ]


def test_the_ping_says_how_many_wait_and_then_who_confirmed(unstated: Rig) -> None:
    step = next(s for s in ping.check(unstated.context) if s.key == "connection.mapping")
    assert (step.outcome, step.cause, step.who) == ("warning", "not_confirmed", "adviser")
    assert step.facts["count"] == str(len(unconfirmed(unstated)))
    confirm(unstated)
    step = next(s for s in ping.check(unstated.context) if s.key == "connection.mapping")
    assert (step.outcome, step.facts["by"]) == ("ok", "Kanzlei Muster")


def test_vouchers_wait_for_the_confirmation_where_it_is_required(make_rig: MakeRig) -> None:
    rig = make_rig(2)
    text = rig.text.replace("[mapping]", "[mapping]\nrequire_confirmation = true", 1)
    rig.connect(text.replace(STATED, ""))
    with rig.app.database.write() as db:
        db.execute(confirmations.delete())
    rig.services.forget(rig.name)
    rig.work()
    assert rig.states() == {"needs_human": 2}
    assert rig.causes() == [f"seed_not_confirmed:tax_case={case}" for case in sorted(_cases(rig))]
    confirm(rig)
    for cause in rig.causes():
        rig.replay(cause=cause)
    rig.work()
    assert rig.states() == {"settled": 2}


def _cases(rig: Rig) -> set[str]:
    return {cause.rpartition("=")[2] for cause in rig.causes()}
