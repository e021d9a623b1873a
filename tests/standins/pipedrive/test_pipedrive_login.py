from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mlconnector.standins.pipedrive import CLIENT_ID, CLIENT_SECRET, PipedriveStandIn

REDIRECT = "http://localhost:8000/callback"
APP = httpx.BasicAuth(CLIENT_ID, CLIENT_SECRET)
UNAUTHORIZED = {"success": False, "error": "unauthorized access", "errorCode": 401}


def authorize(client: httpx.Client, **changed: str) -> httpx.Response:
    parameters = {"client_id": CLIENT_ID, "redirect_uri": REDIRECT, "state": "z+ä&1"} | changed
    return client.get("/oauth/authorize", params=parameters)


def code(client: httpx.Client) -> str:
    return parse_qs(urlsplit(authorize(client).headers["location"]).query)["code"][0]


def exchange(client: httpx.Client, given: str, **changed: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": given, "redirect_uri": REDIRECT} | changed
    return client.post("/oauth/token", data=form, auth=APP)


def refresh(client: httpx.Client, token: str) -> httpx.Response:
    return client.post("/oauth/token", data={"grant_type": "refresh_token", "refresh_token": token}, auth=APP)


def login(client: httpx.Client) -> dict[str, Any]:
    answer = exchange(client, code(client))
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


def call(client: httpx.Client, access_token: str, path: str = "/api/v2/deals") -> httpx.Response:
    return client.get(path, headers={"authorization": f"Bearer {access_token}"})


def test_authorize_sends_the_browser_back_with_code_and_state(stranger: httpx.Client) -> None:
    answer = authorize(stranger)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.headers["location"].startswith(REDIRECT)
    assert query["state"] == ["z+ä&1"]
    assert len(query["code"][0]) == 40


def test_a_user_may_decline(stranger: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.login.user_declines = True
    query = parse_qs(urlsplit(authorize(stranger).headers["location"]).query)
    assert query == {"error": ["user_denied"], "state": ["z+ä&1"]}


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "fremd"},
        {"redirect_uri": "https://example.com/callback"},
        {"redirect_uri": "http://localhost.example.com/"},
        {"redirect_uri": "http://["},
        {"redirect_uri": ""},
    ],
)
def test_unknown_apps_and_unregistered_addresses_are_refused(
    stranger: httpx.Client, changed: dict[str, str]
) -> None:
    assert authorize(stranger, **changed).status_code == 400


def test_a_code_buys_tokens_that_work(stranger: httpx.Client, url: str) -> None:
    tokens = login(stranger)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 3599
    assert tokens["api_domain"] == url
    assert "deals:read" in tokens["scope"].split(",")
    assert len(tokens["access_token"]) > 255
    assert call(stranger, tokens["access_token"]).status_code == 200


def test_a_code_works_once(stranger: httpx.Client) -> None:
    given = code(stranger)
    assert exchange(stranger, given).status_code == 200
    answer = exchange(stranger, given)
    assert answer.status_code == 400
    assert answer.json()["message"] == "Invalid grant: authorization_code is invalid"


def test_a_code_lives_five_minutes(stranger: httpx.Client, standin: PipedriveStandIn) -> None:
    given = code(stranger)
    standin.options.clock.advance(301)
    assert exchange(stranger, given).json()["message"] == "Invalid grant: authorization_code has expired"


def test_a_code_is_bound_to_its_redirect_address(stranger: httpx.Client) -> None:
    assert exchange(stranger, code(stranger), redirect_uri="http://localhost:8000/other").status_code == 400


def test_an_access_token_expires(stranger: httpx.Client, standin: PipedriveStandIn) -> None:
    tokens = login(stranger)
    standin.options.clock.advance(3598)
    assert call(stranger, tokens["access_token"]).status_code == 200
    standin.options.clock.advance(2)
    answer = call(stranger, tokens["access_token"])
    assert answer.status_code == 401
    assert answer.json()["success"] is False


def test_refreshing_gives_a_new_access_token_and_the_same_refresh_token(stranger: httpx.Client) -> None:
    tokens = login(stranger)
    renewed = refresh(stranger, tokens["refresh_token"]).json()
    assert renewed["refresh_token"] == tokens["refresh_token"]
    assert renewed["access_token"] != tokens["access_token"]
    assert call(stranger, renewed["access_token"]).status_code == 200


def test_a_refresh_token_expires_sixty_days_after_its_last_use(
    stranger: httpx.Client, standin: PipedriveStandIn
) -> None:
    tokens = login(stranger)
    for _ in range(2):
        standin.options.clock.advance(59 * 86_400)
        assert refresh(stranger, tokens["refresh_token"]).status_code == 200
    standin.options.clock.advance(60 * 86_400)
    answer = refresh(stranger, tokens["refresh_token"])
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


def test_a_rotated_refresh_token_works_once(stranger: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.login.rotates_refresh_tokens = True
    tokens = login(stranger)
    renewed = refresh(stranger, tokens["refresh_token"]).json()
    assert refresh(stranger, tokens["refresh_token"]).status_code == 400
    assert refresh(stranger, renewed["refresh_token"]).status_code == 200


def test_revoking_the_refresh_token_uninstalls_the_app(stranger: httpx.Client) -> None:
    tokens = login(stranger)
    answer = stranger.post("/oauth/revoke", data={"token": tokens["refresh_token"]}, auth=APP)
    assert answer.status_code == 200
    assert call(stranger, tokens["access_token"]).status_code == 401
    assert refresh(stranger, tokens["refresh_token"]).status_code == 400


def test_revoking_an_access_token_leaves_the_refresh_token(stranger: httpx.Client) -> None:
    tokens = login(stranger)
    stranger.post("/oauth/revoke", data={"token": tokens["access_token"]}, auth=APP)
    assert call(stranger, tokens["access_token"]).status_code == 401
    assert refresh(stranger, tokens["refresh_token"]).status_code == 200


def test_an_uninstalled_app_has_to_log_in_again(stranger: httpx.Client, standin: PipedriveStandIn) -> None:
    tokens = login(stranger)
    standin.login.uninstall()
    assert call(stranger, tokens["access_token"]).status_code == 401
    assert refresh(stranger, tokens["refresh_token"]).status_code == 400
    assert call(stranger, login(stranger)["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("form", "auth", "message"),
    [
        ({}, APP, "Missing parameter: grant_type"),
        ({"grant_type": "password"}, APP, "Unsupported grant type: grant_type is invalid"),
        ({"grant_type": "refresh_token"}, APP, "Invalid grant: refresh_token is invalid"),
        ({"grant_type": "refresh_token"}, httpx.Auth(), "Invalid client: cannot retrieve client credentials"),
        (
            {"grant_type": "refresh_token"},
            httpx.BasicAuth(CLIENT_ID, "falsch"),
            "Invalid client: client is invalid",
        ),
    ],
)
def test_the_token_endpoint_says_what_is_wrong(
    stranger: httpx.Client, form: dict[str, str], auth: httpx.Auth, message: str
) -> None:
    answer = stranger.post("/oauth/token", data=form or {"x": "y"}, auth=auth)
    assert answer.status_code == 400
    assert answer.json()["message"] == message


def test_the_token_endpoint_takes_forms_only(stranger: httpx.Client) -> None:
    answer = stranger.post("/oauth/token", json={"grant_type": "refresh_token"}, auth=APP)
    assert answer.status_code == 400
    assert "application/x-www-form-urlencoded" in answer.json()["error"]


def test_the_api_token_works_in_its_header_only(stranger: httpx.Client, standin: PipedriveStandIn) -> None:
    assert len(standin.api_token) == 40
    assert int(standin.api_token, 16)
    assert stranger.get("/api/v2/deals", headers={"x-api-token": standin.api_token}).status_code == 200
    for answer in (
        stranger.get("/api/v2/deals"),
        stranger.get("/api/v2/deals", params={"api_token": standin.api_token}),
        stranger.get("/api/v2/deals", headers={"x-api-token": "0" * 40}),
        stranger.get("/api/v1/users/me", headers={"authorization": standin.api_token}),
    ):
        assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_a_missing_scope_is_refused(stranger: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.login.scopes = "base,deals:read"
    tokens = login(stranger)
    assert call(stranger, tokens["access_token"]).status_code == 200
    for path in (
        "/api/v2/organizations",
        "/api/v2/products",
        "/api/v1/webhooks",
        "/api/v1/deals/1/changelog",
    ):
        answer = call(stranger, tokens["access_token"], path)
        assert answer.status_code == 403
        assert answer.json()["error"] == "Scope and URL mismatch"
