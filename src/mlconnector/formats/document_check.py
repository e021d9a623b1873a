"""Checks of a document before it is filed: everything that DATEV would refuse it for."""

from __future__ import annotations

import io
import logging
import re
import struct
import warnings
from collections.abc import Callable, Collection
from functools import partial
from operator import add
from xml.parsers import expat

import pikepdf
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from mlconnector.formats.document_names import LARGEST, TYPES, extension_of
from mlconnector.model.problems import Problem

# What it would log of a damaged file is said in the problem.
logging.getLogger("pikepdf").setLevel(logging.CRITICAL)

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
# What Pillow raises for damaged images, beside what it says of too many pixels (MAX_IMAGE_PIXELS).
_DAMAGE = (
    *(Image.DecompressionBombWarning, Image.DecompressionBombError),
    *(OSError, SyntaxError, ValueError, EOFError, struct.error),
    *(LookupError, TypeError, ArithmeticError, AttributeError, RuntimeError, AssertionError),
)
# A JPEG is decoded at an eighth of its size, which takes a sixty-fourth of the memory.
_SMALLER = 8
# Tags of where the strips or tiles of a page begin, and how long they are (TIFF 6.0).
_PARTS_OF_A_PAGE = ((273, 279), (324, 325))


def inspect(
    file_name: str, media_type: str, content: bytes, allowed_extensions: Collection[str]
) -> Problem | None:
    """What keeps a document from being filed under this name, or None.

    `media_type` is what the source says of the file; it is shown, but the content decides.
    `allowed_extensions` are the client's, in any case and with or without a dot. Of types that are
    allowed but not known here, only the size is checked.
    """
    extension = extension_of(file_name)
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
    named = TYPES.get(extension, extension)
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


def _wrong_image(kind: str, content: bytes) -> str | None:
    """What is wrong with an image; one of too many pixels is refused by its header, before it is decoded."""
    try:
        with warnings.catch_warnings():
            # what Pillow would only mention: of damaged notes in a photograph nothing, of a bomb too little
            warnings.simplefilter("ignore", UserWarning)
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decoded(kind, content)
    except UnidentifiedImageError:
        return "does not begin like one, or is cut off"
    except _DAMAGE as error:
        return str(error) or "cut off"


def _decoded(kind: str, content: bytes) -> str | None:
    with Image.open(io.BytesIO(content), formats=[kind]) as image:
        # says of a PNG whether it is whole, and of the others nothing
        image.verify()
    with Image.open(io.BytesIO(content), formats=[kind]) as image:
        if isinstance(image, TiffImageFile):
            return _wrong_pages(image, len(content))
        image.draft("L", (image.width // _SMALLER, image.height // _SMALLER))
        image.load()
    return None


def _wrong_pages(image: TiffImageFile, size: int) -> str | None:
    """Whether all pages lie within the file; nothing is decoded, since DATEV may know more compressions."""
    for page in range(image.n_frames):
        image.seek(page)
        for places, lengths in _PARTS_OF_A_PAGE:
            ends = map(add, image.tag_v2.get(places, ()), image.tag_v2.get(lengths, ()))
            if any(end > size for end in ends):
                return "cut off"
    return None


_CHECKS: dict[str, Callable[[bytes], str | None]] = {
    "pdf": _wrong_pdf,
    **{kind: partial(_wrong_image, kind.upper()) for kind in ("png", "jpeg", "tiff", "gif")},
    "xml": xml_fault,
}
