"""Checking what `document.xml` says of its documents: kinds, months, folders, GUIDs, files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from lxml import etree

from mlconnector.formats.dxso import xml
from mlconnector.formats.dxso.check_ledger import Books
from mlconnector.formats.dxso.rules import Finding, found
from mlconnector.formats.dxso.structure import (
    DOCUMENT_TYPES,
    LEDGERS,
    MANAGEMENT_FILE,
    ROW_ELEMENTS,
    items,
)
from mlconnector.model.entries import Ledger

_MONTH_LENGTH = len("2026-11")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the client and the job that a package is for; None is not known and not checked."""

    client: str | None = None
    ledger: Ledger | None = None
    month: str | None = None
    folder_names: Collection[str] | None = None
    books: Books = field(default_factory=Books)


@dataclass(frozen=True, slots=True)
class Data:
    """A ledger file that a document names."""

    file: str
    ledger: Ledger
    month: str
    folder: str
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """A `<document>`: its attributes, its ledger files and its other files, with their lines."""

    line: int
    guid: str
    type: str
    process: str
    kinds: tuple[str, ...]
    data: tuple[Data, ...]
    images: tuple[tuple[str, int], ...]


def documents_in(root: etree._Element) -> list[Document]:
    """The documents of an archive, as far as they can be read."""
    return [_document(element) for content in _all(root, "content") for element in _all(content, "document")]


def check_document(root: etree._Element, documents: list[Document], known: Known) -> Iterator[Finding]:
    """The faults in `document.xml` that its description alone does not show."""
    yield from _client(root, known)
    seen: set[str] = set()
    for document in documents:
        yield from _one(document)
        guid = document.guid.lower()
        if guid and guid in seen:
            yield _found("DXSO-D-02", document.line, "guid", document.guid)
        seen.add(guid)
        for data in document.data:
            yield from _data(data, known)
    everything = [each for document in documents for each in document.data]
    for rule, kinds in (
        ("DXSO-D-03", {each.month for each in everything if each.month}),
        ("DXSO-D-04", {ROW_ELEMENTS[each.ledger] for each in everything}),
    ):
        if len(kinds) > 1:
            yield _found(rule, everything[0].line, "extension", ", ".join(sorted(kinds)))


def _client(root: etree._Element, known: Known) -> Iterator[Finding]:
    if known.client is None:
        return
    for header in _all(root, "header"):
        numbers = zip(("consultantNumber", "clientNumber"), known.client.split("-"), strict=True)
        for name, expected in numbers:
            for element in _all(header, name):
                given = (element.text or "").strip()
                if given != expected:
                    yield _found("DXSO-D-05", xml.line_of(element), name, given, expected)


def _one(document: Document) -> Iterator[Finding]:
    structured = [kind for kind in document.kinds if kind not in {"File", "SEPAFile"}]
    if len(structured) > 1:
        yield _found("DXSO-D-06", document.line, "extension", ", ".join(structured))
    if structured and document.process == "1":
        yield _found("DXSO-D-07", document.line, "processID", document.process)
    if structured and document.process == "2":
        yield _found("DXSO-D-08", document.line, "processID", document.process)
    for data in document.data:
        if document.type and document.type != DOCUMENT_TYPES[data.ledger]:
            expected = DOCUMENT_TYPES[data.ledger]
            yield _found("DXSO-D-09", document.line, "type", document.type, expected)
    if document.guid and document.data and not document.images:
        yield _found("DXSO-D-10", document.line, "guid", document.guid)
    if "SEPAFile" in document.kinds and (len(document.kinds) > 1 or document.process != "1"):
        yield _found("DXSO-D-11", document.line, "extension", ", ".join(document.kinds))


def _data(data: Data, known: Known) -> Iterator[Finding]:
    if not data.month or not data.folder:
        missing = ", ".join(key for key, value in (("1", data.month), ("3", data.folder)) if not value)
        yield _found("DXSO-D-12", data.line, "property", missing, "1, 3")
    if data.month and not _is_month(data.month):
        yield _found("DXSO-D-13", data.line, "property 1", data.month, "YYYY-MM")
    elif data.month and known.month is not None and data.month != known.month:
        yield _found("DXSO-D-14", data.line, "property 1", data.month, known.month)
    if known.ledger is not None and data.ledger != known.ledger:
        kinds = ROW_ELEMENTS[data.ledger], ROW_ELEMENTS[known.ledger]
        yield _found("DXSO-D-15", data.line, "extension", *kinds)
    if data.folder and known.folder_names is not None and data.folder not in known.folder_names:
        expected = ", ".join(sorted(known.folder_names))
        yield _found("DXSO-D-16", data.line, "property 3", data.folder, expected)


def _document(element: etree._Element) -> Document:
    extensions = _all(element, "extension")
    kinds = tuple(each.get(xml.XSI_TYPE, "").rpartition(":")[2] for each in extensions)
    return Document(
        line=xml.line_of(element),
        guid=element.get("guid", ""),
        type=element.get("type", ""),
        process=element.get("processID", ""),
        kinds=kinds,
        data=tuple(
            _data_of(each, LEDGERS[kind])
            for each, kind in zip(extensions, kinds, strict=True)
            if kind in LEDGERS
        ),
        images=tuple(
            (each.get("name", ""), xml.line_of(each))
            for each, kind in zip(extensions, kinds, strict=True)
            if kind in {"File", "SEPAFile"}
        ),
    )


def _data_of(extension: etree._Element, ledger: Ledger) -> Data:
    values = {each.get("key", ""): each.get("value", "") for each in _all(extension, "property")}
    return Data(
        extension.get("datafile", ""),
        ledger,
        values.get("1", ""),
        values.get("3", ""),
        xml.line_of(extension),
    )


def _is_month(value: str) -> bool:
    first_day = items("row", "element")["date"]
    return len(value) == _MONTH_LENGTH and first_day.fault(f"{value}-01") is None


def _all(element: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in element if xml.local_name(child) == name]


def _found(rule: str, line: int, name: str, value: str = "", expected: str = "") -> Finding:
    return found(rule, MANAGEMENT_FILE, line, name, value, expected)
