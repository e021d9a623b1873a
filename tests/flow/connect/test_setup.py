"""A connection is set up, logged in, checked and disconnected as people do it."""

from __future__ import annotations

from functools import partial

import httpx
import pytest

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.connect import oauth_login, ping, setup
from mlconnector.flow.context.settings import read_connection
from mlconnector.standins.faults import Fault
from mlconnector.store import connections
from tests.flow.conftest import MakeRig
from tests.flow.rig import MUSTERHOLZ, REDIRECT, Rig


def outcomes(rig: Rig) -> dict[str, str]:
    return {step.key: step.outcome for step in ping.check(rig.context)}


def test_every_step_of_a_ping_is_fine_when_everything_is(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    assert set(outcomes(rig).values()) == {"ok"}


def test_a_ping_names_the_step_that_failed_and_skips_what_depends_on_it(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.withdraw_service(MUSTERHOLZ, "Buchungsdatenservice")
    found = outcomes(rig)
    assert (found["datev.service.documents"], found["datev.service.extf"]) == ("ok", "failed")
    for session in rig.datev.sessions:
        rig.datev.tokens.end(session)
    found = outcomes(rig)
    assert (found["datev.login"], found["datev.client"]) == ("failed", "skipped")


def test_a_ping_of_a_system_out_of_reach_says_that(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.pipedrive.faults.add(Fault("status", "GET", ".*", status=503, times=99))
    assert "failed" in {outcome for key, outcome in outcomes(rig).items() if key.startswith("pipedrive")}
    assert outcomes(rig)["datev.client"] == "ok"


@pytest.mark.parametrize(
    ("system", "step", "setting"),
    [
        ("pipedrive", "pipedrive.reach", "[source] base_url"),
        ("datev", "datev.login", "[datev] discovery_url"),
    ],
)
def test_an_address_that_is_wrong_is_named_with_its_setting(
    make_rig: MakeRig, system: str, step: str, setting: str
) -> None:
    rig = make_rig(1)
    rig.connect(rig.text.replace(rig.outside.urls[system], "http://127.0.0.1:9"))
    rig.outside.clock.advance(900)
    failed = next(one for one in ping.check(rig.context) if one.key == step)
    assert (failed.cause, failed.who) == ("connection_refused", "it")
    assert (failed.facts["address"], failed.facts["setting"]) == ("http://127.0.0.1:9", setting)


def test_an_error_on_the_way_of_a_check_names_the_system_and_nothing_else(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    for error, step, cause in (
        (NeedsLogin("datev", "over"), "datev.login", "login_needed"),
        (RetryLater("503"), "datev.reach", "out_of_order"),
        (Broken("no JSON"), "datev.reach", "unexpected_answer"),
    ):
        monkeypatch.setattr(rig.context.sink, "check", partial(_raised, error))
        failed = list(ping.check(rig.context))[-1]
        assert (failed.key, failed.cause, failed.facts["system"]) == (step, cause, "DATEV")


def _raised(error: ConnectorError) -> None:
    raise error


def test_without_credentials_nothing_is_tried(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.services.vault.delete(rig.name, "pipedrive.api_token")
    assert outcomes(rig) == {"connection.secrets": "failed"}
    assert setup.missing_secrets(rig.services, rig.services.connection(rig.name)) == ["pipedrive.api_token"]


def test_a_login_can_be_finished_once(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    address = oauth_login.begin(rig.context, "datev", REDIRECT)
    ended = httpx.URL(httpx.get(address, follow_redirects=False).headers["location"]).params
    assert oauth_login.finish(rig.services, ended["state"], ended["code"]) == (rig.name, "datev")
    with pytest.raises(NeedsLogin):
        oauth_login.finish(rig.services, ended["state"], ended["code"])
    with pytest.raises(NeedsLogin):
        oauth_login.finish(rig.services, "invented", "invented")
    rig.work()
    assert rig.states() == {"settled": 1}


def test_a_login_that_takes_too_long_has_to_be_begun_again(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    address = oauth_login.begin(rig.context, "datev", REDIRECT)
    ended = httpx.URL(httpx.get(address, follow_redirects=False).headers["location"]).params
    rig.outside.clock.advance(601)
    with pytest.raises(NeedsLogin, match="ten minutes"):
        oauth_login.finish(rig.services, ended["state"], ended["code"])


def test_a_new_login_revokes_the_tokens_of_the_earlier_one(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    earlier = rig.datev.sessions
    rig.log_in()
    assert len(rig.datev.sessions) == len(earlier) == 1
    assert rig.datev.sessions != earlier


def test_who_logged_in_is_kept_beside_the_tokens(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    assert rig.services.tokens(rig.name, "datev").current().extra["issued_by"]


def test_a_system_without_a_login_says_so(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with pytest.raises(NeedsHuman) as error:
        oauth_login.begin(rig.context, "pipedrive", REDIRECT)
    assert error.value.problem.key == "login_not_needed"


def test_disconnecting_revokes_and_forgets_every_credential_and_nothing_else(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.work()
    assert setup.disconnect(rig.context) == []
    assert rig.datev.sessions == []
    assert rig.services.vault.names(rig.name) == []
    assert (rig.connection()[0], rig.states()) == ("paused", {"settled": 1})


def test_disconnecting_says_what_could_not_be_revoked(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.faults.add(Fault("status", "POST", "/revoke", status=503, times=9))
    (failed,) = setup.disconnect(rig.context)
    assert failed.startswith("datev:")
    assert rig.services.vault.names(rig.name) == ["datev.unrevoked"]


def test_changed_settings_take_effect_and_are_in_the_trail(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.connect(
        rig.text.replace('chart = "SKR03"', 'chart = "SKR04"').replace('account = "8401"', 'account = "4401"')
    )
    rig.work()
    assert [row.contra_account for row in rig.outside.rows()] == ["4400"]
    changed = [event for event in rig.story(rig.name) if event.event == "settings_changed"]
    assert 'chart = "SKR04"' in changed[-1].detail["text"]


def test_the_same_settings_are_no_new_connection(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    settings = read_connection(rig.text, "the test's connection")
    connected = setup.connect(rig.services, settings, {})
    assert (connected.new, connected.changes) == (False, ())


def test_a_new_connection_without_a_first_day_is_not_set_up(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    new = rig.text.replace(f'name = "{rig.name}"', 'name = "new"').replace("begin = 2000-01-01\n", "")
    with pytest.raises(NeedsHuman) as refused:
        setup.connect(rig.services, read_connection(new, "test"), {})
    assert refused.value.problem.key == "begin_missing"


def test_a_connection_from_before_a_first_day_was_asked_for_stays_usable(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    old = rig.text.replace("begin = 2000-01-01\n", "")
    with rig.app.database.write() as db:
        connections.update(db, rig.name, old, rig.services.now())
    rig.services.forget(rig.name)
    rig.work()
    assert rig.states() == {"settled": 1}
    changed = read_connection(old + "# looked at\n", "test")
    assert setup.connect(rig.services, changed, {}).changes
    setup.connect(rig.services, read_connection(rig.text, "test"), {})
    with pytest.raises(NeedsHuman):
        setup.connect(rig.services, changed, {})
