"""The ASGI application that `ml-connector serve` runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from mlconnector import __version__
from mlconnector.app import Application
from mlconnector.web import api, connect, health, oauth, webhooks
from mlconnector.web.answers import HANDLERS, PROBLEM
from mlconnector.web.callers import CallerLimit
from mlconnector.web.figures import Figures
from mlconnector.web.guards import MAX_FILE, BodyLimit, secured
from mlconnector.web.parts import Parts, Work

# Who may send these has the token.
_LARGER = {f"{api.PREFIX}/{path}": MAX_FILE for path in ("check", "warehouses/files")}
_ROUTERS = (webhooks.router, oauth.router, connect.router, health.router, api.router)


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages for people beside all else: their routes, and how errors of theirs are answered.

    `areas` is what they lead to, `bodies` how large the bodies of some addresses may be.
    """

    routes: Sequence[BaseRoute]
    handlers: dict[int | type[Exception], Any]
    areas: Sequence[object] = ()
    bodies: Mapping[str, int] = field(default_factory=dict)


def create_app(application: Application, workflows: Work | None, pages: Pages | None = None) -> FastAPI:
    """The application over an opened installation; without workflows another process has to do the work."""
    token = application.settings.api_token
    larger = {**_LARGER, **(pages.bodies if pages else {})}
    app = _Web(
        title="ml-connector",
        version=__version__,
        description="Finished business documents into DATEV: what became of each, and what waits for people.",
        openapi_url=f"{api.PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={**HANDLERS, **(pages.handlers if pages else {})},
        middleware=[
            Middleware(CallerLimit, token=token),
            Middleware(BodyLimit, larger=larger, token=token),
        ],
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.parts = Parts(application, workflows, Figures(application.services))
    # The routes are whole as they are: including routers works each of them out anew for each application.
    for router in _ROUTERS:
        app.router.routes.extend(router.routes)
    if pages is not None:
        app.state.areas = pages.areas
        app.router.routes.extend(pages.routes)
    return app


class _Web(FastAPI):
    """FastAPI with security headers on all answers, and problems described under their media type."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; outside of all middleware, because errors are answered there too."""
        await super().__call__(scope, receive, secured(send))

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI description."""
        described = super().openapi()
        for path in described["paths"].values():
            for operation in path.values():
                for status, response in operation["responses"].items():
                    content = response.get("content", {})
                    if status >= "400" and "application/json" in content:
                        content[PROBLEM] = content.pop("application/json")
        return described
