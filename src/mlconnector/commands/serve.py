"""The command that serves webhooks, the callback of logins, health, metrics and the API, and also works."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated

import typer

from mlconnector.app import Application
from mlconnector.commands.output import answered, application, say
from mlconnector.commands.working import attend, keep_a_log, stopping

if TYPE_CHECKING:
    from mlconnector.flow.engine.workflows import Workflows

_BACKLOG = 2048
_LAST_ANSWERS_SECONDS = 10


def serve(
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535)] = None,
    worker: Annotated[
        bool,
        typer.Option("--worker/--no-worker"),
    ] = True,
) -> None:
    """Serve webhooks, logins and the API, and work."""
    keep_a_log()
    with answered(), application() as app:
        settings = app.settings
        listener = listening(host or settings.host, settings.port if port is None else port)
        with listener, stopping() as stop:
            if not worker:
                answer(app, None, listener, stop)
                return
            with app.working() as workflows:
                answer(app, workflows, listener, stop)


def listening(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError when the address cannot be had."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # asyncio turns Nagle off only for sockets that name their protocol; else each answer takes 40 ms.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def answer(
    app: Application, workflows: Workflows | None, listener: socket.socket, stop: threading.Event
) -> None:
    """Answer requests until a signal comes, with the attention loop beside it where work is done here."""
    # Loaded here, because no other command needs them and all would wait for them.
    import uvicorn  # noqa: PLC0415

    from mlconnector.flow.people.users import new_setup_token  # noqa: PLC0415
    from mlconnector.web.application import create_app  # noqa: PLC0415
    from mlconnector.web.bounded import bounded, room_for_connections  # noqa: PLC0415
    from mlconnector.web.console.screens import console  # noqa: PLC0415
    from mlconnector.web.guards import LARGEST_HEAD  # noqa: PLC0415

    most = room_for_connections()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(app, workflows, console()),
            http=bounded(most),
            # asyncio accepts so many at once, and more of them before the first that made room are closed.
            backlog=max(16, most // 4),
            ws="none",
            h11_max_incomplete_event_size=LARGEST_HEAD,
            forwarded_allow_ips=app.settings.trusted_proxies,
            lifespan="off",
            log_config=None,
            # What strangers do must not fill the log.
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=True,
            timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
        )
    )

    def give_up(_attention: Future[None]) -> None:
        server.should_exit = True

    with ThreadPoolExecutor(1, thread_name_prefix="attention") as beside:
        attention = None
        if workflows is not None:
            attention = beside.submit(attend, app, workflows, stop)
            attention.add_done_callback(give_up)
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        say("serving", address=f"http://{shown}:{port}")
        console_at = f"{app.settings.public_url.rstrip('/')}/console/"
        token = new_setup_token(app.services)
        if token is not None:
            say("console_setup", link=f"{console_at}setup?token={token}")
        else:
            say("console_open", link=console_at)
        try:
            if not stop.is_set():
                server.run(sockets=[listener])
        finally:
            stop.set()
        if attention is not None:
            # An attention loop that ended by an error ended the server too; the process says so and fails.
            attention.result()
