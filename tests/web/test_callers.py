"""Whoever is not known is answered within bounds: how often, how long, and not with what is for inside."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from mlconnector.web import bounded as bounds
from mlconnector.web.callers import A_MINUTE, REFUSED_A_MINUTE, CallerLimit, is_inside
from mlconnector.web.guards import LARGEST_HEAD, BodyLimit
from tests.web.rig import API_TOKEN, Rig

Message = MutableMapping[str, Any]


class Time:
    """A clock for seconds that tests move by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def scope(path: str = "/", client: str = "203.0.113.7", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": pairs,
        "client": (client, 4711),
        "server": ("test", 80),
        "scheme": "http",
    }


def answered(app: Any, asked: dict[str, Any]) -> tuple[int, dict[str, str]]:
    """Status and headers of what an application answers."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(app(asked, receive, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def always(status: int) -> Any:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


def test_who_is_refused_too_often_is_answered_again_after_a_minute() -> None:
    clock = Time()
    limit = CallerLimit(always(401), None, clock)
    for _ in range(REFUSED_A_MINUTE):
        assert answered(limit, scope())[0] == 401
    clock.now += A_MINUTE / 2
    status, headers = answered(limit, scope())
    assert (status, headers["retry-after"]) == (429, "30")
    assert answered(limit, scope(client="203.0.113.8"))[0] == 401, "another address is none of it"
    clock.now += A_MINUTE / 2
    assert answered(limit, scope())[0] == 401


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        pytest.param(404, scope(authorization=f"Bearer {API_TOKEN}"), id="who has the token"),
        pytest.param(202, scope("/webhooks/north"), id="deliveries that are signed"),
        pytest.param(200, scope("/readyz", client="127.0.0.1"), id="who is inside"),
        pytest.param(503, scope("/webhooks/north"), id="what we could not answer"),
    ],
)
def test_who_is_known_is_always_answered(status: int, asked: dict[str, Any]) -> None:
    limit = CallerLimit(always(status), SecretStr(API_TOKEN), Time())
    assert {answered(limit, asked)[0] for _ in range(REFUSED_A_MINUTE * 2)} == {status}


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        pytest.param(401, scope("/webhooks/north"), id="deliveries that are not signed"),
        pytest.param(401, scope(authorization="Bearer wrong"), id="a wrong token"),
        pytest.param(200, scope("/readyz"), id="questions from outside"),
        pytest.param(404, scope(client="127.0.0.1"), id="who is inside and asks for nothing that is there"),
    ],
)
def test_who_is_not_known_is_answered_so_often(status: int, asked: dict[str, Any]) -> None:
    limit = CallerLimit(always(status), SecretStr(API_TOKEN), Time())
    statuses = [answered(limit, asked)[0] for _ in range(REFUSED_A_MINUTE + 1)]
    assert set(statuses[:-1]) == {status}
    assert statuses[-1] == 429


def test_addresses_of_one_network_of_ipv6_are_one_caller() -> None:
    limit = CallerLimit(always(401), None, Time())
    statuses = [
        answered(limit, scope(client=f"2001:db8:1:2::{number:x}"))[0]
        for number in range(REFUSED_A_MINUTE + 1)
    ]
    assert statuses[-1] == 429


def test_no_more_addresses_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlconnector.web.callers._MOST_ADDRESSES", 10)
    limit = CallerLimit(always(401), None, Time())
    for number in range(100):
        answered(limit, scope(client=f"203.0.113.{number}"))
    assert len(limit._counted) == 10


@pytest.mark.parametrize(
    ("inside", "asked"),
    [
        (True, scope(client="127.0.0.1")),
        (True, scope(client="::1")),
        (True, scope(client="::ffff:127.0.0.1")),
        (False, scope(client="203.0.113.7")),
        (False, scope(client="127.0.0.1", x_forwarded_for="127.0.0.1")),
        (False, scope(client="127.0.0.1", forwarded="for=127.0.0.1")),
        (False, scope(client="")),
    ],
)
def test_inside_is_this_machine_without_a_proxy(inside: bool, asked: dict[str, Any]) -> None:
    assert is_inside(asked) == inside


def test_metrics_are_for_who_is_inside_or_has_the_token(rig: Rig) -> None:
    outside = {"X-Forwarded-For": "203.0.113.7"}
    assert rig.browser().get("/metrics").status_code == 200
    assert rig.browser().get("/metrics", headers=outside).status_code == 401
    assert rig.program().get("/metrics", headers=outside).status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def reading(_scope: Any, receive: Any, _send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    first = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> Message:
        for message in first:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    async def send(_message: Message) -> None:
        pass

    limit = BodyLimit(reading, {}, None, seconds=0.01)
    with pytest.raises(Exception, match="did not come in time") as refused:
        asyncio.run(limit(scope(), receive, send))
    assert getattr(refused.value, "status_code", 0) == 408


@contextmanager
def server(most: int) -> Iterator[tuple[str, int]]:
    """A server with bounds, which answers 200 once it has read the body."""

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await always(200)(_scope, receive, send)

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=bounds.bounded(most), ws="none", lifespan="off", log_config=None)
    config.h11_max_incomplete_event_size = LARGEST_HEAD
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield listener.getsockname()[:2]
    finally:
        running.should_exit = True
        thread.join()
        listener.close()


def is_cut_off(one: socket.socket) -> bool:
    """Wait until the other end has let go."""
    one.settimeout(30)
    try:
        return one.recv(1024) == b""
    except ConnectionResetError:
        return True


def test_the_head_of_a_request_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "HEADER_SECONDS", 0.05)
    with server(10) as address, socket.create_connection(address) as silent:
        with socket.create_connection(address) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n")
            assert is_cut_off(slow)
        assert is_cut_off(silent)


def test_whoever_sends_a_whole_request_is_answered_while_others_hold_all_connections() -> None:
    with server(10) as address:
        held = [socket.create_connection(address) for _ in range(40)]
        for one in held:
            one.sendall(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nx")
        assert httpx.get(f"http://{address[0]}:{address[1]}/", trust_env=False).status_code == 200
        assert is_cut_off(held[0]), "who waits longest makes room"
        for one in held:
            one.close()


def test_a_head_that_is_too_large_is_refused(rig: Rig) -> None:
    answer = rig.browser().get("/healthz", headers={"x": "y" * LARGEST_HEAD})
    assert (answer.status_code, answer.headers["connection"]) == (431, "close")


def test_the_head_of_a_request_that_never_ends_is_refused() -> None:
    with server(10) as address, socket.create_connection(address) as endless:
        with suppress(ConnectionError):
            for _ in range(100):
                endless.sendall(b"x" * LARGEST_HEAD)
        assert endless.recv(12) in {b"HTTP/1.1 400", b""}


def test_there_are_never_more_connections_than_files_that_may_be_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted: list[tuple[int, int]] = []
    monkeypatch.setattr("resource.setrlimit", lambda _which, limits: wanted.append(limits))
    monkeypatch.setattr("resource.getrlimit", lambda _which: (256, 1024))
    assert bounds.room_for_connections() == 256
    assert wanted == [(1024, 1024)], "as many as the system lets us"
    monkeypatch.setattr("resource.getrlimit", lambda _which: (64, 64))
    assert bounds.room_for_connections() == 16
