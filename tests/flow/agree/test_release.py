"""Nothing goes to DATEV before a person has released the connection, and nobody but a person releases it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.commands.working import work_through
from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import release
from mlconnector.flow.agree.released import is_released
from mlconnector.flow.connect import setup
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.deliver import second_transfer
from mlconnector.flow.engine import progress
from mlconnector.flow.engine.outcomes import Outcome
from mlconnector.flow.report import overview
from mlconnector.store import accounts, connections
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, MUSTERHOLZ, Rig
from tests.flow.suggestions_rig import suggestions

# Of these deals of the generated account the first eight can be booked.
RECORDS, BOOKABLE = 12, 8


def with_persons(scene: Scene) -> str:
    """The connection's text of a client that gets debtors and creditors, too."""
    return connection_text("pipedrive", scene)


def assert_nothing_has_left(rig: Rig) -> None:
    """Neither document nor file nor transfer is at DATEV, and nothing is frozen for it."""
    assert rig.outside.documents() == []
    assert (rig.datev.jobs, rig.datev.dxso_jobs, rig.batches()) == ([], [], [])


@pytest.mark.parametrize("text", [with_persons, suggestions])
def test_without_a_release_everything_is_prepared_and_nothing_leaves(
    make_rig: MakeRig, text: Callable[[Scene], str]
) -> None:
    rig = make_rig(RECORDS, text=text, released=False)
    rig.work()
    assert_nothing_has_left(rig)
    assert rig.states()["bookable"] == BOOKABLE
    with rig.app.database.read() as db:
        assert accounts.highest_allocated(db, MUSTERHOLZ, 40000, 69999) is not None
    rig.release()
    rig.work()
    assert rig.states()["settled"] == BOOKABLE
    assert rig.batches()


@pytest.mark.parametrize("trigger", ["schedule", "webhook", "api", "command"])
def test_no_run_releases_a_connection_whatever_began_it(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch, trigger: str
) -> None:
    rig = make_rig(1, released=False)
    rig.hint(DOMESTIC)
    monkeypatch.setattr("mlconnector.commands.working._GLANCE_SECONDS", 0.05)
    with rig.app.working() as workflows:
        workflows.start_run(rig.name, trigger)
        work_through(rig.app, workflows, [rig.name], None)
        workflows.resume(rig.name)
    assert_nothing_has_left(rig)
    assert overview.connection(rig.context)["released"] is None
    assert overview.connection(rig.context)["waits_for_release"]["vouchers"] == 1


def test_neither_a_login_nor_settings_release_a_connection(make_rig: MakeRig) -> None:
    rig = make_rig(1, released=False)
    rig.work()
    rig.log_in()
    rig.connect(rig.text + "# looked at\n")
    rig.work()
    assert_nothing_has_left(rig)
    assert "released" not in rig.events(rig.name)


def test_who_released_it_when_and_what_was_shown_is_in_the_audit_trail(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(RECORDS, released=False)
    rig.work()
    given = release.release(rig.context, "Frau Beispiel")
    assert given is not None
    (noted,) = [one for one in rig.story(rig.name) if one.event == "released"]
    assert (noted.detail["by"], noted.at) == ("Frau Beispiel", given.at)
    assert noted.detail["begin"] == "2000-01-01"
    assert sum(one["vouchers"] for one in noted.detail["parts"]) == BOOKABLE
    assert overview.connection(rig.context)["released"] == {"at": given.at, "by": "Frau Beispiel"}
    assert release.release(rig.context, "somebody else") == given, "the first one stays noted"
    assert len([one for one in rig.events(rig.name) if one == "released"]) == 1
    assert rig.verdict().ok


def test_what_would_go_is_what_then_goes(make_rig: MakeRig) -> None:
    rig = make_rig(RECORDS, released=False)
    before = release.would_go(rig.context)
    assert (before.parts, before.read_at) == ((), None)
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    progress.end(rig.context, run, Outcome(outcome="done"))
    seen = release.would_go(rig.context)
    assert seen.read_at is not None
    assert (seen.client, seen.held) == (MUSTERHOLZ, RECORDS - BOOKABLE)
    rig.release()
    rig.work()
    months: dict[str, Decimal] = {}
    for one in seen.parts:
        assert one.kind == "sales"
        months[one.period] = months.get(one.period, Decimal(0)) + one.gross
    rows = {row.number: row for row in rig.outside.rows()}
    assert sum(one.vouchers for one in seen.parts) == len(rows) == BOOKABLE
    assert sum(one.rows for one in seen.parts) == len(rig.outside.rows())
    assert sum(months.values()) == sum(row.amount for row in rig.outside.rows())
    assert release.would_go(rig.context).parts == ()


def test_debtors_that_would_go_are_counted(make_rig: MakeRig) -> None:
    rig = make_rig(2, text=with_persons, released=False)
    rig.work()
    seen = release.would_go(rig.context)
    rig.release()
    assert [row.rows for row in map(rig.batch, rig.prepare()) if row.format == "master"] == [seen.persons]
    assert seen.persons


def test_accounts_and_tax_cases_that_nobody_confirmed_are_named_before_the_release(make_rig: MakeRig) -> None:
    rig = make_rig(1, released=False)
    assert release.would_go(rig.context).unconfirmed == ()
    text = rig.text.replace('confirmed_by = "Steuerkanzlei Beispiel"\n', "").replace(
        "confirmed_on = 2026-11-02\n", ""
    )
    other = text.replace(MUSTERHOLZ, "29098-55004").replace(f'name = "{rig.name}"', 'name = "other"')
    setup.connect(rig.services, read_connection(other, "another client"), {})
    seen = release.would_go(rig.app.context("other"))
    assert "tax_case:domestic_19" in seen.unconfirmed
    given = release.release(rig.app.context("other"), "Frau Beispiel")
    assert given is not None
    assert given.by == "Frau Beispiel"
    (noted,) = [one for one in rig.story("other") if one.event == "released"]
    assert noted.detail["unconfirmed"] == list(seen.unconfirmed)


def test_a_withdrawn_release_stops_what_is_frozen_and_a_new_one_lets_it_go(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(2)
    rig.date(DOMESTIC, MIXED_RATES)
    (batch,) = rig.prepare()
    assert release.withdraw(rig.context, "Frau Beispiel")
    rig.deliver(batch)
    assert (rig.outside.documents(), rig.datev.jobs) == ([], [])
    assert rig.batch(batch).state == "frozen"
    assert progress.unfinished(rig.context, parked=True) == []
    waits = overview.connection(rig.context)["waits_for_release"]
    assert waits == {"vouchers": 2, "persons": 0, "batches": 1}
    assert sum(one.vouchers for one in release.would_go(rig.context).parts) == 2
    assert not release.withdraw(rig.context, "somebody else")
    rig.release()
    assert [one.batch for one in progress.unfinished(rig.context, parked=True)] == [batch]
    rig.transfer()
    assert (rig.states(), len(rig.outside.jobs())) == ({"settled": 2}, 1)
    events = rig.events(rig.name)
    assert [one for one in events if "release" in one] == ["released", "release_withdrawn", "released"]


def test_a_withdrawn_release_stops_between_the_documents_and_the_file(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    with rig.dying_at("documents_sent"):
        rig.deliver(batch)
    release.withdraw(rig.context, "Frau Beispiel")
    rig.deliver(batch)
    assert rig.datev.jobs == []
    rig.release()
    rig.transfer()
    assert (rig.states(), len(rig.outside.documents())) == ({"settled": 1}, 1)


def test_jobs_that_datev_has_are_followed_after_the_release_is_withdrawn(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (batch,) = rig.prepare()
    rig.deliver(batch)
    release.withdraw(rig.context, "Frau Beispiel")
    (open_one,) = progress.unfinished(rig.context, parked=True)
    assert open_one.followed
    rig.follow(batch)
    assert rig.states() == {"settled": 1}


def test_a_file_that_datev_wants_once_more_waits_for_the_release_too(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.fail_next_job(MUSTERHOLZ, 1008837)
    (batch,) = rig.prepare()
    rig.deliver(batch)
    release.withdraw(rig.context, "Frau Beispiel")
    assert rig.follow(batch).state == "again"
    rig.deliver(batch)
    assert len(rig.datev.jobs) == 1
    rig.release()
    rig.transfer()
    assert rig.states() == {"settled": 1}


def test_nothing_is_sent_once_more_without_a_release(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.work()
    (batch,) = rig.batches("succeeded")
    release.withdraw(rig.context, "Frau Beispiel")
    with pytest.raises(NeedsHuman) as refused:
        second_transfer.resend(rig.services, batch.id, "lost", "somebody", again=True)
    assert refused.value.problem.key == "release_missing"


def test_another_account_of_the_source_has_to_be_released_anew(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    url = rig.outside.urls["pipedrive"]
    same = setup.connect(rig.services, read_connection(rig.text + "# the same\n", "test"), {})
    assert not same.release_lost
    assert is_released(rig.context)
    moved = rig.text.replace(url, url.replace("127.0.0.1", "localhost"))
    assert setup.connect(rig.services, read_connection(moved, "test"), {}).release_lost
    rig.work()
    assert_nothing_has_left(rig)
    (noted,) = [one for one in rig.story(rig.name) if one.event == "release_withdrawn"]
    assert noted.detail["reason"] == "source_account"


def test_another_environment_of_dynamics_has_to_be_released_anew(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig("", 'send = "off"')
    url = rig.outside.urls["dynamics"]
    moved = rig.text.replace(
        f'environment = "{url}"', f'environment = "{url.replace("127.0.0.1", "localhost")}"'
    )
    assert moved != rig.text
    assert setup.connect(rig.services, read_connection(moved, "test"), {}).release_lost


def test_a_connection_that_is_set_up_again_has_to_be_released_again(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    (batch,) = rig.prepare()
    setup.disconnect(rig.context)
    with rig.app.database.read() as db:
        assert connections.read(db, rig.name).released_at is None
    with pytest.raises(NeedsHuman) as refused:
        release.release(rig.context, "Frau Beispiel")
    assert refused.value.problem.key == "disconnected"
    rig.connect()
    rig.log_in()
    rig.deliver(batch)
    assert rig.datev.jobs == []
    rig.release()
    rig.transfer()
    assert (rig.states(), len(rig.outside.jobs())) == ({"settled": 1}, 1)
