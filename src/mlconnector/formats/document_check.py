"""Checks of a document before it is filed: everything that DATEV would refuse it for, and its file name.

Limits, file types and the characters of names: DATEV accounting:documents 2.1.12 (#DCO01216, #DCO01219,
#DCO01222, #DCO01245).
"""

from __future__ import annotations

import io
import logging
import re
import unicodedata
from collections.abc import Callable, Collection
from xml.parsers import expat

import pikepdf

from mlconnector.model.problems import Problem

# What it would log of a damaged file is said in the problem.
logging.getLogger("pikepdf").setLevel(logging.CRITICAL)

LARGEST = 20 * 1024 * 1024
"""Bytes of a file that DATEV takes."""

_LONGEST_NAME = 255
_LONGEST_EXTENSION = 10
_NOT_IN_NAMES = re.compile(r"[^ &()+\-._0-9A-Za-zÀ-ÖØ-öø-ÿ]")
_TYPES = {
    "pdf": "pdf",
    "png": "png",
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "tif": "tiff",
    "tiff": "tiff",
    "gif": "gif",
    "xml": "xml",
}
_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "tiff": "image/tiff",
    "gif": "image/gif",
    "xml": "application/xml",
}
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"<?xml", "xml"),
    (b"\xef\xbb\xbf<", "xml"),
    (b"PK\x03\x04", "zip"),
)
_PDF_MARK_WITHIN = 1024


def inspect(
    file_name: str, media_type: str, content: bytes, allowed_extensions: Collection[str]
) -> Problem | None:
    """What keeps a document from being filed under this name, or None.

    `media_type` is what the source says of the file; it is shown, but the content decides.
    `allowed_extensions` are the client's, in any case and with or without a dot. Of types that are
    allowed but not known here, only the size is checked.
    """
    extension = _extension(file_name)
    facts = {
        "file_name": file_name,
        "extension": extension,
        "media_type": media_type,
        "size": str(len(content)),
        "limit": str(LARGEST),
    }
    if not content:
        return Problem("document_empty", facts)
    if len(content) > LARGEST:
        return Problem("document_too_large", facts)
    allowed = {each.lower().removeprefix(".") for each in allowed_extensions}
    named = _TYPES.get(extension, extension)
    found = _recognised(content)
    facts |= {"content": found or "", "allowed": ", ".join(sorted(allowed))}
    if extension not in allowed or (named in _CHECKS and found not in {named, None}):
        return Problem("document_type_forbidden", facts, ("extension", "content"))
    check = _CHECKS.get(named)
    reason = check(content) if check else None
    if reason is None:
        return None
    key = "document_encrypted" if reason == _ENCRYPTED else "document_damaged"
    return Problem(key, {**facts, "reason": reason})


def media_type(file_name: str) -> str:
    """The media type that goes with a file name's extension."""
    return _MEDIA_TYPES.get(_TYPES.get(_extension(file_name), ""), "application/octet-stream")


def document_file_name(name: str) -> str:
    """A file name as DATEV keeps it: composed characters, none but those it allows, at most 255 of them.

    DATEV itself puts an underscore for any other character, so that a name that went through here is the
    same on both sides. A name that is empty becomes `Beleg`.
    """
    composed = unicodedata.normalize("NFC", name).strip()
    stem, dot, extension = _NOT_IN_NAMES.sub("_", composed).rpartition(".")
    if not dot or len(extension) > _LONGEST_EXTENSION:
        stem, dot, extension = f"{stem}{dot}{extension}", "", ""
    stem = stem.strip() or "Beleg"
    return f"{stem[: _LONGEST_NAME - len(dot + extension)].rstrip()}{dot}{extension}"


def _extension(file_name: str) -> str:
    return file_name.rpartition(".")[2].lower() if "." in file_name else ""


def _recognised(content: bytes) -> str | None:
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    return "pdf" if b"%PDF-" in content[:_PDF_MARK_WITHIN] else None


_ENCRYPTED = "encrypted"
# What pikepdf calls a file that it was given as bytes; it tells nobody anything.
_MEMORY = re.compile(r"^stream <[^>]*>:? ?")


def _wrong_pdf(content: bytes) -> str | None:
    try:
        with pikepdf.open(io.BytesIO(content), attempt_recovery=False, suppress_warnings=True) as pdf:
            return None if len(pdf.pages) else "no pages"
    except pikepdf.PasswordError:
        return _ENCRYPTED
    except pikepdf.PdfError as error:
        # One that is locked by a certificate, so that only its recipients can open it.
        return _ENCRYPTED if "encryption filter" in str(error) else _MEMORY.sub("", str(error))


def xml_fault(content: bytes) -> str | None:
    """What is wrong with XML that nobody should parse further, or None; its entities are not looked up."""
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, _Doctype, ValueError, LookupError) as error:
        return str(error)
    return None


class _Doctype(Exception):
    """The document has a DTD, and with it the means to make a reader fetch files or fill its memory."""


def _refuse_doctype(name: str, *_: object) -> None:
    raise _Doctype(f"document type declaration of {name}")


def _cut_off(beginning: bytes, end: bytes) -> Callable[[bytes], str | None]:
    def wrong(content: bytes) -> str | None:
        if not content.startswith(beginning):
            return "does not begin like one"
        return None if end in content[len(beginning) :] else "cut off"

    return wrong


def _wrong_tiff(content: bytes) -> str | None:
    if content[:4] not in {b"II*\x00", b"MM\x00*"}:
        return "does not begin like one"
    first = int.from_bytes(content[4:8], "little" if content[:2] == b"II" else "big")
    return None if 8 <= first < len(content) - 1 else "cut off"


_CHECKS: dict[str, Callable[[bytes], str | None]] = {
    "pdf": _wrong_pdf,
    "png": _cut_off(b"\x89PNG\r\n\x1a\n", b"IEND"),
    "jpeg": _cut_off(b"\xff\xd8\xff", b"\xff\xd9"),
    "tiff": _wrong_tiff,
    "gif": _cut_off(b"GIF8", b"\x3b"),
    "xml": xml_fault,
}
