"""accounting:documents: document types, permitted file types, and the upload of documents.

What was uploaded cannot be read back, listed or deleted: the original has no such operations.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from mlconnector.standins.base import Clock
from mlconnector.standins.datev import clients_api, document_files
from mlconnector.standins.datev.answers import JSON, fault, json_answer
from mlconnector.standins.datev.clients import DOCUMENTS_SERVICE, Client
from mlconnector.standins.datev.gateway import Call, Gateway
from mlconnector.standins.datev.received import Received
from mlconnector.standins.datev.uploads import (
    ANY_BELEGE_ONLINE,
    BELEGE_ONLINE_NEXT,
    STAPLED,
    MultipartError,
    Part,
    parts_of,
    stored_name,
)

SCOPE = "accounting:documents"
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_LEVELS = ("category", "folder", "register")
_LENGTHS = {
    "note": (255, "DCO01223"),
    "category": (30, "DCO01224"),
    "folder": (30, "DCO01225"),
    "register": (30, "DCO01226"),
    "document_type": (30, "DCO01227"),
}
_RESTRICTED = frozenset({"personnel_documents", "travel_expense_documents"})


@dataclass(frozen=True, slots=True)
class Document:
    """A document in Belege online; `guid` in lower case, `sha256` over its files one after the other."""

    client_id: str
    guid: str
    file_names: tuple[str, ...]
    document_type: str
    category: str
    folder: str
    register: str
    note: str
    size: int
    sha256: str
    received_at: str


class Documents:
    """Belege online of all clients, and the operations on it."""

    def __init__(self, gateway: Gateway, received: Received, clock: Clock) -> None:
        self.gateway = gateway
        self.received = received
        self.clock = clock
        self.by_guid: dict[tuple[str, str], Document] = {}
        self._contents: set[tuple[str, str, tuple[str, ...], str]] = set()

    def routes(self) -> list[Route]:
        """The operations of accounting:documents."""
        of_client = self.gateway.of_client
        return [
            *clients_api.basics_routes(self.gateway, JSON),
            of_client("GET", "/document-types", SCOPE, self._document_types),
            of_client("GET", "/duo-version", clients_api.READ_SCOPE, self._duo_version),
            of_client("POST", "/documents", SCOPE, self._post),
            of_client("PUT", "/documents/stapled", SCOPE, self._put_stapled),
            of_client("PUT", "/documents/{document_id}", SCOPE, self._put),
        ]

    def add(self, document: Document) -> None:
        """Take a document in."""
        self.by_guid[document.client_id, document.guid] = document
        self._contents.add(_content_key(document))

    def dump(self) -> list[dict[str, Any]]:
        """All documents, without their bytes."""
        return [asdict(document) for document in self.by_guid.values()]

    def load(self, dumped: Sequence[Mapping[str, Any]]) -> None:
        """Bring dumped documents back."""
        for row in dumped:
            self.add(Document(**{**row, "file_names": tuple(row["file_names"])}))

    def _document_types(self, _call: Call, client: Client) -> Response:
        self.gateway.require_service(client, DOCUMENTS_SERVICE)
        return json_answer(client.document_types)

    def _duo_version(self, _call: Call, client: Client) -> Response:
        allowed = BELEGE_ONLINE_NEXT if client.belege_online_next else ANY_BELEGE_ONLINE
        return json_answer(
            {
                "allowed_file_extensions": sorted(allowed),
                "allowed_staple_file_extensions": sorted(STAPLED),
                "staple_logic": "physically" if client.belege_online_next else "logically",
            }
        )

    def _put(self, call: Call, client: Client) -> Response:
        self.gateway.require_service(client, DOCUMENTS_SERVICE)
        document_id = call.request.path_params["document_id"]
        if GUID.fullmatch(document_id) is None:
            raise fault("DCO01234")
        guid = document_id.lower()
        document, _ = self._take(call, client, guid, "file")
        return json_answer(
            _answer(document, [{"name": document.file_names[0], "size": str(document.size)}]), 201
        )

    def _post(self, call: Call, client: Client) -> Response:
        self.gateway.require_service(client, DOCUMENTS_SERVICE)
        document, _ = self._take(call, client, str(uuid.uuid4()), "file")
        files = [{"name": document.file_names[0], "size": str(document.size)}]
        return json_answer({"id": document.guid.upper(), **_answer(document, files)}, 201)

    def _put_stapled(self, call: Call, client: Client) -> Response:
        self.gateway.require_service(client, DOCUMENTS_SERVICE)
        document, parts = self._take(call, client, str(uuid.uuid4()), "files")
        ids = [document.guid.replace("-", "").upper(), *(uuid.uuid4().hex.upper() for _ in parts[1:])]
        files = [
            {"id": file_id, "name": name, "size": str(len(part.content))}
            for file_id, name, part in zip(ids, document.file_names, parts, strict=True)
        ]
        return json_answer({"id": ids[0], **_answer(document, files)}, 201)

    def _take(self, call: Call, client: Client, guid: str, part_name: str) -> tuple[Document, list[Part]]:
        try:
            parts = parts_of(call.request.headers.get("content-type", ""), call.body)
        except MultipartError as error:
            raise fault("DCO01004") from error
        files = [part for part in parts if part.name == part_name]
        fields = {part.name: part for part in parts if part.name != part_name}
        if len(files) + len(fields) != len(parts) or not fields.keys() <= {"metadata", "custom_metadata"}:
            raise fault("DCO01004")
        if (client.id, guid) in self.by_guid:
            raise fault("DCO01012", 409)
        if part_name == "file":
            document_files.check_single(files, client)
        else:
            document_files.check_staple(files, client)
        metadata = _metadata(fields.get("metadata"), client)
        _check_custom_metadata(fields.get("custom_metadata"))
        document = self._document(client, guid, files, metadata)
        if _content_key(document) in self._contents:
            raise fault("DCO01253")
        self.add(document)
        contents = {name: part.content for name, part in zip(document.file_names, files, strict=True)}
        self.received.document(client.id, guid, contents, asdict(document))
        return document, files

    def _document(
        self, client: Client, guid: str, files: list[Part], metadata: Mapping[str, str]
    ) -> Document:
        digest = hashlib.sha256()
        for part in files:
            digest.update(part.content)
        return Document(
            client_id=client.id,
            guid=guid,
            file_names=_distinct([stored_name(part.filename or "") for part in files]),
            document_type=metadata.get("document_type", ""),
            category=metadata.get("category", ""),
            folder=metadata.get("folder", ""),
            register=metadata.get("register", ""),
            note=metadata.get("note", ""),
            size=sum(len(part.content) for part in files),
            sha256=digest.hexdigest(),
            received_at=datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="milliseconds"),
        )


def _content_key(document: Document) -> tuple[str, str, tuple[str, ...], str]:
    return document.client_id, document.sha256, document.file_names, document.document_type


def _answer(document: Document, files: list[dict[str, str]]) -> dict[str, Any]:
    answer: dict[str, Any] = {"files": files}
    if document.document_type:
        answer["document_type"] = document.document_type
    if document.note:
        answer["note"] = document.note
    return answer


def _distinct(names: list[str]) -> tuple[str, ...]:
    return tuple(f"{number}_{name}" if name in names[:number] else name for number, name in enumerate(names))


def _json_object(part: Part) -> dict[str, Any]:
    try:
        value = json.loads(part.content.decode())
    except ValueError as error:
        raise fault("DCO01217") from error
    media_type = (part.media_type or "application/json").partition(";")[0].strip().lower()
    if not isinstance(value, dict) or media_type != "application/json":
        raise fault("DCO01217")
    return value


def _metadata(part: Part | None, client: Client) -> dict[str, str]:
    """The checked metadata; empty values are as good as none."""
    if part is None:
        return {}
    value = _json_object(part)
    if not value.keys() <= _LENGTHS.keys():
        raise fault("DCO01217")
    for name, text in value.items():
        if not isinstance(text, str) or not unicodedata.is_normalized("NFC", text):
            raise fault("DCO01217")
        longest, code = _LENGTHS[name]
        if len(text) > longest:
            raise fault(code)
    given = {name: text for name, text in value.items() if text}
    if len(given.keys() & set(_LEVELS)) not in {0, len(_LEVELS)}:
        raise fault("DCO01017")
    if "document_type" in given:
        category = client.category_of(given["document_type"])
        if category is None:
            raise fault("DCO01010")
        if category in _RESTRICTED:
            raise fault("DCO01300")
    return given


def _check_custom_metadata(part: Part | None) -> None:
    if part is None:
        return
    value = _json_object(part)
    guid, position = value.get("sequence_first_guid"), value.get("sequence_position")
    is_position = isinstance(position, int) and not isinstance(position, bool)
    if value.keys() != {"sequence_first_guid", "sequence_position"} or not is_position:
        raise fault("DCO01217")
    if not isinstance(guid, str) or GUID.fullmatch(guid) is None:
        raise fault("DCO01217")
