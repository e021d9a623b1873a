"""accounting:documents: files one document under our GUID, which makes the transfer repeatable."""

from __future__ import annotations

import json
import unicodedata
import uuid
from dataclasses import dataclass, replace
from typing import Literal

from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.formats.document_names import LARGEST, document_file_name
from mlconnector.model.problems import Problem
from mlconnector.systems.datev.answers import MEANINGS, NOTHING_SAID
from mlconnector.systems.kit.http import Http

_LONGEST_METADATA = {"document_type": 30, "note": 255, "category": 30, "folder": 30, "register": 30}
_LEVELS = ("category", "folder", "register")


@dataclass(frozen=True, slots=True)
class FiledDocument:
    """A document as it is filed under our GUID; category, folder and register are given all three or none.

    `attempted` is True when an earlier attempt with the same GUID and bytes is on record, so that a
    conflict means that it arrived.
    """

    guid: uuid.UUID
    file_name: str
    media_type: str
    content: bytes
    document_type: str
    note: str
    category: str
    folder: str
    register: str
    attempted: bool


def file_document(http: Http, client_id: str, document: FiledDocument) -> Literal["filed", "already_filed"]:
    """File the document, and say whether it had arrived before.

    A transfer of unknown outcome, or one that DATEV failed at, is repeated once with the same GUID, which
    cannot file it twice. Raises one of the four errors.
    """
    try:
        return _put(http, client_id, document)
    except RetryLater as error:
        if not error.outcome_unknown:
            raise
    except NeedsHuman as error:
        if error.problem.key != MEANINGS["HTTP 500"].problem:
            raise
    return _put(http, client_id, replace(document, attempted=True))


def _put(http: Http, client_id: str, document: FiledDocument) -> Literal["filed", "already_filed"]:
    metadata = _metadata(document)
    name = document_file_name(document.file_name)
    if len(document.content) > LARGEST:
        meaning = MEANINGS["#DCO01016"]
        facts = {**NOTHING_SAID, "who": meaning.who, "client": client_id}
        problem = _about(document, name, Problem(meaning.problem, facts, meaning.group))
        raise NeedsHuman(problem, single=meaning.single)
    parts = [
        ("file", (name, document.content, document.media_type)),
        ("metadata", (None, json.dumps(metadata, ensure_ascii=False).encode(), "application/json")),
    ]
    path = f"/clients/{client_id}/documents/{document.guid}"
    try:
        # The seam must not repeat this by itself: it could not tell our own conflict from a foreign one.
        http.request("PUT", path, files=parts, repeat=False)
    except NeedsHuman as error:
        if error.unsent:
            raise
        if error.problem.key == MEANINGS["#DCO01012"].problem and document.attempted:
            return "already_filed"
        raise NeedsHuman(_about(document, name, error.problem), single=error.single) from error
    return "filed"


def _metadata(document: FiledDocument) -> dict[str, str]:
    """What is told of the document; no document type is "ohne Belegtyp". Raises Broken beyond limits."""
    given = {name: unicodedata.normalize("NFC", getattr(document, name)) for name in _LONGEST_METADATA}
    metadata = {name: text for name, text in given.items() if text}
    too_long = [name for name, text in metadata.items() if len(text) > _LONGEST_METADATA[name]]
    if too_long:
        raise Broken(f"document {document.guid}: too long for DATEV: {', '.join(too_long)}")
    levels = [name for name in _LEVELS if name in metadata]
    if levels and len(levels) < len(_LEVELS):
        raise Broken(
            f"document {document.guid}: category, folder and register belong together; given: {levels}"
        )
    return metadata


def _about(document: FiledDocument, name: str, problem: Problem) -> Problem:
    facts = {
        "document": str(document.guid),
        "file_name": name,
        "document_type": document.document_type,
        "size": str(len(document.content)),
        "limit": str(LARGEST),
    }
    return replace(problem, facts={**problem.facts, **facts})
