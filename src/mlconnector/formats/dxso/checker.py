"""Checking a whole package: its files, `document.xml`, every ledger file, and how they fit together."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from types import MappingProxyType

from lxml import etree

from mlconnector.formats.dxso import xml
from mlconnector.formats.dxso.check_document import (
    Document,
    Known,
    check_document,
    documents_in,
)
from mlconnector.formats.dxso.check_ledger import check_ledger
from mlconnector.formats.dxso.check_tree import check_tree
from mlconnector.formats.dxso.rules import Finding, found
from mlconnector.formats.dxso.split import MAX_DOCUMENTS
from mlconnector.formats.dxso.structure import DOCUMENT_NAMESPACE, LEDGER_NAMESPACE, MANAGEMENT_FILE

LARGEST_FILE = 20 * 1024 * 1024
LARGEST_PACKAGE = 465 * 1024 * 1024
COMFORTABLE_PACKAGE = 100_000_000
COMFORTABLE_FILE = 500_000
LONGEST_NAME = 255
NOTHING_KNOWN = Known()
_NOTHING_ELSEWHERE: Mapping[str, int] = MappingProxyType({})
_SAFE_NAME = re.compile(r"[A-Za-z0-9._-]+")
_NAME = re.compile(r"[ &()+\-._0-9A-Za-zÀ-ÖØ-öø-ÿ]+")
_EXTENSIONS = frozenset({"gif", "jpeg", "jpg", "pdf", "png", "tif", "tiff", "xml"})


def check_package(
    files: Mapping[str, bytes],
    known: Known = NOTHING_KNOWN,
    *,
    elsewhere: Mapping[str, int] = _NOTHING_ELSEWHERE,
) -> Iterator[Finding]:
    """The findings in a package, `document.xml` among its files by name.

    `elsewhere` are further files of the package that are not at hand, by name with their size in bytes.
    What `known` says of client, job and books is compared, too. A package without findings of severity
    `rejected` is as DATEV wants it, as far as that can be known outside of it.
    """
    sizes = {**elsewhere, **{name: len(content) for name, content in files.items()}}
    yield from _files(sizes)
    if MANAGEMENT_FILE not in files:
        yield found("DXSO-P-01", MANAGEMENT_FILE)
        return
    root = yield from _parsed(MANAGEMENT_FILE, files[MANAGEMENT_FILE])
    if root is None:
        return
    yield from check_tree(MANAGEMENT_FILE, root, DOCUMENT_NAMESPACE, "archive")
    documents = documents_in(root)
    yield from check_document(root, documents, known)
    if len(documents) > MAX_DOCUMENTS:
        value = str(len(documents))
        yield found("DXSO-P-08", MANAGEMENT_FILE, value=value, expected=f"≤ {MAX_DOCUMENTS}")
    yield from _references(documents, sizes)
    for document in documents:
        for data in document.data:
            if data.file not in files:
                continue
            ledger = yield from _parsed(data.file, files[data.file])
            if ledger is not None:
                yield from check_tree(data.file, ledger, LEDGER_NAMESPACE, "LedgerImport")
                yield from check_ledger(data.file, ledger, data.ledger, data.month, known.books)


def _parsed(file: str, content: bytes) -> Generator[Finding, None, etree._Element | None]:
    """Yields what is wrong with the XML as such, and returns its root or None."""
    try:
        return xml.parse(content)
    except xml.NotXml as error:
        yield found("DXSO-X-02" if error.has_doctype else "DXSO-X-01", file, error.line, value=str(error))
        return None


def _files(sizes: Mapping[str, int]) -> Iterator[Finding]:
    for name, size in sizes.items():
        if len(name) > LONGEST_NAME:
            yield found("DXSO-P-03", name, value=str(len(name)), expected=f"≤ {LONGEST_NAME}")
        if not _NAME.fullmatch(name):
            yield found("DXSO-P-02", name, value=name, expected="A-Z a-z 0-9 . _ -")
        elif not _SAFE_NAME.fullmatch(name):
            yield found("DXSO-P-11", name, value=name, expected="A-Z a-z 0-9 . _ -")
        if name.rpartition(".")[2].lower() not in _EXTENSIONS:
            yield found("DXSO-P-10", name, value=name, expected=", ".join(sorted(_EXTENSIONS)))
        if size > LARGEST_FILE:
            yield found("DXSO-P-04", name, value=str(size), expected=f"≤ {LARGEST_FILE}")
        elif size > COMFORTABLE_FILE:
            yield found("DXSO-P-09", name, value=str(size), expected=f"≤ {COMFORTABLE_FILE}")
        elif not size:
            yield found("DXSO-P-12", name)
    total = sum(sizes.values())
    if total > LARGEST_PACKAGE:
        yield found("DXSO-P-05", value=str(total), expected=f"≤ {LARGEST_PACKAGE}")
    elif total > COMFORTABLE_PACKAGE:
        yield found("DXSO-P-06", value=str(total), expected=f"≤ {COMFORTABLE_PACKAGE}")


def _references(documents: list[Document], sizes: Mapping[str, int]) -> Iterator[Finding]:
    named: set[str] = set()
    for document in documents:
        references = [*((data.file, data.line) for data in document.data), *document.images]
        for name, line in references:
            if name not in sizes:
                yield found("DXSO-D-17", MANAGEMENT_FILE, line, "extension", name)
            elif name in named:
                yield found("DXSO-D-18", MANAGEMENT_FILE, line, "extension", name)
            named.add(name)
    for name in sizes.keys() - named - {MANAGEMENT_FILE}:
        yield found("DXSO-P-07", name, value=name)


def is_sendable(findings: Iterable[Finding]) -> bool:
    """Whether DATEV would take a package with these findings."""
    return all(finding.severity != "rejected" for finding in findings)
