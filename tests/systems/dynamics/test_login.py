from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from mlconnector.errors import Broken, RetryLater
from mlconnector.standins.dynamics import CLIENT_SECRET
from mlconnector.standins.faults import Fault
from mlconnector.systems.dynamics.login import EntraRefused, entra_tokens
from mlconnector.systems.kit.app_tokens import AppTokens
from mlconnector.systems.source import SourceContext
from tests.conformance.source_suite import whole_pass
from tests.systems.dynamics.rig import DynamicsRig, dynamics_rig

TOKEN = r"/oauth2/v2.0/token$"


@pytest.fixture
def rig() -> Iterator[DynamicsRig]:
    with dynamics_rig(records=3) as rig:
        yield rig


def tokens_of(rig: DynamicsRig, **settings: str) -> AppTokens:
    outside = rig.outside
    return entra_tokens(
        SourceContext(
            settings=rig.system.settings_model.model_validate({**rig.settings, **settings}),
            secrets=rig.secrets,
            tokens=outside.tokens,
            http=outside.http,
            memory=outside.memory,
            now=outside.time.now,
            budget=outside.budget,
        )
    )


def pem_of_certificate(name: str = "ml-connector") -> tuple[str, str]:
    """A private key and a certificate for it."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def asked(rig: DynamicsRig) -> int:
    return sum(each.method == "POST" and "/token" in each.url for each in rig.outside.log.exchanges)


def test_a_token_is_kept_and_renewed_before_its_end(rig: DynamicsRig) -> None:
    tokens = tokens_of(rig)
    first = tokens.current()
    assert tokens.current() is first
    rig.outside.time.pass_by(3599 - 301)
    assert tokens.current() is first
    rig.outside.time.pass_by(2)
    assert tokens.current().access_token != first.access_token
    assert asked(rig) == 2


def test_only_who_was_refused_gets_another_one(rig: DynamicsRig) -> None:
    tokens = tokens_of(rig)
    first = tokens.current().access_token
    second = tokens.renewed(first).access_token
    assert tokens.renewed(first).access_token == second != first


def test_a_refused_token_is_renewed_once_and_the_request_repeated(rig: DynamicsRig) -> None:
    source = rig.open()
    source.changes(None, None)
    rig.standin.entra.forget_tokens()
    source.changes(None, None)
    assert asked(rig) == 2


def test_a_certificate_proves_the_app_as_well() -> None:
    key, certificate = pem_of_certificate()
    secrets = {"certificate": f"Bag Attributes\n{key}\n{certificate}"}
    with dynamics_rig(records=3, settings={"auth": "certificate"}, secrets=secrets) as rig:
        rig.standin.entra.register(certificate)
        whole_pass(rig.open(), None)
        assert "PRIVATE KEY" not in rig.outside.log.text()


def test_a_certificate_that_entra_does_not_know_is_refused() -> None:
    key, certificate = pem_of_certificate()
    secrets = {"certificate": key + certificate}
    with dynamics_rig(records=3, settings={"auth": "certificate"}, secrets=secrets) as rig:
        with pytest.raises(EntraRefused) as caught:
            tokens_of(rig).current()
        assert caught.value.code == "700027"


KEY_ALONE = "-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n"
NO_KEY_AT_ALL = f"{KEY_ALONE}-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----"


@pytest.mark.parametrize("pem", ["", "no pem", KEY_ALONE, NO_KEY_AT_ALL])
def test_what_is_no_certificate_is_said_without_showing_it(pem: str) -> None:
    with dynamics_rig(records=3, settings={"auth": "certificate"}, secrets={"certificate": pem}) as rig:
        with pytest.raises(EntraRefused) as caught:
            tokens_of(rig).current()
        assert caught.value.problem.key == "entra_certificate_unusable"
        assert "xx" not in caught.value.said


@pytest.mark.parametrize(
    ("settings", "secret", "code"),
    [
        ({}, "wrong~secret", "7000215"),
        ({"client_id": "00000000-1111-2222-3333-444444444444"}, CLIENT_SECRET, "700016"),
        ({"tenant": "nobody.onmicrosoft.com"}, CLIENT_SECRET, "90002"),
        ({"environment": "http://127.0.0.1:9"}, CLIENT_SECRET, "500011"),
    ],
)
def test_what_entra_refuses_has_its_code(settings: dict[str, str], secret: str, code: str) -> None:
    with dynamics_rig(records=3, secrets={"client_secret": secret}) as rig:
        with pytest.raises(EntraRefused) as caught:
            tokens_of(rig, **settings).current()
        assert caught.value.code == code
        assert f"AADSTS{code}" in caught.value.said
        assert secret not in rig.outside.log.text()


def test_an_expired_secret_has_its_code(rig: DynamicsRig) -> None:
    rig.standin.entra.secret_expired = True
    with pytest.raises(EntraRefused) as caught:
        tokens_of(rig).current()
    assert caught.value.code == "7000222"


def test_a_short_trouble_of_entra_is_waited_for_and_a_long_one_left_to_the_flow(rig: DynamicsRig) -> None:
    rig.faults.add(Fault("status", path=TOKEN, status=503, retry_after="4"))
    assert tokens_of(rig).current().access_token
    assert max(rig.outside.time.slept) >= 4
    rig.faults.add(Fault("status", path=TOKEN, status=429, retry_after="600", times=9))
    with pytest.raises(RetryLater) as caught:
        tokens_of(rig).current()
    assert caught.value.after == 600
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("body", [b"<html>", b'{"token_type":"Bearer"}', b"[]"])
def test_an_answer_without_a_token_is_a_broken_contract(rig: DynamicsRig, body: bytes) -> None:
    rig.faults.add(Fault("status", path=TOKEN, status=200, body=body))
    with pytest.raises(Broken):
        tokens_of(rig).current()


def test_no_token_is_in_the_log(rig: DynamicsRig) -> None:
    source = rig.open()
    whole_pass(source, None)
    assert rig.standin.entra.tokens
    log = rig.outside.log.text()
    assert not any(token in log for token in rig.standin.entra.tokens)
