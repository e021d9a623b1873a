"""The files of deals: which ones a generated deal has, and their bytes, made on demand."""

from __future__ import annotations

from mlconnector.standins.pipedrive import pdf
from mlconnector.standins.pipedrive.records import File

FIRST_FILE = 500_001
OVERSIZED = 30 * 1024 * 1024
_JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\xff\xfe\x00\x20%s\xff\xd9"
_ZIP = b"PK\x05\x06" + bytes(16) + b"%s"


def generated_files(
    kind: str, deal_id: int, first_id: int, invoice_number: str | None, time: str
) -> list[File]:
    """The files of a generated deal; `kind` is one of the kinds under `files` in `account.toml`."""
    number = invoice_number or f"ohne Nummer, Projekt {deal_id}"
    invoice = (f"Rechnung_{_file_name(number)}.pdf", "invoice", 0)
    content: dict[str, list[tuple[str, str, int]]] = {
        "none": [],
        "invoice": [invoice],
        "invoice_and_photos": [("Baustelle 1.jpg", "photo", 0), invoice, ("Baustelle 2.jpg", "photo", 0)],
        "quote_and_invoice": [(f"Angebot_AN-2026-{deal_id:05d}.pdf", "quote", 0), invoice],
        "damaged": [(invoice[0], "damaged", 0)],
        "forbidden_type": [(f"Rechnung_{_file_name(number)}.zip", "archive", 0)],
        "oversized": [(invoice[0], "invoice", OVERSIZED)],
    }
    return [
        File(
            id=first_id + place,
            deal_id=deal_id,
            name=name,
            kind=made_as,
            text=number,
            add_time=time,
            update_time=time,
            size=size,
        )
        for place, (name, made_as, size) in enumerate(content[kind])
    ]


def content(file: File) -> bytes:
    """The bytes of a file; always the same ones."""
    if file.content or file.kind == "added":
        return file.content
    if file.kind == "photo":
        return _JPEG % file.name.encode()[:30].ljust(30)
    if file.kind == "archive":
        comment = file.text.encode()
        return _ZIP % (len(comment).to_bytes(2, "little") + comment)
    if file.kind == "quote":
        return pdf.document(["Angebot", f"Projekt {file.deal_id}", f"zur späteren Rechnung {file.text}"])
    made = pdf.document(["Rechnung", f"Rechnungsnummer: {file.text}", f"Projekt {file.deal_id}"], file.size)
    return made[: len(made) * 6 // 10] if file.kind == "damaged" else made


def size(file: File) -> int:
    """The number of bytes of a file."""
    return file.size or len(content(file))


def _file_name(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_. ()" else "-" for letter in text)
