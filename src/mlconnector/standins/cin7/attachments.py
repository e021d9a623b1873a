"""Which files sales and purchases have, and where their bytes lie.

An address of a file is on another host than the API. It is signed, and good for some minutes without a login.
Keys that come with a request for a file have leaked to another host: they are written down, and the request
is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest, new
from random import Random
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.papers import content, content_type
from mlconnector.standins.cin7.records import File, Row

PATH = "/Attachment/Download"
GOOD_FOR = 300.0
_KEY_HEADERS = ("api-auth-accountid", "api-auth-applicationkey", "authorization", "cookie")


def sale_files(sale: Row, seed: int) -> list[File]:
    """The files of a generated sale: its invoices, and beside some of them a pick list or a photo."""
    random, sale_id = Random(f"{seed}-files-{sale['ID']}"), sale["ID"]
    made: list[File] = []
    if sale["Fulfilments"] and random.random() < 0.6:
        number = sale["Order"]["SaleOrderNumber"]
        made.append(_file(sale_id, f"PickList_{number}.pdf", "pdf", ["Kommissionierliste", number]))
    if random.random() < 0.15:
        made.append(_file(sale_id, "1718203344.jpg", "photo", []))
    for document, title, key in (
        *((each, "Rechnung", "InvoiceNumber") for each in sale["Invoices"]),
        *((each, "Gutschrift", "CreditNoteNumber") for each in sale["CreditNotes"]),
    ):
        if document[key] and random.random() < 0.85:
            shown = [title, f"Nummer: {document[key]}", sale["Customer"], f"Summe: {document['Total']}"]
            made.append(_file(sale_id, f"{title}_{document[key]}.pdf", "pdf", shown))
    return made


def purchase_files(purchase: Row) -> list[File]:
    """The files of a generated purchase: the suppliers' invoices."""
    return [
        _file(
            purchase["ID"],
            f"{invoice['InvoiceNumber'] or 'Scan'}.pdf",
            "pdf",
            ["Rechnung", f"Nummer: {invoice['InvoiceNumber'] or ''}", purchase["Supplier"]],
        )
        for invoice in purchase["Invoice"]
        if invoice["Status"] != "NOT AVAILABLE"
    ]


def _file(owner: str, name: str, kind: str, text: list[str]) -> File:
    return File(guid("file", owner, name), owner, name, kind, text)


class Storage:
    """Signed addresses and the bytes behind them; `base_url` is their host, where `localhost` will not do."""

    def __init__(self, clock: Callable[[], float], found: Callable[[str], File | None]) -> None:
        self.clock = clock
        self.found = found
        self.base_url: str | None = None
        self.leaks: list[str] = []
        self._key = guid("storage key").encode()

    def address(self, file: File, host: str) -> str:
        """The address of a file for a client that asked at `host`."""
        moment = int(self.clock())
        base = self.base_url or f"http://{_other_host(host)}"
        kind, name = quote(content_type(file.name), safe=""), quote(file.name, safe="")
        asked = f"ID={file.id}&ContentType={kind}&FileName={name}&timeStamp={moment}"
        return f"{base}{PATH}?{asked}&signature={self._signature(file.id, moment)}"

    async def serve(self, request: Request) -> Response:
        """The bytes behind a signed address."""
        leaked = [name for name in _KEY_HEADERS if name in request.headers]
        if leaked:
            self.leaks += leaked
            return PlainTextResponse("InvalidArgument", 400)
        asked = request.query_params
        file, moment = self.found(asked.get("ID", "").lower()), asked.get("timeStamp", "")
        if (
            file is None
            or not moment.isdigit()
            or not self._is_signed(file.id, int(moment), asked.get("signature", ""))
        ):
            return PlainTextResponse("AuthenticationFailed", 403)
        if self.clock() - int(moment) > GOOD_FOR:
            return PlainTextResponse("AuthenticationFailed: Signature expired", 403)
        return Response(content(file), media_type=content_type(file.name))

    def _is_signed(self, file_id: str, moment: int, given: str) -> bool:
        return compare_digest(given.encode(), self._signature(file_id, moment).encode())

    def _signature(self, file_id: str, moment: int) -> str:
        return new(self._key, f"{file_id} {moment}".encode(), "sha256").hexdigest()


def _other_host(host: str) -> str:
    name, colon, port = host.partition(":")
    return f"{'127.0.0.1' if name == 'localhost' else 'localhost'}{colon}{port}"
