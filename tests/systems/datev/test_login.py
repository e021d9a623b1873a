from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mlconnector.errors import Broken, NeedsLogin, RetryLater
from mlconnector.standins.datev import SECRET
from mlconnector.standins.datev.signature import SigningKey
from mlconnector.standins.faults import Fault
from mlconnector.systems.datev.login import issued_by, oauth_model
from mlconnector.systems.datev.scopes import LIFETIME, LONG_TERM_LIFETIME, scopes
from mlconnector.systems.kit import issuer, oauth
from mlconnector.systems.kit.oauth import Tokens
from tests.systems.datev.rig import BACK, MUSTERHOLZ, Rig, token_http

BOTH_MODELS = pytest.mark.parametrize("confidential", [False, True], ids=["client id alone", "basic"])


def log_in(rig: Rig) -> Tokens:
    """Go the way of the browser, from our redirect to DATEV and back to our callback."""
    pending, address = issuer.begin_login(rig.model, BACK)
    answer = httpx.get(address)
    assert answer.status_code == 302, answer.text
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert back["state"] == [pending.state]
    http = token_http(rig.model, rig.wiring)
    return issuer.finish_login(rig.model, http, SECRET, pending, back["code"][0], datetime.now(UTC))


@BOTH_MODELS
def test_a_login_gives_tokens_that_open_the_client(rig: Rig, confidential: bool) -> None:
    rig = rig.with_settings(confidential_refresh=confidential)
    tokens = log_in(rig)
    assert set(tokens.scopes) == set(scopes(rig.settings))
    rig.keeper.tokens = tokens
    assert rig.sink.client_facts().name == "Musterholz GmbH"


@BOTH_MODELS
def test_a_refresh_gives_new_tokens_and_does_not_prolong_the_login(rig: Rig, confidential: bool) -> None:
    rig = rig.with_settings(confidential_refresh=confidential)
    first = log_in(rig)
    rig.standin.clock.advance(3600)
    later = datetime.now(UTC) + timedelta(hours=1)
    http = token_http(rig.model, rig.wiring)
    second = issuer.refresh(rig.model, http, SECRET, first, later)
    assert second.refresh_token != first.refresh_token
    assert abs(second.refresh_expires_at - first.refresh_expires_at) < timedelta(seconds=10)


@BOTH_MODELS
def test_the_other_way_to_refresh_is_refused(rig: Rig, confidential: bool) -> None:
    rig = rig.with_settings(confidential_refresh=confidential)
    tokens = log_in(rig)
    other = "client_id" if confidential else "basic"
    model = rig.model.__class__(**{**_values(rig.model), "refresh_authentication": other})
    with pytest.raises(oauth.AppRefused) as refused:
        issuer.refresh(model, token_http(model, rig.wiring), SECRET, tokens, datetime.now(UTC))
    assert refused.value.said.startswith("invalid_client")


def _values(model: oauth.OAuthModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in model.__dataclass_fields__}


def test_a_refresh_token_that_is_used_twice_ends_the_session(rig: Rig) -> None:
    first = log_in(rig)
    http = token_http(rig.model, rig.wiring)
    second = issuer.refresh(rig.model, http, SECRET, first, datetime.now(UTC))
    with pytest.raises(NeedsLogin, match="invalid_grant"):
        issuer.refresh(rig.model, http, SECRET, first, datetime.now(UTC))
    rig.keeper.tokens = second
    with pytest.raises(NeedsLogin):
        rig.sink.client_facts()


def test_after_a_lost_answer_one_more_refresh_with_the_old_token_decides(rig: Rig) -> None:
    first = log_in(rig)
    http = token_http(rig.model, rig.wiring)
    rig.standin.faults.add(Fault("lose_answer", method="POST", path="/token"))
    with pytest.raises(RetryLater) as raised:
        issuer.refresh(rig.model, http, SECRET, first, datetime.now(UTC))
    assert raised.value.outcome_unknown
    with pytest.raises(NeedsLogin):
        issuer.refresh(rig.model, http, SECRET, first, datetime.now(UTC))


def test_after_an_unsent_refresh_the_old_token_is_still_good(rig: Rig) -> None:
    first = log_in(rig)
    http = token_http(rig.model, rig.wiring)
    rig.standin.faults.add(Fault("status", method="POST", path="/token", status=503))
    with pytest.raises(RetryLater) as raised:
        issuer.refresh(rig.model, http, SECRET, first, datetime.now(UTC))
    assert not raised.value.outcome_unknown
    assert issuer.refresh(rig.model, http, SECRET, first, datetime.now(UTC)).access_token


def test_a_code_of_another_login_is_refused(rig: Rig) -> None:
    _, address = issuer.begin_login(rig.model, BACK)
    other, _ = issuer.begin_login(rig.model, BACK)
    code = parse_qs(urlsplit(httpx.get(address).headers["location"]).query)["code"][0]
    with pytest.raises(NeedsLogin, match="code_verifier"):
        issuer.finish_login(
            rig.model, token_http(rig.model, rig.wiring), SECRET, other, code, datetime.now(UTC)
        )


def test_a_login_that_datev_did_not_sign_is_refused(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    others = SigningKey().public_keys()
    monkeypatch.setattr(SigningKey, "public_keys", lambda _: others)
    with pytest.raises(NeedsLogin, match="not signed by its issuer"):
        log_in(rig)


def test_keys_out_of_reach_leave_the_code_for_later(rig: Rig) -> None:
    rig.standin.faults.add(Fault("status", path="/certs", status=503, times=3))
    with pytest.raises(RetryLater):
        log_in(rig)
    assert log_in(rig).access_token


def test_a_revoked_login_is_worth_nothing(rig: Rig) -> None:
    tokens = log_in(rig)
    http = token_http(rig.model, rig.wiring)
    issuer.revoke(rig.model, http, SECRET, tokens)
    with pytest.raises(NeedsLogin):
        issuer.refresh(rig.model, http, SECRET, tokens, datetime.now(UTC))
    assert rig.standin.sessions == []


def test_the_person_who_logged_in_is_known_by_name(rig: Rig) -> None:
    assert issued_by(rig.model, rig.wiring, log_in(rig)) == "Erika Beispiel"


def test_user_data_of_an_ended_login_need_a_login(rig: Rig) -> None:
    tokens = log_in(rig)
    rig.standin.expire_access_tokens()
    with pytest.raises(NeedsLogin):
        issued_by(rig.model, rig.wiring, tokens)


def test_a_long_term_login_is_for_one_client_and_rolls(rig: Rig) -> None:
    rig = rig.with_settings(long_term_token=True)
    tokens = log_in(rig)
    assert {"offline_access", f"datev:iam:client:{MUSTERHOLZ}"} <= set(tokens.scopes)
    assert tokens.refresh_expires_at > datetime.now(UTC) + timedelta(days=700)
    assert (rig.model.lifetime, rig.model.rolling) == (LONG_TERM_LIFETIME, True)
    rig.keeper.tokens = tokens
    assert rig.sink.client_facts().client == MUSTERHOLZ
    other = rig.with_settings(client="29098-55006")
    other.keeper.tokens = rig.keeper.tokens
    with pytest.raises(NeedsLogin, match="not authorized to access requested clients"):
        other.sink.client_facts()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"services": ["extf"]},
            "openid profile datev:accounting:clients datev:accounting:extf-files-import",
        ),
        (
            {"services": ["documents"]},
            "openid profile datev:accounting:clients accounting:documents accounting:clients:read",
        ),
        (
            {"services": ["extf"], "extra_scopes": ["email", "openid"]},
            "openid profile datev:accounting:clients datev:accounting:extf-files-import email",
        ),
    ],
)
def test_no_more_scopes_are_asked_for_than_are_needed(rig: Rig, given: dict[str, Any], expected: str) -> None:
    assert " ".join(scopes(rig.with_settings(**given).settings)) == expected


def test_the_model_comes_from_discovery(rig: Rig) -> None:
    model = rig.model
    assert model.token_url == f"{rig.url}/token"
    assert model.issuer == f"{rig.url}/openid"
    assert model.jwks_url == f"{rig.url}/certs"
    assert (model.lifetime, model.rolling) == (LIFETIME, False)
    assert model.authorize_extra == {"enableWindowsSso": "true"}
    assert model.pkce


def discovered(**changes: str) -> bytes:
    document = {
        "issuer": "https://login.datev.de/openid",
        "authorization_endpoint": "https://login.datev.de/openid/authorize",
        "token_endpoint": "https://api.datev.de/token",
        "userinfo_endpoint": "https://api.datev.de/userinfo",
        "revocation_endpoint": "https://api.datev.de/revoke",
        **changes,
    }
    return json.dumps(document).encode()


def production(rig: Rig, content: bytes) -> oauth.OAuthModel:
    rig.wiring.transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    given = {"discovery_url": "", "enable_windows_sso": False}
    return oauth_model(rig.with_settings(**given).settings, rig.wiring)


def test_the_token_endpoint_may_be_on_another_host_than_the_issuer(rig: Rig) -> None:
    model = production(rig, discovered())
    assert model.token_url == "https://api.datev.de/token"
    assert model.authorize_extra == {}


@pytest.mark.parametrize(
    "content",
    [
        discovered(issuer="https://login.datev.de/openidsandbox"),
        discovered(issuer="https://login.example/openid"),
        discovered(token_endpoint="http://api.datev.de/token"),
        discovered(userinfo_endpoint=""),
        discovered(jwks_uri="http://login.datev.de/certs"),
        discovered(jwks_uri=""),
        b"[]",
        b"<html>",
    ],
)
def test_a_discovery_document_that_cannot_be_trusted_is_refused(rig: Rig, content: bytes) -> None:
    with pytest.raises(Broken):
        production(rig, content)


def test_discovery_out_of_reach_is_tried_again_later(rig: Rig) -> None:
    rig.standin.faults.add(Fault("status", path="openid-configuration", times=3))
    with pytest.raises(RetryLater):
        oauth_model(rig.settings, rig.wiring)
    assert oauth_model(rig.settings, rig.wiring).issuer


def test_no_secret_of_a_login_reaches_the_technical_log(rig: Rig) -> None:
    tokens = log_in(rig)
    http = token_http(rig.model, rig.wiring)
    renewed = issuer.refresh(rig.model, http, SECRET, tokens, datetime.now(UTC))
    issued_by(rig.model, rig.wiring, renewed)
    with pytest.raises(NeedsLogin):
        issuer.refresh(rig.model, http, SECRET, tokens, datetime.now(UTC))
    issuer.revoke(rig.model, http, SECRET, renewed)
    for secret in (
        SECRET,
        *(text for each in (tokens, renewed) for text in (each.access_token, each.refresh_token)),
    ):
        assert secret not in rig.wiring.log.text
