"""Trace headers on every API answer, and counters of API calls (logins and token calls apart)."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import MutableMapping
from typing import Any

from mlconnector.standins.base import AsgiApp, Message, Receive, Send

REQUEST_ID = "datev_request_id"
_ID_AFTER = {
    "clients": "{client-id}",
    "documents": "{document-id}",
    "jobs": "{job-id}",
    "dxso-jobs": "{job-id}",
}


class Statistics:
    """How often the APIs were called, in all and by method and path."""

    def __init__(self) -> None:
        self.gets = 0
        self.puts = 0
        self.posts = 0
        self.deletes = 0
        self.errors = 0
        self.early_polls = 0
        self.by_path: Counter[str] = Counter()

    def count(self, method: str, path: str) -> None:
        """Count a request."""
        self.by_path[f"{method} {path_kind(path)}"] += 1
        match method:
            case "GET":
                self.gets += 1
            case "PUT":
                self.puts += 1
            case "POST":
                self.posts += 1
            case "DELETE":
                self.deletes += 1

    def as_json(self) -> dict[str, Any]:
        """All counters; `errors` are answers from 400 on, `early_polls` job queries before `Retry-After`."""
        return {
            "gets": self.gets,
            "puts": self.puts,
            "posts": self.posts,
            "deletes": self.deletes,
            "errors": self.errors,
            "early_polls": self.early_polls,
            "by_path": dict(sorted(self.by_path.items())),
        }


def path_kind(path: str) -> str:
    """A request path with ids taken out, e.g. `/accounting-documents/clients/{client-id}/documents`."""
    segments = path.split("/")
    kinds = segments[:2]
    for previous, segment in itertools.pairwise(segments[3:]):
        is_id = previous in _ID_AFTER and segment != "stapled"
        kinds.append(_ID_AFTER[previous] if is_id else segment)
    return "/".join(kinds)


class ObservedApp:
    """ASGI wrapper that counts API calls and puts the trace headers on their answers."""

    def __init__(self, app: AsgiApp, statistics: Statistics) -> None:
        self.app = app
        self.statistics = statistics

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/accounting-"):
            await self.app(scope, receive, send)
            return
        self.statistics.count(scope["method"], scope["path"])
        request_id = scope[REQUEST_ID] = str(uuid.uuid4())
        trace = [
            (b"x-global-transaction-id", request_id.replace("-", "")[:24].encode()),
            (b"v-cap-request-id", request_id.encode()),
        ]

        async def traced(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] >= 400:
                    self.statistics.errors += 1
                message["headers"] = [*message["headers"], *trace]
            await send(message)

        await self.app(scope, receive, traced)
