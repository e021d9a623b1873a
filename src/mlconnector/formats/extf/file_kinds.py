"""What else a file may be that somebody took for one in the DATEV-Format, told by its first bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Names are as people call the files; the first beginning that fits decides.
_KINDS: Sequence[tuple[str, re.Pattern[bytes]]] = (
    ("PDF", re.compile(rb"\s*%PDF-")),
    ("Excel (XLSX)", re.compile(rb"PK\x03\x04.*xl/workbook\.", re.DOTALL)),
    ("Word (DOCX)", re.compile(rb"PK\x03\x04.*word/document\.", re.DOTALL)),
    ("Office (XLSX, DOCX, …)", re.compile(rb"PK\x03\x04.*\[Content_Types\]\.xml", re.DOTALL)),
    ("OpenDocument (ODS, ODT)", re.compile(rb"PK\x03\x04.*application/vnd\.oasis", re.DOTALL)),
    ("ZIP", re.compile(rb"PK(\x03\x04|\x05\x06|\x07\x08)")),
    ("Office (XLS, DOC)", re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),
    ("GZIP", re.compile(rb"\x1f\x8b")),
    ("7-Zip", re.compile(rb"7z\xbc\xaf\x27\x1c")),
    ("RAR", re.compile(rb"Rar!\x1a\x07")),
    ("PNG", re.compile(rb"\x89PNG")),
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("TIFF", re.compile(rb"II\*\x00|MM\x00\*")),
    ("RTF", re.compile(rb"\{\\rtf")),
    ("HTML", re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE)),
    ("XML", re.compile(rb"\s*<(\?xml|[A-Za-z_!])")),
    ("JSON", re.compile(rb"\s*[\[{]\s*([\"\[{\]}]|-?[0-9])")),
    ("MT940", re.compile(rb"\s*:20:")),
)
_UTF_8_MARK = b"\xef\xbb\xbf"
_WIDE_BEGINNINGS = (b"<\x00", b"\x00<")
_UTF_32 = re.compile(rb"[^\x00]\x00\x00\x00|\x00\x00\x00[^\x00]")
_UTF_16 = re.compile(rb"[^\x00]\x00[^\x00]\x00|\x00[^\x00]\x00[^\x00]")


def other_kind(head: bytes) -> str:
    """What a file is that is no text in the DATEV-Format, by its first bytes; empty where it may be one."""
    beginning = head.removeprefix(_UTF_8_MARK)
    for name, pattern in _KINDS:
        if pattern.match(beginning):
            return name
    marked = beginning.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    return "XML" if marked.startswith(_WIDE_BEGINNINGS) else ""


def unmarked_unicode(head: bytes) -> str:
    """UTF-32 or UTF-16 where these bytes, which have no byte order mark, look like it; empty otherwise."""
    if _UTF_32.match(head):
        return "UTF-32"
    return "UTF-16" if _UTF_16.match(head) else ""
