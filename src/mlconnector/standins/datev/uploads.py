"""Uploaded files: multipart bodies, file names, and whether a file is what its name says."""

from __future__ import annotations

import re
from dataclasses import dataclass

LARGEST = 20 * 1024 * 1024
LONGEST_NAME = 255
BELEGE_ONLINE_NEXT = frozenset({"gif", "jpeg", "jpg", "pdf", "png", "tif", "tiff", "xml"})
_OFFICE = {"csv", "doc", "docx", "odt", "rtf", "txt", "xls", "xlsx"}
ANY_BELEGE_ONLINE = BELEGE_ONLINE_NEXT | _OFFICE | {"bmp"}
STAPLED = frozenset({"gif", "jpeg", "jpg", "pdf", "png", "tif", "tiff"})

_NOT_ALLOWED_IN_NAMES = re.compile(r"[^ &()+\-._0-9A-Za-zÀ-ÖØ-öø-ÿ]")
_PARAMETER = re.compile(r';\s*([a-z*]+)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?\bboundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)

_SIGNATURES: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "tif": (b"II*\x00", b"MM\x00*"),
    "tiff": (b"II*\x00", b"MM\x00*"),
    "bmp": (b"BM",),
    "docx": (b"PK\x03\x04",),
    "xlsx": (b"PK\x03\x04",),
    "odt": (b"PK\x03\x04",),
    "doc": (b"\xd0\xcf\x11\xe0",),
    "xls": (b"\xd0\xcf\x11\xe0",),
    "rtf": (b"{\\rtf",),
}
_MEDIA_TYPES: dict[str, tuple[str, ...]] = {
    "pdf": ("application/pdf",),
    "png": ("image/png",),
    "jpg": ("image/jpeg",),
    "jpeg": ("image/jpeg",),
    "gif": ("image/gif",),
    "tif": ("image/tiff",),
    "tiff": ("image/tiff",),
    "bmp": ("image/bmp",),
    "xml": ("application/xml", "text/xml"),
    "csv": ("text/csv",),
    "txt": ("text/plain",),
}


class MultipartError(ValueError):
    """A body that is not well-formed multipart/form-data."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part; `filename` is None without a plain `filename` (RFC 2231 `filename*` is not read)."""

    name: str
    filename: str | None
    media_type: str | None
    content: bytes


def parts_of(content_type: str, body: bytes) -> list[Part]:
    """The parts of a multipart body; MultipartError when it has no boundary, is cut short or has no parts."""
    match = _BOUNDARY.match(content_type)
    if match is None:
        raise MultipartError("the content type is not multipart/form-data with a boundary")
    delimiter = b"--" + (match[1] or match[2]).encode()
    if not body.startswith(delimiter):
        raise MultipartError("the body does not begin with the boundary")
    pieces = body[len(delimiter) :].split(b"\r\n" + delimiter)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise MultipartError("the body has no part or no closing boundary")
    return [_part(piece) for piece in pieces[:-1]]


def _part(piece: bytes) -> Part:
    head, separator, content = piece.partition(b"\r\n\r\n")
    if not separator or not head.startswith(b"\r\n"):
        raise MultipartError("a part has no headers")
    try:
        lines = head[2:].decode().split("\r\n")
    except UnicodeDecodeError as error:
        raise MultipartError("the headers of a part are not UTF-8") from error
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    disposition = headers.get("content-disposition", "")
    parameters = {
        name.lower(): re.sub(r"\\(.)", r"\1", value) for name, value in _PARAMETER.findall(disposition)
    }
    if not disposition.lower().startswith("form-data") or "name" not in parameters:
        raise MultipartError("a part has no name")
    return Part(parameters["name"], parameters.get("filename"), headers.get("content-type"), content)


def stored_name(filename: str) -> str:
    """The name under which a file is kept: what is not on DATEV's list becomes `_`."""
    return _NOT_ALLOWED_IN_NAMES.sub("_", filename)


def extension_of(filename: str) -> str:
    """The extension in lower case, empty when there is none."""
    return filename.rpartition(".")[2].lower() if "." in filename else ""


def media_type_fits(extension: str, media_type: str) -> bool:
    """Whether the part's content type is one of those for the extension."""
    known = _MEDIA_TYPES.get(extension)
    return known is None or media_type.partition(";")[0].strip().lower() in known


def content_fits(extension: str, content: bytes) -> bool:
    """Whether the content can be of that type; a PDF that is no other known type passes here."""
    if extension == "xml":
        return content[:200].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00").startswith(b"<")
    if extension in {"csv", "txt"}:
        return bool(content) and b"\x00" not in content[:1000]
    if content.startswith(_SIGNATURES[extension]):
        return True
    others = {signature for signatures in _SIGNATURES.values() for signature in signatures}
    return extension == "pdf" and not content.startswith(tuple(others))


def is_whole_pdf(content: bytes) -> bool:
    """Whether the content begins like a PDF and has an end-of-file mark."""
    return content.startswith(b"%PDF-") and content.rfind(b"%%EOF") > 0
