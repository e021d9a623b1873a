from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mlconnector.standins.base import Options
from mlconnector.standins.datev import APP, CONFIDENTIAL_APP, SECRET, DatevStandIn, create
from tests.standins.datev.support import (
    ALL_SCOPES,
    CALLBACK,
    NONCE,
    STATE,
    authorization,
    browser,
    challenge_of,
    code_for,
    exchange,
)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_discovery_builds_its_addresses_from_the_host_of_the_request(web: httpx.Client) -> None:
    found = web.get("/openid/.well-known/openid-configuration").json()
    assert found["issuer"] == "http://datev.test/openid"
    assert found["authorization_endpoint"] == "http://datev.test/openid/authorize"
    assert found["token_endpoint"] == "http://datev.test/token"
    assert found["jwks_uri"] == "http://datev.test/certs"
    assert found["code_challenge_methods_supported"] == ["S256"]


def test_authorize_redirects_with_code_and_state(web: httpx.Client) -> None:
    answer = web.get("/openid/authorize", params=authorization())
    location = urlsplit(answer.headers["location"])
    query = parse_qs(location.query)
    assert answer.status_code == 302
    assert f"{location.scheme}://{location.netloc}{location.path}" == CALLBACK
    assert query["state"] == [STATE]
    assert len(query["code"]) == 1


def test_a_redirect_uri_keeps_its_own_query(web: httpx.Client) -> None:
    answer = web.get("/openid/authorize", params=authorization(redirect_uri=f"{CALLBACK}?tenant=1"))
    assert parse_qs(urlsplit(answer.headers["location"]).query)["tenant"] == ["1"]


def test_a_user_may_deny(web: httpx.Client) -> None:
    answer = web.get("/openid/authorize", params=authorization(login_hint="deny"))
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["error"] == ["access_denied"]
    assert query["state"] == [STATE]
    assert "code" not in query


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"client_id": "unknown"}, "client_id is missing or unknown"),
        ({"redirect_uri": "https://evil.example/callback"}, "redirect_uri is not registered"),
        ({"redirect_uri": "https://localhost/callback"}, "redirect_uri is not registered"),
        ({"redirect_uri": "http://localhost.evil.example/"}, "redirect_uri is not registered"),
        ({"redirect_uri": None}, "redirect_uri is not registered"),
        ({"response_type": "code id_token"}, "response_type must be code"),
        ({"state": "s" * 19}, "state too short"),
        ({"state": None}, "state too short"),
        ({"nonce": "n" * 19}, "nonce too short"),
        ({"nonce": None}, "nonce too short"),
        ({"code_challenge": None}, "code_challenge missing"),
        ({"code_challenge_method": "plain"}, "code_challenge_method must be S256"),
        ({"code_challenge_method": None}, "code_challenge_method must be S256"),
        ({"code_challenge": challenge_of("x") + "="}, "without padding"),
        ({"scope": "datev:accounting:clients"}, "openid is missing"),
        ({"scope": "openid datev:accounting:documents"}, "invalid scope: datev:accounting:documents"),
        ({"scope": "openid offline_access"}, "exactly one datev:iam:client"),
        ({"scope": "openid datev:iam:client:29098-55003"}, "only then it is allowed"),
        ({"scope": "openid offline_access datev:iam:client:0-1"}, "invalid scope: datev:iam:client:0-1"),
    ],
)
def test_authorize_shows_an_error_page_for(web: httpx.Client, changes: dict[str, Any], text: str) -> None:
    answer = web.get("/openid/authorize", params=authorization(**changes))
    assert answer.status_code == 400
    assert text in answer.text


def test_a_parameter_may_not_come_twice(web: httpx.Client) -> None:
    parameters = httpx.QueryParams(authorization()).add("state", STATE)
    assert web.get("/openid/authorize", params=parameters).status_code == 400


def test_other_redirect_uris_are_registered_by_option_and_compared_exactly() -> None:
    standin = create(Options(extra={"redirect_uris": "https://books.example/a https://books.example/b"}))
    with browser(standin) as web:
        for uri, status in (("https://books.example/b", 302), ("https://books.example/b/", 400)):
            assert web.get("/openid/authorize", params=authorization(redirect_uri=uri)).status_code == status


def test_code_exchange_answers_all_tokens(web: httpx.Client) -> None:
    answer = exchange(web, code_for(web))
    tokens = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 900
    assert 11 * 3600 - 2 <= tokens["refresh_token_expires_in"] <= 11 * 3600
    assert tokens["scope"] == ALL_SCOPES
    assert tokens["access_token"].count(".") == 0


def test_the_id_token_is_signed_with_a_published_key_and_belongs_to_the_login(web: httpx.Client) -> None:
    tokens = exchange(web, code_for(web)).json()
    header, claims, signature = tokens["id_token"].split(".")
    key = web.get("/certs").json()["keys"][0]
    modulus, exponent = (int.from_bytes(decoded(key[name])) for name in ("n", "e"))
    public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    public.verify(decoded(signature), f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    said = json.loads(decoded(claims))
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert json.loads(decoded(header)) == {"alg": "RS256", "typ": "JWT", "kid": key["kid"]}
    assert (said["iss"], said["aud"], said["nonce"]) == ("http://datev.test/openid", APP, NONCE)
    assert decoded(said["at_hash"]) == half
    assert said["sub"]


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "other"},
        {"redirect_uri": "http://localhost:8000/"},
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
    ],
)
def test_a_code_is_only_exchanged_with_what_it_was_asked_for(
    web: httpx.Client, changes: dict[str, str]
) -> None:
    answer = exchange(web, **{"code": code_for(web), **changes})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_worth_nothing_for_another_app(web: httpx.Client) -> None:
    answer = exchange(web, code_for(web), CONFIDENTIAL_APP)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_expires_after_five_minutes(standin: DatevStandIn, web: httpx.Client) -> None:
    code = code_for(web)
    standin.clock.advance(300)
    assert exchange(web, code).json()["error"] == "invalid_grant"


def test_a_code_that_comes_twice_ends_the_session_it_opened(standin: DatevStandIn, web: httpx.Client) -> None:
    code = code_for(web)
    assert exchange(web, code).status_code == 200
    assert exchange(web, code).json()["error"] == "invalid_grant"
    assert standin.sessions == []


@pytest.mark.parametrize(
    "auth", [httpx.Auth(), httpx.BasicAuth(APP, "wrong"), httpx.BasicAuth("unknown", SECRET)]
)
def test_a_code_exchange_needs_basic_authentication(web: httpx.Client, auth: httpx.Auth) -> None:
    form = {"grant_type": "authorization_code", "code": code_for(web), "redirect_uri": CALLBACK}
    answer = web.post("/token", data={**form, "client_id": APP, "client_secret": SECRET}, auth=auth)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
    ],
)
def test_only_two_grants_exist(web: httpx.Client, form: dict[str, str], error: str) -> None:
    answer = web.post("/token", data={**form, "scope": "openid"}, auth=(APP, SECRET))
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_the_token_endpoint_takes_forms_only(web: httpx.Client) -> None:
    answer = web.post("/token", json={"grant_type": "authorization_code"}, auth=(APP, SECRET))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert web.get("/token").status_code == 405


def test_end_session_goes_back_to_a_registered_address(web: httpx.Client) -> None:
    there = web.get("/endsession", params={"post_logout_redirect_uri": CALLBACK})
    assert (there.status_code, there.headers["location"]) == (302, CALLBACK)
    assert (
        web.get("/endsession", params={"post_logout_redirect_uri": "https://evil.example"}).status_code == 200
    )
