"""Where file bytes lie when a download is redirected, in the manner of signed storage addresses.

An address is good without a login. Handing it a credential that was meant for Pipedrive is refused, as
signed storage does, and written down: it has leaked to another host.
"""

from __future__ import annotations

import secrets
from hmac import compare_digest, new
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mlconnector.standins.pipedrive.account import Account
from mlconnector.standins.pipedrive.files import content

PATH = "/_standin/storage/{id}"
_CREDENTIALS = ("authorization", "x-api-token", "cookie")


class Storage:
    """Redirect target of downloads; `base_url` is its host, None serves the bytes directly."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.base_url: str | None = None
        self.leaked: list[str] = []
        self._key = secrets.token_bytes(16)

    def address(self, file_id: int, host: str) -> str:
        """The signed address of a file for a client that asked at `host`."""
        parameters = urlencode({"from": host, "signature": self._signature(file_id, host)})
        return f"{self.base_url}{PATH.format(id=file_id)}?{parameters}"

    async def serve(self, request: Request) -> Response:
        """The bytes behind a signed address."""
        file, came_from = (
            self.account.file(int(request.path_params["id"])),
            request.query_params.get("from", ""),
        )
        given = request.query_params.get("signature", "")
        if file is None or not compare_digest(given.encode(), self._signature(file.id, came_from).encode()):
            return PlainTextResponse("SignatureDoesNotMatch", 403)
        leaked = [name for name in _CREDENTIALS if name in request.headers]
        if leaked and request.headers["host"] != came_from:
            self.leaked += leaked
            return PlainTextResponse("InvalidArgument: Only one auth mechanism allowed", 400)
        return Response(content(file), media_type="application/octet-stream")

    def _signature(self, file_id: int, host: str) -> str:
        return new(self._key, f"{file_id} {host}".encode(), "sha256").hexdigest()
