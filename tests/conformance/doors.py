"""Servers that are used again: starting and stopping one for every test would take most of its time."""

from __future__ import annotations

import atexit
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from typing import Any

from mlconnector.standins.base import AsgiApp
from mlconnector.standins.serving import serve


class _Door:
    """A running server behind which one application stands at a time."""

    app: AsgiApp

    def __init__(self) -> None:
        stack = ExitStack()
        self.url = stack.enter_context(serve(self))
        atexit.register(stack.close)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


_free: list[_Door] = []


@contextmanager
def served(app: AsgiApp) -> Iterator[str]:
    """Like `serving.serve`, with a server that goes on to the next test afterwards."""
    door = _free.pop() if _free else _Door()
    door.app = app
    try:
        yield door.url
    finally:
        _free.append(door)
