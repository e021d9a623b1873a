"""The papers of invoices: PDF documents, made on demand from what was decided when they were filed.

A paper is kept as a small description, a dict with `kind` and what that kind needs, so that thousands of
invoices cost nothing until somebody reads one.
"""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from typing import Any

import pikepdf

from mlconnector.standins.papers import photo, text_page

Paper = dict[str, Any]
_XML_NAME, _FILED = "factur-x.xml", "D:20260701080000Z"


def pdf_paper(lines: list[str]) -> Paper:
    """A one-page document that shows `lines`."""
    return {"kind": "pdf", "lines": lines}


def damaged_paper(lines: list[str]) -> Paper:
    """The same document, cut in its middle."""
    return {"kind": "damaged", "lines": lines}


def einvoice_paper(lines: list[str], xml: str) -> Paper:
    """The same document with the XML of an e-invoice in it."""
    return {"kind": "einvoice", "lines": lines, "xml": xml}


def photo_paper(name: str) -> Paper:
    """A picture that is no invoice."""
    return {"kind": "photo", "name": name}


def added_paper(content: bytes) -> Paper:
    """Bytes that somebody uploaded."""
    return {"kind": "added", "base64": base64.b64encode(content).decode()}


def content(paper: Paper) -> bytes:
    """The bytes of a paper; always the same ones."""
    match paper["kind"]:
        case "added":
            return base64.b64decode(str(paper["base64"]))
        case "photo":
            return photo(str(paper["name"]))
        case "einvoice":
            return _with_xml(tuple(paper["lines"]), paper["xml"])
        case "damaged":
            whole = text_page(tuple(paper["lines"]))
            return whole[: len(whole) * 6 // 10]
    return text_page(tuple(paper["lines"]))


def base64_text(paper: Paper) -> str:
    """The bytes of a paper as the column `documentbody` holds them."""
    return base64.b64encode(content(paper)).decode()


@lru_cache(maxsize=64)
def _with_xml(lines: tuple[str, ...], xml: str) -> bytes:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(text_page(lines))) as document:
        attached = pikepdf.AttachedFileSpec(
            document,
            xml.encode(),
            filename=_XML_NAME,
            description="",
            mime_type="text/xml",
            creation_date=_FILED,
            mod_date=_FILED,
        )
        attached.relationship = pikepdf.Name.Alternative
        document.attachments[_XML_NAME] = attached
        document.save(written, deterministic_id=True)
    return written.getvalue()
