"""A login counts once DATEV has said whose it is and that the client can be used; others leave nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.flow.connect import invitation, oauth_login, ping, setup, standing
from mlconnector.flow.connect.standing import leftovers
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.engine import progress
from mlconnector.flow.engine.housekeeping import tidy_up
from mlconnector.flow.engine.outcomes import Outcome
from mlconnector.standins.faults import Fault
from mlconnector.store import httplog
from mlconnector.store.tables import credentials
from tests.flow.conftest import MakeRig
from tests.flow.rig import MUSTERHOLZ, NAME, REDIRECT, Rig

CLIENT = f"GET /accounting-clients/clients/{MUSTERHOLZ}"


def log_in(rig: Rig, **more: Any) -> tuple[str, str]:
    """Log in to DATEV as a person who consents at once."""
    address = oauth_login.begin(rig.context, "datev", REDIRECT, **more)
    return consent(rig, address)


def consent(rig: Rig, address: str) -> tuple[str, str]:
    ended = httpx.URL(httpx.get(address, follow_redirects=False).headers["location"]).params
    return oauth_login.finish(rig.services, ended["state"], ended["code"])


def login(rig: Rig) -> standing.Login:
    return next(one for one in standing.logins_of(rig.context) if one.system == "datev")


def ends_in(rig: Rig, moment: datetime | None, span: timedelta) -> bool:
    """Whether a moment is so far away, give or take the seconds that the test took."""
    assert moment is not None
    return abs(moment - rig.services.now() - span) < timedelta(seconds=30)


@contextmanager
def not_revocable(rig: Rig, status: int = 503, body: bytes = b"") -> Iterator[None]:
    rig.datev.faults.add(Fault("status", "POST", "/revoke", status=status, body=body, times=99))
    yield
    rig.datev.faults.clear()


def test_a_login_shows_until_when_by_whom_and_where_it_can_be_ended(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    shown = login(rig)
    assert shown.by == "Erika Beispiel"
    assert ends_in(rig, shown.until, timedelta(hours=11))
    assert (shown.link, shown.client) == ("https://apps.datev.de/tokrevui", "")
    assert not shown.needed
    assert not shown.not_revoked


def test_a_login_whose_user_data_are_broken_is_revoked_and_forgotten_at_once(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.datev.faults.add(Fault("status", "GET", "/userinfo", status=200, body=b'{"sub": "x"}'))
    with pytest.raises(Broken, match="no name"):
        log_in(rig)
    assert rig.datev.sessions == []
    assert login(rig).until is None
    state, reason = rig.connection()
    assert (state, reason.partition(":")[0]) == ("needs_login", "datev")
    log_in(rig)
    assert rig.connection() == ("ready", "")


def test_a_login_that_cannot_use_the_client_is_not_kept(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.datev.withdraw_service(MUSTERHOLZ, "Buchungsdatenservice")
    with pytest.raises(NeedsHuman) as error:
        log_in(rig)
    assert error.value.problem.key == "datev_service_missing"
    assert rig.datev.sessions == []
    assert rig.connection()[0] == "needs_login"
    rig.datev.order_service(MUSTERHOLZ, "Buchungsdatenservice")
    log_in(rig)
    assert (rig.connection(), len(rig.datev.sessions)) == (("ready", ""), 1)


def test_a_login_that_datev_cannot_check_now_is_not_ready_before_the_next_run_has(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.faults.add(Fault("status", "GET", "/userinfo|/accounting-clients/", status=503, times=99))
    log_in(rig)
    assert rig.connection() == ("degraded", "login_not_checked")
    assert login(rig).by == ""
    rig.datev.faults.clear()
    run = rig.begin()
    assert rig.connection() == ("ready", "")
    assert login(rig).by == "Erika Beispiel"
    progress.end(rig.context, run, Outcome(outcome="done"))


def test_a_login_that_fails_the_later_check_is_not_kept_either(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.faults.add(Fault("status", "GET", "/accounting-clients/", status=503, times=99))
    log_in(rig)
    rig.datev.faults.clear()
    rig.datev.withdraw_service(MUSTERHOLZ, "Belegbilderservice")
    with pytest.raises(NeedsHuman):
        rig.begin()
    assert rig.datev.sessions == []


def test_a_run_that_did_not_ask_datev_does_not_call_an_unchecked_login_ready(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.datev.faults.add(Fault("status", "GET", "/accounting-clients/", status=503, times=99))
    log_in(rig)
    run = rig.begin()
    progress.end(rig.context, run, Outcome(outcome="done"))
    assert rig.connection() == ("degraded", "login_not_checked")


def test_what_could_not_be_revoked_is_revoked_as_soon_as_datev_answers(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    with not_revocable(rig):
        assert len(setup.disconnect(rig.context)) == 1
        tidy_up(rig.services)
    assert len(rig.datev.sessions) == 1
    assert login(rig).not_revoked
    assert rig.services.vault.names(rig.name) == ["datev.unrevoked"], "its secret is sealed beside it"
    assert tidy_up(rig.services)["revoked"] == 1
    assert rig.datev.sessions == []
    assert not login(rig).not_revoked
    assert rig.services.vault.names(rig.name) == []


def test_disconnecting_once_more_tries_to_revoke_what_is_left(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with not_revocable(rig):
        setup.disconnect(rig.context)
    assert setup.disconnect(rig.context) == []
    assert rig.datev.sessions == []


def test_what_is_left_to_revoke_ends_with_the_tokens(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with not_revocable(rig):
        setup.disconnect(rig.context)
    rig.outside.clock.advance(12 * 3600)
    assert leftovers(rig.context, "datev") == []


def test_what_is_left_to_revoke_lies_sealed(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (session,) = rig.datev.sessions
    with not_revocable(rig):
        setup.disconnect(rig.context)
    with rig.app.database.read() as db:
        sealed = [bytes(row.sealed) for row in db.execute(select(credentials))]
    assert sealed
    assert not [one for one in sealed if session.refresh_token.encode() in one]
    assert session.refresh_token not in repr(leftovers(rig.context, "datev"))


def test_an_app_that_datev_does_not_recognise_has_revoked_nothing(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    rig.services.vault.put(rig.name, "datev.client_secret", "wrong")
    (failed,) = setup.disconnect(rig.context)
    assert "invalid_client" in failed


def test_no_login_begins_while_the_earlier_one_cannot_be_revoked(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    with not_revocable(rig):
        with pytest.raises(NeedsHuman) as error:
            log_in(rig)
        assert error.value.problem.key == "login_not_revoked"
        assert "tokrevui" in error.value.problem.facts["link"]
    assert rig.connection() == ("ready", "")
    rig.work()
    assert rig.states() == {"settled": 1}, "the earlier login goes on until it is revoked"
    log_in(rig)
    assert len(rig.datev.sessions) == 1


def test_no_login_begins_while_one_from_before_a_disconnection_is_left(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with not_revocable(rig):
        setup.disconnect(rig.context)
        rig.connect()
        with pytest.raises(NeedsHuman):
            log_in(rig)
    log_in(rig)
    assert len(rig.datev.sessions) == 1


def test_a_person_may_have_ended_the_earlier_login_at_datev(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with not_revocable(rig):
        address = oauth_login.begin(rig.context, "datev", REDIRECT, ended_there=True)
    consent(rig, address)
    assert rig.connection() == ("ready", "")
    assert "login_ended_there" in rig.events(rig.name)


def long_term(rig: Rig) -> None:
    text = rig.text.replace("[datev]\n", "[datev]\nlong_term_token = true\n")
    setup.disconnect(rig.context)
    rig.connect(text)
    rig.release()


def test_a_long_term_login_comes_after_a_short_one_has_reached_the_client(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    long_term(rig)
    first = oauth_login.begin(rig.context, "datev", REDIRECT)
    assert "offline_access" not in httpx.URL(first).params["scope"]
    assert "datev:iam:client" not in httpx.URL(first).params["scope"]
    assert consent(rig, first) == (NAME, "datev")
    assert rig.datev.sessions == [], "the short one has served its purpose"
    assert rig.connection()[0] == "needs_login"
    second = oauth_login.follow_up(rig.context, "datev", REDIRECT)
    assert second is not None
    asked = httpx.URL(second).params["scope"].split()
    assert {"offline_access", f"datev:iam:client:{MUSTERHOLZ}"} <= set(asked)
    consent(rig, second)
    assert rig.connection() == ("ready", "")
    assert oauth_login.follow_up(rig.context, "datev", REDIRECT) is None
    (session,) = rig.datev.sessions
    assert session.client_id == MUSTERHOLZ
    shown = login(rig)
    assert shown.client == MUSTERHOLZ
    assert ends_in(rig, shown.until, timedelta(days=730))


def test_a_long_term_login_never_asks_for_the_list_of_clients(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    long_term(rig)
    log_in(rig)
    second = oauth_login.follow_up(rig.context, "datev", REDIRECT)
    assert second is not None
    consent(rig, second)
    list(ping.check(rig.context))
    rig.work()
    assert rig.states() == {"settled": 1}
    asked = [path for path in rig.datev.statistics.by_path if path.endswith("/clients")]
    assert asked == []


def test_no_long_term_login_is_asked_for_when_the_client_cannot_be_reached(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    long_term(rig)
    rig.datev.withdraw_service(MUSTERHOLZ, "Buchungsdatenservice")
    with pytest.raises(NeedsHuman):
        log_in(rig)
    assert rig.datev.sessions == []
    assert oauth_login.follow_up(rig.context, "datev", REDIRECT) is None


def test_a_login_that_was_reached_long_ago_is_no_reason_for_a_long_term_one(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    long_term(rig)
    log_in(rig)
    rig.outside.clock.advance(601)
    again = oauth_login.begin(rig.context, "datev", REDIRECT)
    assert "offline_access" not in httpx.URL(again).params["scope"]


def test_a_login_does_not_begin_towards_an_address_that_datev_blocks(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    text = "\n".join(line for line in rig.text.splitlines() if "_url" not in line or "base_url" in line)
    text = text.replace(f'name = "{NAME}"', 'name = "real"')
    setup.connect(rig.services, read_connection(text, "test"), {"datev.client_secret": "s"})
    settings = rig.services.connection("real").sink
    assert settings.discovery_url.startswith("https://login.datev.de/")
    with pytest.raises(NeedsHuman) as error:
        oauth_login._check_redirect(Context(rig.services, "real"), "datev", REDIRECT)
    assert error.value.problem.facts["objection"] == "not_https"


def test_a_link_opens_its_own_connection_only_and_not_for_ever(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    key, until = invitation.invite(rig.context)
    assert ends_in(rig, until, timedelta(days=7))
    assert invitation.is_invited(rig.context, key)
    assert invitation.is_invited(rig.context, key), "it may be opened more than once"
    assert not invitation.is_invited(Context(rig.services, "another"), key)
    assert not invitation.is_invited(rig.context, key[:-1] + "!")
    with pytest.raises(NeedsLogin):
        oauth_login.finish(rig.services, key, "code")
    rig.outside.clock.advance(7 * 86400)
    assert not invitation.is_invited(rig.context, key)


def test_the_trail_tells_of_logins_without_any_secret(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    (session,) = rig.datev.sessions
    told = json.dumps([event.detail for event in rig.story(rig.name)])
    assert session.refresh_token not in told
    assert "until" in told


def back_from(address: str) -> httpx.QueryParams:
    """With what the browser comes back of somebody who consents at once."""
    return httpx.URL(httpx.get(address, follow_redirects=False).headers["location"]).params


def latest(rig: Rig) -> tuple[str, dict[str, str]]:
    """Cause and facts of the login that came to nothing."""
    failure = login(rig).failure
    assert failure is not None
    return failure.cause, dict(failure.facts)


def test_a_login_that_somebody_declined_is_kept_as_such(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    back = back_from(oauth_login.begin(rig.context, "datev", REDIRECT))
    assert oauth_login.decline(rig.services, back["state"], "access_denied") == (rig.name, "datev")
    assert latest(rig) == ("login_declined", {"system": "DATEV", "answer": "access_denied"})
    with pytest.raises(NeedsLogin):
        oauth_login.finish(rig.services, back["state"], back["code"])
    assert rig.events(rig.name)[-1] == "login_failed"


@pytest.mark.parametrize("error", ["<script>", "Call 0900-123 now", "x" * 41])
def test_what_is_no_error_code_is_not_kept(make_rig: MakeRig, error: str) -> None:
    rig = make_rig(1)
    back = back_from(oauth_login.begin(rig.context, "datev", REDIRECT))
    oauth_login.decline(rig.services, back["state"], error)
    assert latest(rig)[1]["answer"] == "error"


def test_of_a_login_that_nobody_began_nothing_is_kept(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    for attempt in (oauth_login.decline, oauth_login.finish):
        with pytest.raises(NeedsLogin):
            attempt(rig.services, "guessed", "access_denied")
    assert login(rig).failure is None


def test_a_login_that_came_too_late_is_kept_as_such(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    back = back_from(oauth_login.begin(rig.context, "datev", REDIRECT))
    rig.outside.clock.advance(601)
    with pytest.raises(NeedsLogin):
        oauth_login.finish(rig.services, back["state"], back["code"])
    assert latest(rig) == ("login_too_late", {"system": "DATEV"})


def test_a_code_that_is_refused_is_kept_with_what_was_said_of_it(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    back = back_from(oauth_login.begin(rig.context, "datev", REDIRECT))
    with pytest.raises(NeedsLogin):
        oauth_login.finish(rig.services, back["state"], "another-code")
    cause, facts = latest(rig)
    assert cause == "login_not_accepted"
    assert facts["answer"].startswith("invalid_grant")


@pytest.mark.parametrize(
    ("fault", "cause", "who"),
    [
        (
            Fault("status", "POST", "/token", status=401, body=b'{"error": "invalid_client"}'),
            "app_secret_refused",
            "it",
        ),
        (Fault("status", "POST", "/token", status=503), "out_of_order", "vendor"),
        (Fault("lose_answer", "POST", "/token"), "no_answer", "it"),
        (Fault("status", "GET", "/userinfo", status=200, body=b'{"sub": "x"}'), "unexpected_answer", "it"),
    ],
)
def test_whatever_else_goes_wrong_is_kept_with_who_can_help(
    make_rig: MakeRig, fault: Fault, cause: str, who: str
) -> None:
    rig = make_rig(1)
    address = oauth_login.begin(rig.context, "datev", REDIRECT)
    rig.datev.faults.add(fault)
    with pytest.raises(ConnectorError):
        consent(rig, address)
    failure = login(rig).failure
    assert failure is not None
    assert (failure.cause, failure.who) == (cause, who)


def test_a_login_of_the_wrong_account_is_kept_and_gone_after_a_good_one(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(1)
    rig.datev.withdraw_service(MUSTERHOLZ, "Buchungsdatenservice")
    with pytest.raises(NeedsHuman):
        log_in(rig)
    assert latest(rig)[0] == "datev_service_missing"
    shown = [step for step in ping.check(rig.context) if step.key == "connection.login"]
    assert [(step.outcome, step.cause) for step in shown] == [("warning", "datev_service_missing")]
    rig.datev.order_service(MUSTERHOLZ, "Buchungsdatenservice")
    log_in(rig)
    assert login(rig).failure is None
    assert "connection.login" not in {step.key for step in ping.check(rig.context)}


def test_a_login_that_cannot_begin_is_kept_too(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with not_revocable(rig), pytest.raises(NeedsHuman):
        log_in(rig)
    assert latest(rig)[0] == "login_not_revoked"
    assert latest(rig)[1]["system"] == "datev"
    with pytest.raises(NeedsHuman):
        oauth_login.begin(rig.context, "pipedrive", REDIRECT)
    assert [one.system for one in standing.logins_of(rig.context)] == ["datev"]


def test_the_requests_of_a_login_are_in_the_log_at_once(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    back = back_from(oauth_login.begin(rig.context, "datev", REDIRECT))
    with pytest.raises(NeedsLogin):
        oauth_login.finish(rig.services, back["state"], "another-code")
    with rig.app.database.read() as db:
        newest, *_ = httplog.recent(db, 1, name=rig.name)
    assert newest.url.endswith("/token")
    assert newest.status == 400
