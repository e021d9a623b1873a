"""Papers of stand-ins, as bytes: a page of text as PDF, and a photo."""

from __future__ import annotations

import io
from functools import lru_cache

from reportlab.pdfgen.canvas import Canvas

_PHOTO = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\xff\xfe\x00\x20%s\xff\xd9"


@lru_cache(maxsize=256)
def text_page(lines: tuple[str, ...]) -> bytes:
    """A one-page PDF document that shows `lines`; always the same bytes."""
    written = io.BytesIO()
    canvas = Canvas(written, invariant=True)
    text = canvas.beginText(60, 780)
    for line in lines:
        text.textLine(line)
    canvas.drawText(text)
    canvas.save()
    return written.getvalue()


def photo(name: str) -> bytes:
    """The beginning of a JPEG file that differs by its name."""
    return _PHOTO % name.encode()[:30].ljust(30)
