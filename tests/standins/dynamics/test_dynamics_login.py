from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msal.oauth2cli.assertion import JwtAssertionCreator

from mlconnector.standins.base import Clock
from mlconnector.standins.dynamics import CLIENT_ID, CLIENT_SECRET, TENANT_ID, DynamicsStandIn
from tests.standins.dynamics.conftest import HEADERS, Api, refused


def test_a_token_opens_the_web_api(api: Api, standin: DynamicsStandIn) -> None:
    token = api.log_in().json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3599)
    assert "refresh_token" not in token
    who = api.get("WhoAmI").json()
    assert who["OrganizationId"] == standin.organization_id


@pytest.mark.parametrize(
    ("form", "status", "error", "code"),
    [
        ({"client_secret": "guessed"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_id": "00000000-0000-0000-0000-000000000001"}, 400, "unauthorized_client", 700016),
        ({"scope": "https://other.crm4.dynamics.com/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ],
)
def test_wrong_credentials_are_refused_as_by_entra(
    api: Api, form: dict[str, str | None], status: int, error: str, code: int
) -> None:
    answer = api.log_in(TENANT_ID, **form)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert body["correlation_id"] in body["error_description"]


def test_an_unknown_tenant_is_refused(api: Api) -> None:
    assert api.log_in(tenant="elsewhere.onmicrosoft.com").json()["error_codes"] == [90002]
    discovery = api.client.get("/elsewhere/v2.0/.well-known/openid-configuration")
    assert (discovery.status_code, discovery.json()["error_codes"]) == (400, [90002])


def test_an_expired_secret_is_named_as_such(api: Api, standin: DynamicsStandIn) -> None:
    standin.entra.secret_expired = True
    assert api.log_in().json()["error_codes"] == [7000222]


def test_two_slashes_before_default_make_a_token_for_somebody_else(api: Api) -> None:
    answer = api.log_in(scope=f"{api.url}//.default")
    assert answer.status_code == 200
    token = answer.json()["access_token"]
    assert api.get("WhoAmI", Authorization=f"Bearer {token}").status_code == 401


def test_a_token_ends_after_an_hour(api: Api, clock: Clock) -> None:
    clock.advance(3590)
    assert api.get("WhoAmI").status_code == 200
    clock.advance(10)
    answer = api.get("WhoAmI")
    assert (answer.status_code, answer.content) == (401, b"")
    assert f"/{TENANT_ID}/oauth2/authorize" in answer.headers["www-authenticate"]


def test_tokens_can_be_made_worthless(api: Api, standin: DynamicsStandIn) -> None:
    standin.entra.forget_tokens()
    assert api.get("WhoAmI").status_code == 401


def test_without_an_application_user_nothing_is_shown(api: Api, standin: DynamicsStandIn) -> None:
    standin.set_member(is_member=False)
    message = "The user is not a member of the organization."
    assert refused(api.get("WhoAmI")) == (403, "0x80072560", message)


@pytest.mark.parametrize("missing", ["OData-Version", "OData-MaxVersion"])
def test_the_headers_of_odata_are_a_must(api: Api, missing: str) -> None:
    assert api.get("WhoAmI", **{missing: ""}).status_code == 400
    assert api.get("WhoAmI", **{missing: HEADERS[missing]}).status_code == 200


class Wire:
    """MSAL's HTTP client; MSAL takes https addresses only, the stand-in speaks http."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> Any:
        return self._kept(httpx.get(self._plain(url), params=params, headers=headers))

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> Any:
        # An assertion comes as bytes, which httpx would write as Python does.
        texts = {name: value.decode() if isinstance(value, bytes) else value for name, value in data.items()}
        return self._kept(httpx.post(self._plain(url), params=params, data=texts, headers=headers))

    def close(self) -> None:
        pass

    def _plain(self, url: str) -> str:
        self.paths.append(httpx.URL(url).path)
        return url.replace("https://", "http://")

    def _kept(self, answer: httpx.Response) -> Any:
        secured = answer.text.replace("http://", "https://")
        return type("Answer", (), {"status_code": answer.status_code, "text": secured, "headers": {}})


def with_msal(api: Api, credential: Any, **options: Any) -> tuple[dict[str, Any], Wire]:
    wire = Wire()
    app = msal.ConfidentialClientApplication(
        CLIENT_ID,
        authority=f"{api.url}/{TENANT_ID}".replace("http://", "https://"),
        client_credential=credential,
        http_client=wire,
        **options,
    )
    return dict(app.acquire_token_for_client(scopes=[f"{api.url}/.default"])), wire


def test_msal_finds_its_way_with_a_secret(api: Api) -> None:
    granted, wire = with_msal(api, CLIENT_SECRET, instance_discovery=False)
    assert api.get("WhoAmI", Authorization=f"Bearer {granted['access_token']}").status_code == 200
    assert wire.paths == [
        f"/{TENANT_ID}/v2.0/.well-known/openid-configuration",
        f"/{TENANT_ID}/oauth2/v2.0/token",
    ]


def test_msal_can_discover_the_instance_here(api: Api) -> None:
    endpoint = f"{api.url}/common/discovery/instance".replace("http://", "https://")
    granted, wire = with_msal(api, CLIENT_SECRET, instance_discovery=endpoint)
    assert "access_token" in granted
    assert wire.paths[0] == "/common/discovery/instance"


@pytest.fixture(scope="module")
def key_pair() -> tuple[str, str]:
    """A private key and its certificate, both PEM."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ml-connector")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, certificate.public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("thumbprint", [True, False])
def test_a_certificate_signs_in(
    api: Api, standin: DynamicsStandIn, key_pair: tuple[str, str], *, thumbprint: bool
) -> None:
    private, public = key_pair
    standin.entra.register(public)
    credential = {"private_key": private, "public_certificate": public}
    if thumbprint:
        credential = {"private_key": private, "thumbprint": sha1_of(public)}
    granted, _ = with_msal(api, credential, instance_discovery=False)
    assert "access_token" in granted, granted


def sha1_of(certificate: str) -> str:
    return x509.load_pem_x509_certificate(certificate.encode()).fingerprint(SHA1()).hex()


def signed(api: Api, key_pair: tuple[str, str], **claims: str) -> str:
    private, public = key_pair
    given = {"audience": f"{api.url}/{TENANT_ID}/oauth2/v2.0/token", "issuer": CLIENT_ID} | claims
    creator = JwtAssertionCreator(private, "RS256", sha1_thumbprint=sha1_of(public))
    return bytes(creator.create_normal_assertion(**given)).decode()


def asked_with(api: Api, assertion: str) -> httpx.Response:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return api.log_in(TENANT_ID, client_secret=None, client_assertion=assertion, client_assertion_type=kind)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"audience": "https://login.microsoftonline.com/elsewhere/oauth2/v2.0/token"}, 700023),
        ({"issuer": "somebody-else"}, 700021),
    ],
)
def test_an_assertion_for_or_of_somebody_else_is_refused(
    api: Api, standin: DynamicsStandIn, key_pair: tuple[str, str], claims: dict[str, str], code: int
) -> None:
    standin.entra.register(key_pair[1])
    assert asked_with(api, signed(api, key_pair)).status_code == 200
    assert asked_with(api, signed(api, key_pair, **claims)).json()["error_codes"] == [code]


def test_an_assertion_that_was_altered_is_refused(
    api: Api, standin: DynamicsStandIn, key_pair: tuple[str, str]
) -> None:
    standin.entra.register(key_pair[1])
    one, other = signed(api, key_pair), signed(api, key_pair)
    altered = ".".join([*one.split(".")[:2], other.split(".")[2]])
    assert asked_with(api, altered).json()["error_codes"] == [700027]


def test_a_certificate_nobody_registered_is_refused(api: Api, key_pair: tuple[str, str]) -> None:
    private, public = key_pair
    credential = {"private_key": private, "public_certificate": public}
    granted, _ = with_msal(api, credential, instance_discovery=False)
    assert granted["error_codes"] == [700027]


def test_an_assertion_of_yesterday_is_refused(
    api: Api, standin: DynamicsStandIn, clock: Clock, key_pair: tuple[str, str]
) -> None:
    private, public = key_pair
    standin.entra.register(public)
    clock.advance(86_400)
    credential = {"private_key": private, "public_certificate": public}
    granted, _ = with_msal(api, credential, instance_discovery=False)
    assert granted["error_codes"] == [700024]


@pytest.mark.parametrize("assertion", ["", "a.b", "a.b.c", "e30.e30.e30"])
def test_what_is_no_assertion_is_refused(api: Api, assertion: str) -> None:
    assert asked_with(api, assertion).status_code == 401
