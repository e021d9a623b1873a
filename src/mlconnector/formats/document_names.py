"""What a document may be called and how large it may be, and which type its name promises.

Limits, file types and the characters of names: DATEV accounting:documents 2.1.12 (#DCO01216, #DCO01219,
#DCO01222, #DCO01245).
"""

from __future__ import annotations

import re
import unicodedata

LARGEST = 20 * 1024 * 1024
"""Bytes of a file that DATEV takes."""

_LONGEST_NAME = 255
_LONGEST_EXTENSION = 10
_NOT_IN_NAMES = re.compile(r"[^ &()+\-._0-9A-Za-zÀ-ÖØ-öø-ÿ]")
TYPES = {
    "pdf": "pdf",
    "png": "png",
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "tif": "tiff",
    "tiff": "tiff",
    "gif": "gif",
    "xml": "xml",
}
"""What can be checked, by the ending of its name."""

KNOWN_EXTENSIONS = tuple(TYPES)
"""Endings of files whose content can be checked."""

_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "tiff": "image/tiff",
    "gif": "image/gif",
    "xml": "application/xml",
}


def media_type(file_name: str) -> str:
    """The media type that goes with a file name's extension."""
    return _MEDIA_TYPES.get(TYPES.get(extension_of(file_name), ""), "application/octet-stream")


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


def extension_of(file_name: str) -> str:
    """The ending of a file name in small letters, without its dot."""
    return file_name.rpartition(".")[2].lower() if "." in file_name else ""
