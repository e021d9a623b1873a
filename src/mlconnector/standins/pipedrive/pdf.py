"""Small PDF documents written by hand: one page of text, about a kilobyte, with a right cross-reference."""

from __future__ import annotations

_NAME = b"(factur-x.xml)"
_HEADER = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"


def document(lines: list[str], size: int = 0, invoice: bytes = b"") -> bytes:
    """A one-page A4 document that shows `lines`; a comment pads it to `size` bytes when it is shorter.

    `invoice` is embedded as the XML of a ZUGFeRD invoice.
    """
    content = _page_content(lines)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    if invoice:
        names = b"/Names << /EmbeddedFiles << /Names [%s 7 0 R] >> >>" % _NAME
        objects[0] = b"<< /Type /Catalog /Pages 2 0 R /AF [7 0 R] %s >>" % names
        objects += [
            b"<< /Type /Filespec /F %s /UF %s /AFRelationship /Alternative /EF << /F 8 0 R >> >>"
            % (_NAME, _NAME),
            b"<< /Type /EmbeddedFile /Subtype /text#2Fxml /Length %d >>\nstream\n%s\nendstream"
            % (len(invoice), invoice),
        ]
    unpadded = _assemble(objects, b"")
    if len(unpadded) >= size:
        return unpadded
    return _padded(objects, size)


def _page_content(lines: list[str]) -> bytes:
    shown = [b"(%s) Tj T*" % _escaped(line) for line in lines]
    return b"\n".join([b"BT /F1 12 Tf 16 TL 60 780 Td", *shown, b"ET"])


def _escaped(line: str) -> bytes:
    text = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return " ".join(text.split()).encode("cp1252", "replace")


def _assemble(objects: list[bytes], padding: bytes) -> bytes:
    parts = [_HEADER, padding]
    offset = len(_HEADER) + len(padding)
    entries = [b"0000000000 65535 f \n"]
    for number, body in enumerate(objects, start=1):
        entries.append(b"%010d 00000 n \n" % offset)
        part = b"%d 0 obj\n%s\nendobj\n" % (number, body)
        parts.append(part)
        offset += len(part)
    parts.append(b"xref\n0 %d\n%s" % (len(entries), b"".join(entries)))
    parts.append(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(entries), offset))
    return b"".join(parts)


def _padded(objects: list[bytes], size: int) -> bytes:
    # Of all numbers only `startxref` gets longer with the padding, so the second try fits.
    length = size - len(_assemble(objects, b""))
    made = _assemble(objects, _comment(length))
    return made if len(made) == size else _assemble(objects, _comment(length - (len(made) - size)))


def _comment(length: int) -> bytes:
    line = b"%" + b"." * 98 + b"\n"
    return (line * (length // len(line) + 1))[: max(length - 1, 1)] + b"\n"
