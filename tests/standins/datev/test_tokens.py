from __future__ import annotations

from typing import Any

import httpx
import pytest

from mlconnector.standins.datev import APP, CONFIDENTIAL_APP, SECRET, DatevStandIn
from tests.standins.datev.support import ALL_SCOPES, CLIENTS, MUSTERHOLZ, code_for, exchange, refresh

LONG_TERM = f"{ALL_SCOPES} offline_access datev:iam:client:{MUSTERHOLZ}"
HOUR = 3600


def log_in(web: httpx.Client, scope: str = ALL_SCOPES, app_id: str = APP) -> dict[str, Any]:
    tokens: dict[str, Any] = exchange(web, code_for(web, scope=scope, client_id=app_id), app_id).json()
    return tokens


def status(web: httpx.Client, access_token: str, path: str = f"/clients/{MUSTERHOLZ}") -> int:
    headers = {"Authorization": f"Bearer {access_token}", "X-DATEV-Client-Id": APP}
    return web.get(CLIENTS + path, headers=headers).status_code


def test_a_refresh_replaces_both_tokens(web: httpx.Client) -> None:
    old = log_in(web)
    new = refresh(web, old["refresh_token"]).json()
    assert status(web, new["access_token"]) == 200
    assert status(web, old["access_token"]) == 401
    assert new["refresh_token"] != old["refresh_token"]


def test_a_refresh_token_that_comes_twice_ends_the_session(standin: DatevStandIn, web: httpx.Client) -> None:
    old = log_in(web)
    new = refresh(web, old["refresh_token"]).json()
    replay = refresh(web, old["refresh_token"])
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
    assert refresh(web, new["refresh_token"]).json()["error"] == "invalid_grant"
    assert status(web, new["access_token"]) == 401
    assert (standin.tokens.refreshes, standin.tokens.replays) == (1, 1)


def test_an_access_token_lives_fifteen_minutes(standin: DatevStandIn, web: httpx.Client) -> None:
    tokens = log_in(web)
    standin.clock.advance(890)
    assert status(web, tokens["access_token"]) == 200
    standin.clock.advance(10)
    assert status(web, tokens["access_token"]) == 401


def test_a_session_ends_eleven_hours_after_the_login_whatever_is_refreshed(
    standin: DatevStandIn, web: httpx.Client
) -> None:
    first = log_in(web)
    standin.clock.advance(10 * HOUR)
    second = refresh(web, first["refresh_token"]).json()
    assert HOUR - 2 <= second["refresh_token_expires_in"] <= HOUR
    standin.clock.advance(HOUR)
    assert refresh(web, second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_long_term_session_is_prolonged_by_each_refresh(standin: DatevStandIn, web: httpx.Client) -> None:
    two_years = 2 * 365 * 24 * HOUR
    first = log_in(web, LONG_TERM)
    standin.clock.advance(two_years - HOUR)
    second = refresh(web, first["refresh_token"]).json()
    assert two_years - 2 <= second["refresh_token_expires_in"] <= two_years
    standin.clock.advance(two_years - HOUR)
    assert refresh(web, second["refresh_token"]).status_code == 200


def test_a_long_term_token_is_for_its_client_alone(web: httpx.Client) -> None:
    token = log_in(web, LONG_TERM)["access_token"]
    assert status(web, token) == 200
    assert status(web, token, "/clients") == 401
    assert status(web, token, "/clients/29098-55006") == 401


@pytest.mark.parametrize("auth", [(APP, SECRET), (APP, "wrong")])
def test_the_app_that_names_itself_may_not_authenticate_a_refresh(
    web: httpx.Client, auth: tuple[str, str]
) -> None:
    tokens = log_in(web)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for answer in (
        web.post("/token", data=form, auth=auth),
        web.post("/token", data={**form, "client_id": APP}, auth=auth),
        web.post("/token", data={**form, "client_id": APP, "client_secret": SECRET}),
        web.post("/token", data=form),
    ):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert refresh(web, tokens["refresh_token"]).status_code == 200


def test_the_confidential_app_must_authenticate_a_refresh(web: httpx.Client) -> None:
    tokens = log_in(web, app_id=CONFIDENTIAL_APP)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": tokens["refresh_token"],
        "client_id": CONFIDENTIAL_APP,
    }
    for answer in (
        web.post("/token", data=form),
        web.post("/token", data={**form, "client_secret": SECRET}),
        web.post("/token", data=form, auth=(CONFIDENTIAL_APP, "wrong")),
    ):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert refresh(web, tokens["refresh_token"], CONFIDENTIAL_APP).status_code == 200


def test_a_refresh_token_is_worth_nothing_for_another_app(web: httpx.Client) -> None:
    tokens = log_in(web)
    assert refresh(web, tokens["refresh_token"], CONFIDENTIAL_APP).json()["error"] == "invalid_grant"
    assert refresh(web, tokens["refresh_token"]).status_code == 200


def test_a_refresh_cannot_ask_for_more_scopes(web: httpx.Client) -> None:
    tokens = log_in(web, "openid profile")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": APP}
    answer = web.post("/token", data={**form, "scope": "openid accounting:documents"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert web.post("/token", data={**form, "scope": "openid"}).status_code == 200


def test_revoking_needs_the_hint_and_ends_one_token(web: httpx.Client) -> None:
    tokens = log_in(web)
    without = web.post("/revoke", data={"token": tokens["access_token"]}, auth=(APP, SECRET))
    assert (without.status_code, without.json()["error"]) == (400, "invalid_request")
    form = {"token": tokens["access_token"], "token_type_hint": "access_token"}
    assert web.post("/revoke", data=form, auth=(APP, SECRET)).status_code == 200
    assert status(web, tokens["access_token"]) == 401
    assert refresh(web, tokens["refresh_token"]).status_code == 200


def test_a_revoked_refresh_token_is_worth_nothing(standin: DatevStandIn, web: httpx.Client) -> None:
    tokens = log_in(web)
    form = {"token": tokens["refresh_token"], "token_type_hint": "refresh_token", "client_id": APP}
    assert web.post("/revoke", data=form).status_code == 200
    assert web.post("/revoke", data=form).status_code == 200
    assert refresh(web, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert standin.sessions == []


def test_revoking_needs_a_known_app_and_only_its_own_tokens(web: httpx.Client) -> None:
    form = {"token": log_in(web)["refresh_token"], "token_type_hint": "refresh_token"}
    assert web.post("/revoke", data=form).status_code == 401
    assert web.post("/revoke", data=form, auth=(APP, "wrong")).status_code == 401
    assert web.post("/revoke", data=form, auth=(CONFIDENTIAL_APP, SECRET)).status_code == 400
    assert web.post("/revoke", data={**form, "token": ""}, auth=(APP, SECRET)).status_code == 400


def test_userinfo_tells_the_name_only_with_the_scope_profile(web: httpx.Client) -> None:
    def told(scope: str) -> dict[str, Any]:
        token = log_in(web, scope)["access_token"]
        answer: dict[str, Any] = web.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).json()
        return answer

    assert told("openid").keys() == {"sub"}
    assert told("openid profile")["name"] == "Erika Beispiel"
    assert told("openid email account_id").keys() == {"sub", "email", "account_id"}
    assert web.get("/userinfo").status_code == 401


def test_all_access_tokens_can_be_expired_from_outside(standin: DatevStandIn, web: httpx.Client) -> None:
    tokens = log_in(web)
    standin.expire_access_tokens()
    assert status(web, tokens["access_token"]) == 401
    assert status(web, refresh(web, tokens["refresh_token"]).json()["access_token"]) == 200


def test_a_session_opened_from_outside_needs_scopes_that_exist(standin: DatevStandIn) -> None:
    with pytest.raises(ValueError, match="openid is missing"):
        standin.log_in(["accounting:documents"])
