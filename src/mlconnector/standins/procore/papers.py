"""The bytes of attachments, made on demand: invoices, photos, e-invoices, and what somebody added."""

from __future__ import annotations

from mlconnector.standins.papers import photo, text_page
from mlconnector.standins.procore.invoice_xml import xml
from mlconnector.standins.procore.records import File


def content(file: File) -> bytes:
    """The bytes of an attachment; always the same ones."""
    if file.kind == "added":
        made = file.content
    elif file.kind == "photo":
        made = photo(file.name)
    elif file.kind == "xml":
        made = xml(file.text)
    else:
        made = text_page(tuple(file.text))
    return made.ljust(file.size, b"\n")


def content_type(name: str) -> str:
    """The media type that goes with a file's name."""
    types = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png", "xml": "text/xml"}
    return types.get(name.rpartition(".")[2].lower(), "application/octet-stream")
