"""Fault switches: what can go wrong on a network, thrown into a stand-in from outside.

`lose_answer` carries the request out and cuts the connection before the answer; `lose_request` cuts it
before anything is carried out; `status` answers with an error instead of carrying it out; `slow` waits
first; `truncate` cuts the answer in its middle; `hold` carries the request out and then never answers;
`alter` carries it out and answers something else.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, Literal

Kind = Literal["lose_answer", "lose_request", "status", "slow", "truncate", "hold", "alter"]
_App = Callable[..., Awaitable[None]]


@dataclass
class Fault:
    """One fault for the next `times` requests whose method and path match."""

    kind: Kind
    method: str = ".*"
    path: str = ".*"
    times: int = 1
    status: int = 503
    retry_after: str | None = None
    location: str | None = None
    body: bytes = b""
    content_type: str = "application/json"
    seconds: float = 0.0
    after: int = 0
    alter: Callable[[bytes], bytes] = bytes
    happened: Event = field(default_factory=Event)

    def matches(self, method: str, path: str) -> bool:
        """Whether this fault is meant for the request."""
        return re.fullmatch(self.method, method) is not None and re.search(self.path, path) is not None


class Faults:
    """The faults that wait for their request; the first that matches is used up."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> Fault:
        """Throw a fault in; its `happened` is set when it took effect for the last time."""
        with self._lock:
            self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything work again."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if one waits for it; `after` requests are let through first."""
        with self._lock:
            for fault in self._waiting:
                if not fault.matches(method, path):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    return None
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None


class FaultyApp:
    """ASGI wrapper that puts the faults into effect (connection cuts need `serving.serve`)."""

    def __init__(self, app: _App, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Serve one request, with the fault that waits for it."""
        fault = self.faults.take(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await self.app(scope, receive, send)
            return
        await _strike(fault, self.app, scope, receive, send)
        if fault.times <= 0:
            fault.happened.set()


async def _strike(fault: Fault, app: _App, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    if fault.kind == "status":
        headers = [
            (b"content-type", fault.content_type.encode()),
            (b"content-length", b"%d" % len(fault.body)),
        ]
        if fault.retry_after is not None:
            headers.append((b"retry-after", fault.retry_after.encode()))
        if fault.location is not None:
            headers.append((b"location", fault.location.encode()))
        await send({"type": "http.response.start", "status": fault.status, "headers": headers})
        await send({"type": "http.response.body", "body": fault.body})
        return
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        await app(scope, receive, send)
        return
    if fault.kind == "lose_request":
        scope["state"]["transport"].abort()
        return
    answer: list[MutableMapping[str, Any]] = []

    async def keep(message: MutableMapping[str, Any]) -> None:
        answer.append(message)

    await app(scope, receive, keep)
    if fault.kind == "alter":
        await _send(answer, fault.alter(_body(answer)), send)
        return
    if fault.kind == "truncate":
        await _send_half(answer, send)
    if fault.kind == "hold":
        fault.happened.set()
        await asyncio.sleep(fault.seconds or 3600)
    scope["state"]["transport"].abort()


async def _send_half(answer: list[MutableMapping[str, Any]], send: Any) -> None:
    body = _body(answer)
    await send(_start(answer, max(len(body), 2)))
    await send({"type": "http.response.body", "body": body[: max(len(body), 2) // 2], "more_body": True})


async def _send(answer: list[MutableMapping[str, Any]], body: bytes, send: Any) -> None:
    await send(_start(answer, len(body)))
    await send({"type": "http.response.body", "body": body})


def _start(answer: list[MutableMapping[str, Any]], length: int) -> MutableMapping[str, Any]:
    """How an answer begins, with another length."""
    headers = [(name, value) for name, value in answer[0]["headers"] if name != b"content-length"]
    return {**answer[0], "headers": [*headers, (b"content-length", b"%d" % length)]}


def _body(answer: list[MutableMapping[str, Any]]) -> bytes:
    return b"".join(message.get("body", b"") for message in answer if message["type"] == "http.response.body")
