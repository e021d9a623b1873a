"""Real HTTP servers on loopback sockets for the stand-ins."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from mlconnector.standins.base import AsgiApp


class _CuttableProtocol(H11Protocol):
    """HTTP protocol that hands its transport to the application, so that a fault can cut the line."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def listen(port: int = 0) -> socket.socket:
    """A listening loopback socket; port 0 takes a free one."""
    # asyncio turns Nagle off only for sockets that name their protocol; else each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(256)
    return listener


def server(app: AsgiApp) -> uvicorn.Server:
    """A uvicorn server for `app` that keeps quiet and can have its connections cut."""
    config = uvicorn.Config(
        app,
        http=_CuttableProtocol,
        log_level="critical",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


@contextmanager
def serve(app: AsgiApp, port: int = 0) -> Iterator[str]:
    """Serve `app` from a thread and yield its base URL, e.g. `http://127.0.0.1:40123`."""
    listener = listen(port)
    running = server(app)
    thread = Thread(target=running.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(timeout=5)
        listener.close()
