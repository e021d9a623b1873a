"""The bytes of attachments, made on demand: invoices, pick lists, photos, and what somebody added."""

from __future__ import annotations

import io
from functools import lru_cache

from reportlab.pdfgen.canvas import Canvas

from mlconnector.standins.cin7.records import File

_PHOTO = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\xff\xfe\x00\x20%s\xff\xd9"


def content(file: File) -> bytes:
    """The bytes of an attachment; always the same ones."""
    if file.kind == "added":
        return file.content
    if file.kind == "photo":
        return _PHOTO % file.name.encode()[:30].ljust(30)
    return _document(tuple(file.text))


def content_type(name: str) -> str:
    """The media type that Cin7 takes from a file's name."""
    types = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png", "xml": "text/xml"}
    return types.get(name.rpartition(".")[2].lower(), "application/octet-stream")


@lru_cache(maxsize=256)
def _document(lines: tuple[str, ...]) -> bytes:
    written = io.BytesIO()
    canvas = Canvas(written, invariant=True)
    text = canvas.beginText(60, 780)
    for line in lines:
        text.textLine(line)
    canvas.drawText(text)
    canvas.save()
    return written.getvalue()
