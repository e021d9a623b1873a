"""The bytes of attachments, made on demand: invoices, pick lists, photos, and what somebody added."""

from __future__ import annotations

from mlconnector.standins.cin7.records import File
from mlconnector.standins.papers import photo, text_page


def content(file: File) -> bytes:
    """The bytes of an attachment; always the same ones."""
    if file.kind == "added":
        return file.content
    if file.kind == "photo":
        return photo(file.name)
    return text_page(tuple(file.text))


def content_type(name: str) -> str:
    """The media type that Cin7 takes from a file's name."""
    types = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png", "xml": "text/xml"}
    return types.get(name.rpartition(".")[2].lower(), "application/octet-stream")
