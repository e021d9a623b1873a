"""Where the bytes of attachments lie: behind a redirect to another host, at addresses that die after a while.

Whoever follows the redirect with the token still in hand has shown it to that host: it is written down, and
the request is refused, as signed addresses refuse a second way to authenticate.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest, new
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from mlconnector.standins.procore.answers import not_found
from mlconnector.standins.procore.endpoint import Asked
from mlconnector.standins.procore.identities import digest
from mlconnector.standins.procore.papers import content, content_type
from mlconnector.standins.procore.records import File

GOOD_FOR = 180.0
_LEAKS = ("authorization", "procore-company-id", "cookie")


class Storage:
    """Signed addresses and the bytes behind them; `host` is their host, where `localhost` will not do."""

    def __init__(self, clock: Callable[[], float], found: Callable[[int], File | None]) -> None:
        self.clock = clock
        self.found = found
        self.host: str | None = None
        self.leaks: list[str] = []
        self._key = digest("storage key")

    def redirect(self, asked: Asked) -> Response:
        """Where an attachment lies now; raises Refusal where there is none."""
        file = self.found(asked.number("id"))
        if file is None:
            raise not_found()
        expires = int(self.clock() + GOOD_FOR)
        host = self.host or _other_host(asked.base_url)
        signed = f"expires={expires}&signature={self._signature(file.id, str(expires))}"
        return RedirectResponse(f"{host}/storage/{file.id}/{quote(file.name)}?{signed}", 302)

    async def serve(self, request: Request) -> Response:
        """The bytes behind a signed address."""
        leaked = [name for name in _LEAKS if name in request.headers]
        if leaked:
            self.leaks += leaked
        if "authorization" in request.headers:
            return PlainTextResponse("InvalidArgument: Only one auth mechanism allowed", 400)
        asked, given = request.query_params, request.path_params["id"]
        file = self.found(int(given)) if given.isdigit() else None
        signature = self._signature(file.id, asked.get("expires", "")) if file else ""
        if file is None or not compare_digest(asked.get("signature", "").encode(), signature.encode()):
            return PlainTextResponse("SignatureDoesNotMatch", 403)
        if self.clock() > int(asked["expires"]):
            return PlainTextResponse("AccessDenied: Request has expired", 403)
        return Response(content(file), media_type=content_type(file.name))

    def _signature(self, file_id: int, expires: str) -> str:
        return new(self._key, f"{file_id} {expires}".encode(), "sha256").hexdigest()


def _other_host(base_url: str) -> str:
    scheme, _, rest = base_url.partition("://")
    name, colon, port = rest.partition(":")
    return f"{scheme}://{'127.0.0.1' if name == 'localhost' else 'localhost'}{colon}{port}"
