"""A package: the documents of one job, frozen as bytes before it exists, and `document.xml` once it does.

The ledger folder is known only when DATEV has created the job, so the frozen bytes hold the ledger files, a
manifest and references to images; `document_file` completes them. The same entries give the same bytes.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from lxml import etree

from mlconnector.formats.dxso import xml
from mlconnector.formats.dxso.ledger import GENERATING_SYSTEM, LedgerFile, stem
from mlconnector.formats.dxso.structure import (
    DOCUMENT_NAMESPACE,
    DOCUMENT_TYPES,
    MANAGEMENT_FILE,
    ROW_ELEMENTS,
    VERSION,
    items,
)
from mlconnector.formats.extf.text import clean
from mlconnector.model.entries import Entry, Ledger

SCHEMA = "Document_v060.xsd"
MANIFEST = "manifest.json"
_FORMAT: Literal[1] = 1
_EXTENSION = re.compile(r"[a-z0-9]{1,10}")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_READABLE = 0o644 << 16


class Image(msgspec.Struct, frozen=True):
    """A file of a document whose bytes are kept elsewhere: `document` is the GUID under which they are.

    `file_name` is its name in the package, `size` counts bytes.
    """

    document: uuid.UUID
    file_name: str
    media_type: str
    size: int
    sha256: str


class PackedDocument(msgspec.Struct, frozen=True):
    """One entry in a package. `guid` is what Belege online knows the document by; only with images."""

    content_key: str
    number: str
    ledger_file: str
    rows: int
    guid: uuid.UUID | None
    images: tuple[Image, ...]


class Package(msgspec.Struct, frozen=True):
    """What goes into one job: one ledger and one month of one client.

    `client` is `<consultant number>-<client number>`, `created_at` a moment without time zone. `files` are
    the ledger files by name; images are only referred to.
    """

    client: str
    ledger: Ledger
    month: str
    account_length: int
    created_at: datetime
    description: str
    documents: tuple[PackedDocument, ...]
    files: Mapping[str, bytes]

    @property
    def images(self) -> tuple[Image, ...]:
        """All images, in the order of their documents."""
        return tuple(image for document in self.documents for image in document.images)

    @property
    def size(self) -> int:
        """Bytes of ledger files and images together."""
        return sum(map(len, self.files.values())) + sum(image.size for image in self.images)


class Unreadable(ValueError):
    """Bytes that `freeze` did not write."""


class _Manifest(msgspec.Struct, frozen=True):
    format: Literal[1]
    client: str
    ledger: Ledger
    month: str
    account_length: int
    created_at: datetime
    description: str
    documents: tuple[PackedDocument, ...]


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(_Manifest)


def image_guid(entry: Entry) -> uuid.UUID | None:
    """The GUID under which an entry's document goes into Belege online, None where it takes no image along.

    Belege online skips a document whose GUID it has, and with it the booking. So a reversal takes none
    along, and a further booking of the same revision has a GUID of its own.
    """
    if entry.document is None or entry.kind == "reversal":
        return None
    return entry.document if entry.turn == 1 else uuid.uuid5(entry.document, entry.content_key)


def image_of(
    entry: Entry, made: LedgerFile, *, file_name: str, media_type: str, size: int, sha256: str
) -> Image | None:
    """The entry's document as an image of the package, None where it takes none along.

    It is named like the ledger file; an e-invoice as XML gets a `_2`, as the name is taken. Raises ValueError
    for a name without an extension.
    """
    if entry.document is None or image_guid(entry) is None:
        return None
    _, dot, ending = file_name.rpartition(".")
    extension = ending.lower()
    if not dot or not _EXTENSION.fullmatch(extension):
        raise ValueError(f"{file_name} has no extension that says what it is")
    more = "_2" if extension == "xml" else ""
    name = f"{stem(made.number, made.content_key)}{more}.{extension}"
    return Image(entry.document, name, media_type, size, sha256)


def packed(entry: Entry, made: LedgerFile, images: Sequence[Image] = ()) -> PackedDocument:
    """An entry's ledger file and images as a document of a package."""
    return PackedDocument(
        content_key=made.content_key,
        number=made.number,
        ledger_file=made.name,
        rows=made.rows,
        guid=image_guid(entry) if images else None,
        images=tuple(images),
    )


def package_of(
    documents: Iterable[tuple[PackedDocument, LedgerFile]],
    *,
    client: str,
    account_length: int,
    created_at: datetime,
    description: str = "",
) -> Package:
    """The package of documents that belong into one job; raises ValueError where they do not."""
    pairs = list(documents)
    jobs = {(made.ledger, made.month) for _, made in pairs}
    if len(jobs) != 1:
        raise ValueError(f"a package is one ledger and one month, these are {sorted(jobs)}")
    ledger, month = next(iter(jobs))
    names = Counter([made.name for _, made in pairs])
    names.update(image.file_name for document, _ in pairs for image in document.images)
    doubled = sorted(name for name, count in names.items() if count > 1)
    if doubled:
        raise ValueError(f"two files of a package are called {', '.join(doubled)}")
    return Package(
        client=client,
        ledger=ledger,
        month=month,
        account_length=account_length,
        created_at=created_at.replace(tzinfo=None, microsecond=0),
        description=description,
        documents=tuple(document for document, _ in pairs),
        files={made.name: made.content for _, made in pairs},
    )


def freeze(package: Package) -> bytes:
    """The package as a ZIP: the manifest, then the ledger files in the order of the documents."""
    fields = {name: getattr(package, name) for name in _Manifest.__struct_fields__ if name != "format"}
    manifest = _encoder.encode(_Manifest(format=_FORMAT, **fields))
    contents = {MANIFEST: msgspec.json.format(manifest, indent=1)}
    contents |= {document.ledger_file: package.files[document.ledger_file] for document in package.documents}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in contents.items():
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.create_system, info.external_attr = _UNIX, _READABLE
            archive.writestr(info, content)
    return target.getvalue()


def thaw(content: bytes) -> Package:
    """The package that `freeze` wrote; raises `Unreadable`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            manifest = _decoder.decode(archive.read(MANIFEST))
            files = {
                document.ledger_file: archive.read(document.ledger_file) for document in manifest.documents
            }
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as error:
        raise Unreadable(f"not a frozen package: {error}") from error
    fields = {name: getattr(manifest, name) for name in _Manifest.__struct_fields__ if name != "format"}
    return Package(**fields, files=files)


def document_file(package: Package, folder_name: str, *, levels: Sequence[str] = ()) -> bytes:
    """`document.xml` of the package, for the ledger folder that DATEV named at the job's creation.

    `levels` are category, folder and register to file under; without them DATEV files by ledger and month.
    """
    root = xml.root_element(
        DOCUMENT_NAMESPACE, "archive", SCHEMA, {"version": VERSION, "generatingSystem": GENERATING_SYSTEM}
    )
    header = xml.add(root, "header")
    consultant, client = package.client.split("-")
    xml.add(header, "date", package.created_at.isoformat(timespec="seconds"))
    description = _text("header", "description", package.description)
    if description:
        xml.add(header, "description", description)
    xml.add(header, "consultantNumber", consultant)
    xml.add(header, "clientNumber", client)
    content = xml.add(root, "content")
    for document in package.documents:
        _add_document(content, package, document, folder_name, levels)
    return xml.written(root)


def _add_document(
    content: etree._Element,
    package: Package,
    document: PackedDocument,
    folder_name: str,
    levels: Sequence[str],
) -> None:
    attributes = {"guid": str(document.guid)} if document.guid else {}
    attributes["type"] = DOCUMENT_TYPES[package.ledger]
    element = xml.add(content, "document", attributes=attributes)
    xml.add(element, "description", _text("document", "description", document.number))
    data = {xml.XSI_TYPE: ROW_ELEMENTS[package.ledger], "datafile": document.ledger_file}
    extension = xml.add(element, "extension", attributes=data)
    for key, value in (("1", package.month), ("3", folder_name)):
        xml.add(extension, "property", attributes={"key": key, "value": value})
    for image in document.images:
        xml.add(element, "extension", attributes={xml.XSI_TYPE: "File", "name": image.file_name})
    if levels:
        repository = xml.add(element, "repository")
        for number, name in enumerate(levels, start=1):
            xml.add(repository, "level", attributes={"id": str(number), "name": name})


def _text(place: str, name: str, given: str) -> str:
    limit = items(place, "element")[name].max_length or 0
    return clean(given.strip(), name, limit, "utf-8-bom")[0].strip()


def concerned(package: Package, file_name: str, context: str) -> tuple[PackedDocument, ...]:
    """The documents that a line of DATEV's protocol is about: those whose file or GUID it names.

    All of them where it names the management file alone, none where it names nothing of the package.
    """
    hex_digits = context.replace("-", "").lower()
    by_guid = tuple(each for each in package.documents if each.guid and each.guid.hex in hex_digits)
    if by_guid:
        return by_guid
    if file_name == MANAGEMENT_FILE:
        return package.documents
    return tuple(
        each
        for each in package.documents
        if file_name and file_name in {each.ledger_file, *(image.file_name for image in each.images)}
    )
