"""After a connection is disconnected nothing is asked for it, and what led into it is worthless."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mlconnector.commands.working import work_through
from mlconnector.errors import NeedsHuman, NeedsLogin
from mlconnector.flow.connect import invitation, oauth_login, ping, setup
from mlconnector.flow.deliver import delivery, jobs
from mlconnector.flow.engine import progress
from mlconnector.flow.engine.housekeeping import tidy_up
from mlconnector.standins.faults import Fault
from mlconnector.store import connections
from mlconnector.systems.source import Delivery
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, MIXED_RATES, REDIRECT, Rig


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that is asked from now on."""
    addresses: list[str] = []
    usual = httpx.HTTPTransport.handle_request

    def noted(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        addresses.append(str(request.url))
        return usual(self, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", noted)
    return addresses


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(NeedsHuman) as error:
        work()
    return error.value.problem.key


def begun(rig: Rig) -> tuple[str, str]:
    """State and code of a login that a browser has brought back, and nobody has finished."""
    address = oauth_login.begin(rig.context, "datev", REDIRECT)
    ended = httpx.URL(httpx.get(address, follow_redirects=False).headers["location"]).params
    return ended["state"], ended["code"]


def test_neither_run_nor_delivery_nor_job_nor_webhook_asks_anybody(
    make_any_rig: MakeRig, asked: list[str]
) -> None:
    rig = make_any_rig(2)
    rig.date(DOMESTIC, day="2026-06-15")
    rig.date(MIXED_RATES, day="2026-07-15")
    sent, frozen = rig.prepare()
    rig.deliver(sent)
    rig.hint(DOMESTIC)
    assert setup.disconnect(rig.context) == []
    asked.clear()
    for work in (
        lambda: progress.begin(rig.context, "a run", "schedule"),
        lambda: delivery.file_set(rig.context, frozen),
        lambda: delivery.submit(rig.context, frozen),
        lambda: jobs.look(rig.context, sent, 0.0),
        lambda: rig.context.source,
        lambda: rig.context.sink,
        lambda: rig.context.facts,
        lambda: rig.services.source(rig.name).verify(Delivery({}, b"")),
        lambda: rig.services.tokens(rig.name, "datev").renewed("any"),
        lambda: oauth_login.begin(rig.context, "datev", REDIRECT),
        lambda: invitation.invite(rig.context),
    ):
        assert refused(work) == "disconnected"
    assert progress.unfinished(rig.context, parked=True) == []
    assert [(step.key, step.cause) for step in ping.check(rig.context)] == [
        ("connection.secrets", "disconnected")
    ]
    tidy_up(rig.services)
    assert asked == []


def test_workflows_of_it_end_without_asking_anybody(
    make_rig: MakeRig, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlconnector.commands.working._GLANCE_SECONDS", 0.05)
    rig = make_rig(1)
    with rig.app.working() as workflows:
        setup.disconnect(rig.context)
        asked.clear()
        for trigger in ("schedule", "webhook", "api"):
            workflows.start_run(rig.name, trigger)
        workflows.nudge(rig.name)
        work_through(rig.app, workflows, [rig.name], None)
    assert asked == []
    assert (rig.connection()[0], rig.states()) == ("paused", {})
    assert "run_began" not in rig.events(rig.name)


def test_another_process_notices_it_too(make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make_rig(1)
    assert rig.context.source
    with rig.app.database.write() as db:
        connections.set_state(db, rig.name, "paused", "disconnected", rig.services.now())
    monkeypatch.setattr("mlconnector.flow.context.services._SETTINGS_ARE_GOOD_FOR", 0.0)
    assert refused(lambda: rig.context.source) == "disconnected"


def test_links_and_logins_that_were_begun_for_it_are_worthless(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    key, _ = invitation.invite(rig.context)
    state, code = begun(rig)
    assert invitation.is_invited(rig.context, key)
    setup.disconnect(rig.context)
    assert not invitation.is_invited(rig.context, key)
    with pytest.raises(NeedsLogin):
        oauth_login.finish(rig.services, state, code)
    rig.connect()
    assert not invitation.is_invited(rig.context, key), "nor does setting it up again bring them back"
    with pytest.raises(NeedsLogin):
        oauth_login.finish(rig.services, state, code)
    assert rig.datev.sessions == []


def test_a_login_that_comes_back_at_the_same_moment_is_revoked(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    state, code = begun(rig)
    usual = oauth_login._exchanged

    def late(*arguments: Any) -> Any:
        tokens = usual(*arguments)
        setup.disconnect(rig.context)
        return tokens

    monkeypatch.setattr(oauth_login, "_exchanged", late)
    assert refused(lambda: oauth_login.finish(rig.services, state, code)) == "disconnected"
    assert rig.datev.sessions == []
    assert rig.services.vault.names(rig.name) == []
    assert rig.connection()[0] == "paused"


def test_only_a_login_that_could_not_be_revoked_is_asked_for_later(
    make_rig: MakeRig, asked: list[str]
) -> None:
    rig = make_rig(1)
    rig.datev.faults.add(Fault("status", "POST", "/revoke", status=503, times=9))
    assert setup.disconnect(rig.context)
    rig.datev.faults.clear()
    asked.clear()
    assert tidy_up(rig.services)["revoked"] == 1
    assert {httpx.URL(one).path.rpartition("/")[2] for one in asked} <= {"openid-configuration", "revoke"}
    assert rig.datev.sessions == []
    asked.clear()
    tidy_up(rig.services)
    assert asked == []


def test_setting_it_up_again_waits_for_login_and_release(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    setup.disconnect(rig.context)
    rig.connect()
    assert rig.connection() == ("needs_login", "")
    rig.log_in()
    assert rig.connection() == ("ready", "")
    rig.work()
    assert (rig.states(), len(rig.outside.jobs())) == ({"settled": 1}, 1)
