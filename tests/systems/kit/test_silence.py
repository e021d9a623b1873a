"""Where no answer comes, the causes that have different cures are told apart, over real sockets."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mlconnector.systems.kit.silence import Silence
from tests.systems.wire import Wiring

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
Served = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@contextmanager
def served(serve: Served) -> Iterator[int]:
    """A port of this machine at which one connection is served."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def once() -> None:
            try:
                connection, _ = listening.accept()
                with closing(connection):
                    serve(connection)
            except OSError:
                return

        thread = Thread(target=once, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join(5)


def answering(text: bytes) -> Served:
    def serve(connection: socket.socket) -> None:
        connection.recv(4000)
        connection.sendall(text)

    return serve


def silence_of(address: str, timeout: float = 5.0) -> Silence:
    """What is said of a request to an address, which is asked once."""
    wiring = Wiring(setting_of={address: "[source] base_url"}.__getitem__)
    http = wiring("shop", address, timeout=timeout)
    try:
        with pytest.raises(Silence) as raised:
            http.request("POST", "/items?key=secret", repeat=False)
    finally:
        wiring.close()
    assert raised.value.system == "shop"
    assert "key=secret" not in raised.value.address
    return raised.value


def _fails(error: OSError) -> Callable[..., None]:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    return fail


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    monkeypatch.setattr(socket, "getaddrinfo", _fails(unknown))
    found = silence_of("https://firm.pipedrve.example:8443")
    assert (found.kind, found.address) == ("name", "https://firm.pipedrve.example:8443")
    assert found.setting == "[source] base_url"
    assert "Name or service not known" in found.answer
    assert not found.outcome_unknown


def test_an_address_where_nobody_listens() -> None:
    found = silence_of("http://127.0.0.1:9")
    assert (found.kind, found.address, found.outcome_unknown) == ("refused", "http://127.0.0.1:9", False)


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EHOSTUNREACH])
def test_a_network_without_a_way_there(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(socket, "create_connection", _fails(OSError(number, "unreachable")))
    assert silence_of("http://127.0.0.1:9").kind == "route"


def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_open() -> None:
    with served(_reading_only) as port:
        found = silence_of(f"http://127.0.0.1:{port}", timeout=0.05)
    assert (found.kind, found.outcome_unknown) == ("timeout", True)


def test_a_connection_that_breaks_off_leaves_the_outcome_open() -> None:
    with served(answering(b"")) as port:
        found = silence_of(f"http://127.0.0.1:{port}")
    assert (found.kind, found.outcome_unknown) == ("timeout", True)


def test_a_port_that_speaks_without_encryption() -> None:
    with served(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        assert silence_of(f"https://127.0.0.1:{port}").kind == "encryption"


def test_a_certificate_that_nobody_here_trusts(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_own_certificate(tmp_path))

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True):
            return

    with served(serve) as port:
        found = silence_of(f"https://127.0.0.1:{port}")
    assert found.kind == "certificate"
    assert "certificate" in found.answer.lower()


def test_a_proxy_that_nobody_reaches_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://anna:geheim@127.0.0.1:9")
    found = silence_of("https://firm.example")
    assert (found.kind, found.proxy) == ("proxy", "http://anna:***@127.0.0.1:9")
    assert found.address == "https://firm.example"


def test_a_proxy_that_wants_to_know_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(answering(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        found = silence_of("https://firm.example")
    assert (found.kind, found.proxy) == ("proxy", f"http://127.0.0.1:{port}")
    assert "407" in found.answer


def test_an_address_that_goes_past_the_proxy_is_not_its_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found = silence_of("http://127.0.0.1:9")
    assert (found.kind, found.proxy) == ("refused", "")


def _reading_only(connection: socket.socket) -> None:
    while connection.recv(4000):
        pass


def _own_certificate(folder: Path) -> Path:
    """A key and a certificate that it has signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "own.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file
