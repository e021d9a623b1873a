"""Of several logins of one connection one lives on; every other is revoked, or kept for revoking."""

from __future__ import annotations

import httpx
import pytest

from mlconnector.errors import NeedsHuman, NeedsLogin
from mlconnector.flow.connect import invitation, oauth_login, setup
from mlconnector.flow.connect.standing import leftovers
from mlconnector.flow.context.leftovers import token_name
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.engine.housekeeping import tidy_up
from mlconnector.standins.faults import Fault
from tests.flow.conftest import MakeRig
from tests.flow.connect.test_logins import log_in, login, not_revocable
from tests.flow.rig import REDIRECT, Rig


def begun(rig: Rig) -> httpx.QueryParams:
    """A login that a person has consented to, and that has not come back to us yet."""
    address = oauth_login.begin(rig.context, "datev", REDIRECT)
    return httpx.URL(httpx.get(address, follow_redirects=False).headers["location"]).params


def finish(rig: Rig, ended: httpx.QueryParams) -> None:
    oauth_login.finish(rig.services, ended["state"], ended["code"])


def refresh_token(rig: Rig) -> str:
    return rig.context.tokens("datev").current().refresh_token


def test_of_two_logins_begun_at_once_the_later_lives_on_and_the_other_is_revoked(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    first, second = begun(rig), begun(rig)
    finish(rig, first)
    finish(rig, second)
    assert [one.refresh_token for one in rig.datev.sessions] == [refresh_token(rig)]
    assert not login(rig).not_revoked
    rig.work()
    assert rig.states() == {"settled": 1}


def test_a_replaced_login_that_cannot_be_revoked_now_is_kept_for_it(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    first, second = begun(rig), begun(rig)
    finish(rig, first)
    with not_revocable(rig):
        finish(rig, second)
        assert len(rig.datev.sessions) == 2
        assert login(rig).not_revoked
    assert tidy_up(rig.services)["revoked"] == 1
    assert [one.refresh_token for one in rig.datev.sessions] == [refresh_token(rig)]


def test_a_replaced_login_is_revoked_too_when_the_later_one_cannot_use_the_client(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    first, second = begun(rig), begun(rig)
    finish(rig, first)
    rig.datev.faults.add(Fault("status", "GET", "/userinfo", status=200, body=b'{"sub": "x"}'))
    with pytest.raises(Exception, match="no name"):
        finish(rig, second)
    assert rig.datev.sessions == []
    assert rig.connection()[0] == "needs_login"


def test_tokens_that_come_while_another_login_has_taken_their_place_are_kept_for_revoking(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    ended = begun(rig)
    log_in_again = iter([lambda: finish(rig, ended)])

    def meanwhile(point: str) -> None:
        if point == "refresh_answered":
            next(log_in_again)()

    finish(rig, begun(rig))
    rig.services.reached = meanwhile
    keeper = rig.context.tokens("datev")
    new = keeper.renewed(keeper.current().access_token)
    assert [new.refresh_token] == [refresh_token(rig)]
    assert len(rig.datev.sessions) == 2
    tidy_up(rig.services)
    assert [one.refresh_token for one in rig.datev.sessions] == [new.refresh_token]


def test_tokens_that_come_while_the_connection_is_disconnected_do_not_bring_the_login_back(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(1)

    def meanwhile(point: str) -> None:
        if point == "refresh_answered":
            setup.disconnect(rig.context)

    rig.services.reached = meanwhile
    keeper = rig.context.tokens("datev")
    with pytest.raises(NeedsLogin):
        keeper.renewed(keeper.current().access_token)
    assert rig.services.vault.get(rig.name, token_name("datev")) is None
    tidy_up(rig.services)
    assert rig.datev.sessions == []


def test_links_and_logins_that_were_begun_end_when_the_connection_is_disconnected(
    make_any_rig: MakeRig,
) -> None:
    rig = make_any_rig(1)
    key, _ = invitation.invite(rig.context)
    ended = begun(rig)
    setup.disconnect(rig.context)
    assert not invitation.is_invited(rig.context, key)
    with pytest.raises(NeedsLogin):
        finish(rig, ended)
    rig.connect()
    assert not invitation.is_invited(rig.context, key)


def test_a_login_that_comes_back_while_the_connection_is_disconnected_is_revoked(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(1)
    ended = begun(rig)
    exchanged = oauth_login._exchanged

    def meanwhile(*arguments: object) -> object:
        tokens = exchanged(*arguments)  # type: ignore[arg-type] # handed on as they came
        setup.disconnect(rig.context)
        return tokens

    monkeypatch.setattr(oauth_login, "_exchanged", meanwhile)
    with pytest.raises(NeedsHuman, match="disconnected"):
        finish(rig, ended)
    assert rig.services.vault.get(rig.name, token_name("datev")) is None
    assert (leftovers(rig.context, "datev"), rig.datev.sessions) == ([], [])
    assert rig.connection() == ("paused", "disconnected")


def test_a_login_is_revoked_with_the_app_that_it_belongs_to_after_the_app_was_changed(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(1)
    client_id = rig.services.connection(rig.name).sink.client_id
    text = rig.text.replace(f'client_id = "{client_id}"', 'client_id = "another-app"')
    assert text != rig.text
    setup.connect(rig.services, read_connection(text, "test"), {"datev.client_secret": "another-secret"})
    assert setup.disconnect(rig.context) == []
    assert rig.datev.sessions == []


def test_a_new_secret_of_the_same_app_leaves_the_login_as_it_is(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    secret = rig.services.vault.get(rig.name, "datev.client_secret")
    assert secret is not None
    rig.services.vault.put(rig.name, "datev.client_secret", "the one before")
    settings = read_connection(rig.text, "test")
    setup.connect(rig.services, settings, {"datev.client_secret": secret})
    assert login(rig).until is not None
    assert setup.disconnect(rig.context) == []
    assert rig.datev.sessions == []


def test_what_one_connection_cannot_open_does_not_keep_the_others_from_being_revoked(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(1)
    with not_revocable(rig):
        setup.disconnect(rig.context)
    text = rig.text.replace(f'name = "{rig.name}"', 'name = "a-first"')
    setup.connect(rig.services, read_connection(text, "test"), {})
    rig.services.vault.put("a-first", "datev.unrevoked", "not what it should be")
    with rig.app.database.write() as db:
        db.exec_driver_sql("UPDATE credentials SET trail_sequence = 1 WHERE connection = 'a-first'")
    assert tidy_up(rig.services)["revoked"] == 1
    assert rig.datev.sessions == []


def test_a_disconnected_connection_tells_in_the_trail_what_was_not_ended(make_rig: MakeRig) -> None:
    rig = make_rig(1)
    with not_revocable(rig):
        (failed,) = setup.disconnect(rig.context)
    told = rig.story(rig.name)
    assert [one.event for one in told[-2:]] == ["disconnected", "login_not_ended"]
    assert told[-1].detail == {"not_revoked": [failed]}
    rig.connect()
    log_in(rig)
    assert len(rig.datev.sessions) == 1
