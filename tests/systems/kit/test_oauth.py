from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from mlconnector.errors import Broken, NeedsLogin, RetryLater
from mlconnector.systems.kit.bearer import BearerAuth
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.issuer import begin_login, explain_token_answer, finish_login, refresh, revoke
from mlconnector.systems.kit.oauth import AppRefused, OAuthModel, PendingLogin, Tokens
from tests.systems.wire import START, Wiring

BACK = "https://connector.example/oauth/callback"
MODEL = OAuthModel(
    system="books",
    client_id="app",
    authorize_url="https://login.example/authorize?tenant=7",
    token_url="https://api.example/token",
    revoke_url="https://api.example/revoke",
    scopes=("openid", "books:write"),
    issuer="https://login.example",
    lifetime=1000.0,
)
PENDING = PendingLogin(state="s" * 43, nonce="n" * 43, verifier="v" * 64, redirect_uri=BACK)
OLD = Tokens(
    access_token="old-access-token",
    refresh_token="old-refresh-token",
    expires_at=START,
    refresh_expires_at=START + timedelta(hours=5),
    scopes=("openid",),
    extra={"api_domain": "https://firma.example"},
)


KEY, ANOTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
SIGNED = changed(MODEL, jwks_url="https://login.example/certs")


def id_token(*, key: rsa.RSAPrivateKey = KEY, kid: str | None = "k1", **changes: Any) -> str:
    claims = {
        "iss": MODEL.issuer,
        "aud": "app",
        "nonce": PENDING.nonce,
        "exp": START.timestamp() + 900,
        **changes,
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={} if kid is None else {"kid": kid})


def published(*kids: str) -> dict[str, Any]:
    one = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    return {"keys": [{**one, "kid": kid, "alg": "RS256", "use": "sig"} for kid in kids]}


@dataclass
class TokenServer:
    """Answers with what it is told, and keeps what it was asked."""

    answers: list[httpx.Response | Exception] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.authorizations.append(request.headers.get("authorization", ""))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def says(self, status: int = 200, **content: Any) -> None:
        self.answers.append(httpx.Response(status, json=content))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.asked[-1].content.decode()))


@pytest.fixture
def server() -> TokenServer:
    return TokenServer()


@pytest.fixture
def wiring(server: TokenServer) -> Iterator[Wiring]:
    wiring = Wiring(transport=httpx.MockTransport(server))
    yield wiring
    wiring.close()


@pytest.fixture
def http(wiring: Wiring) -> Http:
    return wiring("books", MODEL.token_url, explain=partial(explain_token_answer, "books"))


class TestBeginningALogin:
    def test_state_nonce_and_verifier_are_long_and_never_the_same(self) -> None:
        logins = [begin_login(MODEL, BACK)[0] for _ in range(200)]
        values = [text for login in logins for text in (login.state, login.nonce, login.verifier)]
        assert len(set(values)) == len(values)
        assert all(len(login.state) >= 43 and len(login.nonce) >= 43 for login in logins)
        assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", login.verifier) for login in logins)

    def test_the_address_carries_everything_the_system_asks_for(self) -> None:
        model = changed(MODEL, authorize_extra={"enableWindowsSso": "true"})
        pending, address = begin_login(model, BACK)
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://login.example/authorize"
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert len(query.pop("code_challenge")) == 43
        assert query == {
            "tenant": "7",
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": BACK,
            "scope": "openid books:write",
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge_method": "S256",
            "enableWindowsSso": "true",
        }
        assert pending.verifier not in address

    def test_the_challenge_is_that_of_rfc_7636_appendix_b(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            "mlconnector.systems.kit.issuer.secrets.token_urlsafe",
            lambda _: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        )
        _, address = begin_login(MODEL, BACK)
        challenge = parse_qs(urlsplit(address).query)["code_challenge"]
        assert challenge == ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]

    def test_without_pkce_and_issuer_there_is_no_challenge_and_no_nonce(self) -> None:
        _, address = begin_login(changed(MODEL, pkce=False, issuer=None, scopes=()), BACK)
        assert {"code_challenge", "code_challenge_method", "nonce", "scope"}.isdisjoint(
            parse_qs(urlsplit(address).query)
        )


class TestFinishingALogin:
    def test_the_code_is_exchanged_with_the_verifier_and_basic_authentication(
        self, server: TokenServer, http: Http
    ) -> None:
        server.says(
            access_token="a",
            refresh_token="r",
            expires_in=600,
            refresh_token_expires_in="7200",
            scope="openid",
            id_token=id_token(),
            api_domain="https://firma.example",
        )
        tokens = finish_login(MODEL, http, "secret-of-app", PENDING, "code-1", START)
        assert server.form == {
            "grant_type": "authorization_code",
            "code": "code-1",
            "redirect_uri": BACK,
            "code_verifier": PENDING.verifier,
        }
        assert base64.b64decode(server.asked[0].headers["authorization"][6:]) == b"app:secret-of-app"
        assert tokens == Tokens(
            access_token="a",
            refresh_token="r",
            expires_at=START + timedelta(seconds=600),
            refresh_expires_at=START + timedelta(seconds=7200),
            scopes=("openid",),
            extra={"api_domain": "https://firma.example"},
            client_id=MODEL.client_id,
            revoke_url=MODEL.revoke_url,
        )

    def test_what_the_answer_does_not_say_comes_from_the_model(self, server: TokenServer, http: Http) -> None:
        server.says(access_token="a", refresh_token="r", id_token=id_token(), expires_in=None, scope=None)
        tokens = finish_login(MODEL, http, "s", PENDING, "code-1", START)
        assert tokens.scopes == MODEL.scopes
        assert tokens.expires_at == START + timedelta(minutes=15)
        assert tokens.refresh_expires_at == START + timedelta(seconds=1000)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"nonce": "x" * 43}, "nonce"),
            ({"nonce": "ü"}, "nonce"),
            ({"nonce": None}, "nonce"),
            ({"iss": "https://evil.example"}, "somebody else"),
            ({"aud": "another-app"}, "somebody else"),
            ({"aud": ["x", "y"]}, "somebody else"),
            ({"exp": START.timestamp() - 301}, "expired"),
            ({"exp": "tomorrow"}, "expired"),
        ],
    )
    def test_an_id_token_of_another_login_is_refused(
        self, server: TokenServer, http: Http, changes: dict[str, Any], reason: str
    ) -> None:
        server.says(access_token="a", refresh_token="r", id_token=id_token(**changes))
        server.says()
        server.says()
        with pytest.raises(NeedsLogin, match=reason):
            finish_login(MODEL, http, "s", PENDING, "code-1", START)

    def test_one_of_several_audiences_is_enough(self, server: TokenServer, http: Http) -> None:
        server.says(access_token="a", refresh_token="r", id_token=id_token(aud=["x", "app"]))
        assert finish_login(MODEL, http, "s", PENDING, "code-1", START).access_token == "a"

    @pytest.mark.parametrize("token", ["", "a.b", "a.%%%.c", "a.W10.c", "a.InRleHQi.c"])
    def test_an_unreadable_id_token_is_refused(self, server: TokenServer, http: Http, token: str) -> None:
        server.says(access_token="a", refresh_token="r", id_token=token)
        server.says()
        server.says()
        with pytest.raises(NeedsLogin, match="no readable id token"):
            finish_login(MODEL, http, "s", PENDING, "code-1", START)

    @pytest.mark.parametrize(("kids", "kid"), [(("k0", "k1"), "k1"), (("k1",), None)])
    def test_a_signature_is_checked_with_the_key_that_the_issuer_publishes(
        self, server: TokenServer, http: Http, kids: tuple[str, ...], kid: str | None
    ) -> None:
        server.says(**published(*kids))
        server.says(access_token="a", refresh_token="r", id_token=id_token(kid=kid))
        assert finish_login(SIGNED, http, "secret-of-app", PENDING, "code-1", START).access_token == "a"
        assert [request.url.path for request in server.asked] == ["/certs", "/token"]
        assert server.authorizations[0] == ""

    @pytest.mark.parametrize(
        "token",
        [
            id_token(key=ANOTHER),
            id_token(kid="k2"),
            id_token(kid=None),
            id_token()[:-8] + "AAAAAAAA",
            jwt.encode({"iss": MODEL.issuer, "aud": "app", "nonce": PENDING.nonce}, "", "none"),
            jwt.encode({"iss": MODEL.issuer, "aud": "app"}, "s" * 32, "HS256", headers={"kid": "k1"}),
        ],
    )
    def test_what_the_issuer_did_not_sign_is_refused_and_revoked(
        self, server: TokenServer, http: Http, token: str
    ) -> None:
        server.says(**published("k0", "k1"))
        server.says(access_token="a", refresh_token="r", id_token=token)
        server.says()
        server.says()
        with pytest.raises(NeedsLogin, match="not signed by its issuer"):
            finish_login(SIGNED, http, "s", PENDING, "code-1", START)
        assert [request.url.path for request in server.asked[2:]] == ["/revoke", "/revoke"]

    @pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": "none"}, {"keys": [{"kty": "?"}]}])
    def test_an_issuer_without_keys_breaks_the_contract_and_leaves_no_login(
        self, server: TokenServer, http: Http, keys: dict[str, Any]
    ) -> None:
        server.says(**keys)
        server.says(access_token="a", refresh_token="r", id_token=id_token())
        server.says()
        server.says()
        with pytest.raises(Broken, match="books publishes no keys"):
            finish_login(SIGNED, http, "s", PENDING, "code-1", START)
        assert [request.url.path for request in server.asked[2:]] == ["/revoke", "/revoke"]

    def test_a_code_is_not_used_up_while_the_keys_are_out_of_reach(
        self, server: TokenServer, http: Http
    ) -> None:
        server.answers += [httpx.ConnectError("no route")] * 3
        with pytest.raises(RetryLater):
            finish_login(SIGNED, http, "s", PENDING, "code-1", START)
        assert {request.url.path for request in server.asked} == {"/certs"}

    def test_what_a_refused_id_token_came_with_is_revoked_at_once(
        self, server: TokenServer, http: Http
    ) -> None:
        server.says(access_token="a", refresh_token="r", id_token=id_token(nonce="another"))
        server.says()
        server.says()
        with pytest.raises(NeedsLogin, match="nonce differs"):
            finish_login(MODEL, http, "s", PENDING, "code-1", START)
        forms = [dict(parse_qsl(request.content.decode())) for request in server.asked[1:]]
        assert [form["token"] for form in forms] == ["r", "a"]

    def test_what_could_not_be_revoked_is_said_beside_the_reason(
        self, server: TokenServer, http: Http
    ) -> None:
        server.says(access_token="a", refresh_token="r", id_token=id_token(nonce="another"))
        server.says(400, error="invalid_request")
        server.says()
        with pytest.raises(NeedsLogin, match=r"nonce differs.*could not be revoked.*invalid_request"):
            finish_login(MODEL, http, "s", PENDING, "code-1", START)

    def test_a_refused_code_needs_another_login(self, server: TokenServer, http: Http) -> None:
        server.says(400, error="invalid_grant", error_description="code code-1234567 is unknown")
        with pytest.raises(NeedsLogin, match=r"books: invalid_grant: code \*\*\* is unknown"):
            finish_login(MODEL, http, "s", PENDING, "code-1234567", START)

    @pytest.mark.parametrize("content", [b"<html>", b"[]", b"{}"])
    def test_an_answer_without_tokens_breaks_the_contract(
        self, server: TokenServer, http: Http, content: bytes
    ) -> None:
        server.answers.append(httpx.Response(200, content=content))
        with pytest.raises(Broken):
            finish_login(MODEL, http, "s", PENDING, "code-1", START)


class TestRefreshing:
    def test_basic_authentication_sends_the_secret_in_the_header_only(
        self, server: TokenServer, http: Http
    ) -> None:
        server.says(access_token="a", refresh_token="r")
        refresh(MODEL, http, "secret-of-app", OLD, START)
        assert server.form == {"grant_type": "refresh_token", "refresh_token": "old-refresh-token"}
        assert "authorization" in server.asked[0].headers

    def test_an_app_that_must_not_authenticate_sends_its_client_id_alone(
        self, server: TokenServer, http: Http
    ) -> None:
        server.says(access_token="a", refresh_token="r")
        refresh(changed(MODEL, refresh_authentication="client_id"), http, "secret-of-app", OLD, START)
        assert server.form == {
            "grant_type": "refresh_token",
            "refresh_token": "old-refresh-token",
            "client_id": "app",
        }
        assert "authorization" not in server.asked[0].headers

    def test_what_a_refresh_does_not_say_stays_as_it_was(self, server: TokenServer, http: Http) -> None:
        server.says(access_token="a", expires_in=60)
        tokens = refresh(MODEL, http, "s", OLD, START)
        assert (tokens.refresh_token, tokens.scopes, tokens.extra) == (
            OLD.refresh_token,
            OLD.scopes,
            OLD.extra,
        )

    def test_only_a_rolling_refresh_token_lives_longer_by_its_use(
        self, server: TokenServer, http: Http
    ) -> None:
        server.says(access_token="a", refresh_token="r")
        assert refresh(MODEL, http, "s", OLD, START).refresh_expires_at == START + timedelta(seconds=1000)
        server.says(access_token="a", refresh_token="r")
        fixed = changed(MODEL, rolling=False)
        assert refresh(fixed, http, "s", OLD, START).refresh_expires_at == OLD.refresh_expires_at

    def test_it_is_never_repeated_by_the_seam(self, server: TokenServer, http: Http) -> None:
        server.answers.append(httpx.ReadTimeout("no answer"))
        with pytest.raises(RetryLater) as raised:
            refresh(MODEL, http, "s", OLD, START)
        assert raised.value.outcome_unknown
        assert len(server.asked) == 1

    def test_a_token_that_was_never_sent_is_not_used_up(self, server: TokenServer, http: Http) -> None:
        server.answers.append(httpx.ConnectError("refused"))
        with pytest.raises(RetryLater) as raised:
            refresh(MODEL, http, "s", OLD, START)
        assert not raised.value.outcome_unknown

    @pytest.mark.parametrize(
        ("status", "unknown"), [(429, False), (500, True), (502, True), (503, False), (504, True)]
    )
    def test_a_failing_server_may_have_used_the_token_up(
        self, server: TokenServer, http: Http, status: int, unknown: bool
    ) -> None:
        server.says(status)
        with pytest.raises(RetryLater) as raised:
            refresh(MODEL, http, "s", OLD, START)
        assert raised.value.outcome_unknown is unknown

    @pytest.mark.parametrize("status", [400, 401, 403])
    def test_a_refused_token_needs_a_login(self, server: TokenServer, http: Http, status: int) -> None:
        server.says(status, error="invalid_grant", error_description="old-refresh-token was used")
        with pytest.raises(NeedsLogin) as raised:
            refresh(MODEL, http, "s", OLD, START)
        assert raised.value.reason == "invalid_grant: *** was used"

    @pytest.mark.parametrize(
        ("error", "problem"),
        [("invalid_client", "app_secret_refused"), ("unauthorized_client", "app_not_allowed")],
    )
    @pytest.mark.parametrize("status", [400, 401, 403])
    def test_a_refused_app_is_no_login_that_has_ended(
        self, server: TokenServer, http: Http, error: str, problem: str, status: int
    ) -> None:
        server.says(status, error=error, error_description="old-refresh-token is of another client")
        with pytest.raises(AppRefused) as raised:
            refresh(MODEL, http, "s", OLD, START)
        assert raised.value.problem.cause == f"{problem}:system=books"
        assert raised.value.said == f"{error}: *** is of another client"

    def test_an_app_may_be_refused_in_words_alone(self, server: TokenServer, http: Http) -> None:
        server.says(400, message="Invalid client: client is invalid")
        with pytest.raises(AppRefused) as raised:
            refresh(MODEL, http, "s", OLD, START)
        assert raised.value.said == "Invalid client: client is invalid"

    @pytest.mark.parametrize("content", [b"", b"[1]", b"{}", b"<html>"])
    def test_a_refusal_without_a_reason_names_its_status(
        self, server: TokenServer, http: Http, content: bytes
    ) -> None:
        server.answers.append(httpx.Response(401, content=content))
        with pytest.raises(NeedsLogin, match="HTTP 401"):
            refresh(MODEL, http, "s", OLD, START)

    def test_a_lifetime_that_is_no_number_breaks_the_contract(self, server: TokenServer, http: Http) -> None:
        server.says(access_token="a", expires_in="soon")
        with pytest.raises(Broken, match="expires_in"):
            refresh(MODEL, http, "s", OLD, START)


class TestRevoking:
    def test_both_tokens_are_revoked_with_their_hint_the_refresh_token_first(
        self, server: TokenServer, http: Http
    ) -> None:
        server.says()
        server.says()
        revoke(MODEL, http, "s", OLD)
        forms = [dict(parse_qsl(request.content.decode())) for request in server.asked]
        assert forms == [
            {"token": "old-refresh-token", "token_type_hint": "refresh_token"},
            {"token": "old-access-token", "token_type_hint": "access_token"},
        ]

    def test_the_access_token_is_revoked_even_where_the_refresh_token_cannot_be(
        self, server: TokenServer, http: Http
    ) -> None:
        server.says(400, error="unsupported_token_type")
        server.says()
        with pytest.raises(NeedsLogin, match="unsupported_token_type"):
            revoke(MODEL, http, "s", OLD)
        assert len(server.asked) == 2

    @pytest.mark.parametrize("error", ["invalid_grant", "invalid_token"])
    def test_a_token_that_is_unknown_is_worthless_already(
        self, server: TokenServer, http: Http, error: str
    ) -> None:
        server.says(400, error=error)
        server.says()
        revoke(MODEL, http, "s", OLD)

    def test_an_app_that_is_not_recognised_has_revoked_nothing(self, server: TokenServer, http: Http) -> None:
        server.says(401, error="invalid_client")
        server.says(401, error="invalid_client")
        with pytest.raises(AppRefused) as raised:
            revoke(MODEL, http, "s", OLD)
        assert raised.value.problem.cause == "app_secret_refused:system=books"

    def test_a_missing_refresh_token_is_not_revoked(self, server: TokenServer, http: Http) -> None:
        server.says()
        revoke(MODEL, http, "s", msgspec.structs.replace(OLD, refresh_token=""))
        assert len(server.asked) == 1

    def test_a_system_without_revocation_is_not_asked(self, server: TokenServer, http: Http) -> None:
        revoke(changed(MODEL, revoke_url=""), http, "s", OLD)
        assert server.asked == []


@dataclass
class Keeper:
    """Hands out tokens in order; an error in place of one is raised."""

    given: list[Tokens | Exception]
    rejected: list[str] = field(default_factory=list)

    def current(self) -> Tokens:
        first = self.given[0]
        if isinstance(first, Exception):
            raise first
        return first

    def renewed(self, rejected: str) -> Tokens:
        self.rejected.append(rejected)
        self.given.pop(0)
        return self.current()


NEW = msgspec.structs.replace(OLD, access_token="new-access-token")


class TestBearer:
    def test_a_refused_token_is_renewed_once_and_the_request_repeated_once(
        self, server: TokenServer, wiring: Wiring
    ) -> None:
        server.says(401)
        server.says(200)
        keeper = Keeper([OLD, NEW])
        wiring("books", "https://api.example", auth=BearerAuth(keeper)).request("POST", "/x", repeat=False)
        assert server.authorizations == ["Bearer old-access-token", "Bearer new-access-token"]
        assert keeper.rejected == ["old-access-token"]

    def test_a_second_refusal_is_left_to_the_system(self, server: TokenServer, wiring: Wiring) -> None:
        server.says(401)
        server.says(401)
        http = wiring("books", "https://api.example", auth=BearerAuth(Keeper([OLD, NEW])))
        with pytest.raises(Broken, match="401"):
            http.request("GET", "/x")
        assert len(server.asked) == 2

    @pytest.mark.parametrize("first", [True, False])
    def test_an_unknown_outcome_of_a_refresh_is_not_one_of_the_request(
        self, server: TokenServer, wiring: Wiring, first: bool
    ) -> None:
        server.says(401)
        lost = RetryLater("the answer of the token endpoint was lost", 3.0, outcome_unknown=True)
        http = wiring(
            "books", "https://api.example", auth=BearerAuth(Keeper([lost] if first else [OLD, lost]))
        )
        with pytest.raises(RetryLater) as raised:
            http.request("POST", "/x", repeat=False)
        assert not raised.value.outcome_unknown
        assert raised.value.after == 3.0

    def test_a_needed_login_passes_through(self, server: TokenServer, wiring: Wiring) -> None:
        http = wiring("books", "https://api.example", auth=BearerAuth(Keeper([NeedsLogin("books", "over")])))
        with pytest.raises(NeedsLogin):
            http.request("GET", "/x")
        assert server.asked == []


def test_tokens_do_not_show_themselves() -> None:
    shown = f"{OLD!r} {OLD} {PENDING!r} {PENDING}"
    for secret in (OLD.access_token, OLD.refresh_token, PENDING.state, PENDING.nonce, PENDING.verifier):
        assert secret not in shown


def test_tokens_and_pending_logins_survive_being_stored() -> None:
    for value in (OLD, PENDING):
        assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value


def test_no_secret_of_the_token_endpoint_reaches_the_log(
    server: TokenServer, wiring: Wiring, http: Http
) -> None:
    server.says(access_token="new-access-token", refresh_token="new-refresh-token", id_token=id_token())
    finish_login(MODEL, http, "secret-of-app", PENDING, "code-1234567", START)
    server.says(400, error="invalid_grant", error_description="old-refresh-token secret-of-app")
    with pytest.raises(NeedsLogin):
        refresh(MODEL, http, "secret-of-app", OLD, START)
    for secret in (
        "new-access",
        "new-refresh",
        "old-refresh",
        "secret-of-app",
        "code-1234567",
        PENDING.verifier,
    ):
        assert secret not in wiring.log.text
