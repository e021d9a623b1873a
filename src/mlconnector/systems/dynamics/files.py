"""Where the invoice's file is: a note, a file column, or a template; and how its bytes are fetched.

The id of an attachment says where it is: `note:<id>`, `file:<invoice>/<column>`,
`export:<invoice>/<template>`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment
from mlconnector.systems.dynamics.answers import NotFound
from mlconnector.systems.dynamics.client import Client
from mlconnector.systems.dynamics.settings import Documents
from mlconnector.systems.dynamics.shapes import Invoice, Note, Raw
from mlconnector.systems.kit.values import clean

LARGEST = 20 * 1024 * 1024
_PDF = "application/pdf"
_MEDIA_TYPES = {".pdf": _PDF, ".xml": "application/xml"}
_INVOICE_CODE = 1090
_AROUND_BASE64 = 20_000


def chosen(
    invoice: Invoice, raw: Raw, notes: Sequence[Note], number: str | None, rule: Documents
) -> tuple[tuple[Attachment, ...], list[Problem]]:
    """The invoice's file by the first of the configured sources that has one, and what is wrong with it."""
    title = clean(invoice.name)
    for source in rule.sources:
        if source == "note":
            found, problems = _among_notes(notes, rule, title)
        elif source == "file":
            found, problems = _in_column(invoice, raw, rule.file_column or ""), []
        else:
            found, problems = (_by_template(invoice, number, rule.template or ""),), []
        if found or problems:
            return found, [*problems, *_too_large(found)]
    return (), [Problem("document_missing", {"title": title})] if rule.missing == "hold" else []


def columns(rule: Documents) -> tuple[str, ...]:
    """The columns of the invoice that are needed to find its file."""
    if "file" not in rule.sources or rule.file_column is None:
        return ()
    return (rule.file_column, f"{rule.file_column}_name")


def fetched(client: Client, attachment_id: str, limit: int) -> bytes:
    """The bytes of an attachment. Raises NeedsHuman when it has more than `limit`, none, or is gone."""
    facts = {"file": attachment_id, "limit": str(limit)}
    source, _, where = attachment_id.partition(":")
    try:
        if source == "note":
            content = _of_note(client, where, limit)
        elif source == "file":
            invoice, _, column = where.partition("/")
            content = client.bytes_up_to(f"invoices({invoice})/{column}/$value", limit)
        elif source == "export":
            invoice, _, template = where.partition("/")
            content = _exported(client, invoice, template)
        else:
            raise Broken(f"an attachment that is none of ours: {attachment_id}")
    except NotFound as error:
        raise NeedsHuman(Problem("document_gone", facts)) from error
    if content is None or len(content) > limit:
        raise NeedsHuman(Problem("document_too_large", facts))
    if not content:
        raise NeedsHuman(Problem("document_empty", facts))
    return content


def _among_notes(
    notes: Sequence[Note], rule: Documents, title: str
) -> tuple[tuple[Attachment, ...], list[Problem]]:
    usable = [note for note in notes if _media_type(note)]
    preferred = [note for note in usable if re.search(rule.pattern, note.filename or "")]
    candidates = preferred or [note for note in usable if not re.search(rule.ignore, note.filename or "")]
    if len(candidates) > 1 and sorted(_media_type(note) for note in candidates) != sorted(
        _MEDIA_TYPES.values()
    ):
        names = ", ".join(clean(note.filename) for note in candidates)
        return (), [Problem("document_ambiguous", {"title": title, "files": names})]
    # One PDF and one XML are an e-invoice and its picture, told apart once they are read.
    candidates.sort(key=_media_type)
    return tuple(
        Attachment(
            external_id=f"note:{note.annotationid}",
            file_name=clean(note.filename),
            media_type=_media_type(note),
            size=note.filesize,
        )
        for note in candidates
    ), []


def _media_type(note: Note) -> str:
    """By the ending of the name; by what the note says where the name has none. Empty for other files."""
    suffix = PurePosixPath(note.filename or "").suffix.lower()
    if suffix:
        return _MEDIA_TYPES.get(suffix, "")
    return _PDF if note.mimetype == _PDF else ""


def _in_column(invoice: Invoice, raw: Raw, column: str) -> tuple[Attachment, ...]:
    if not raw.get(column):
        return ()
    name = clean(raw.get(f"{column}_name")) or f"{column}.pdf"
    kind = _MEDIA_TYPES.get(PurePosixPath(name).suffix.lower(), _PDF)
    return (Attachment(external_id=f"file:{invoice.invoiceid}/{column}", file_name=name, media_type=kind),)


def _by_template(invoice: Invoice, number: str | None, template: str) -> Attachment:
    name = f"{re.sub(r'[^A-Za-z0-9._-]', '_', number or invoice.invoiceid)}.pdf"
    return Attachment(external_id=f"export:{invoice.invoiceid}/{template}", file_name=name, media_type=_PDF)


def _too_large(found: Sequence[Attachment]) -> list[Problem]:
    return [
        Problem(
            "document_too_large",
            {"file": each.file_name, "size": str(each.size), "limit": str(LARGEST)},
        )
        for each in found
        if each.size is not None and each.size > LARGEST
    ]


def _of_note(client: Client, note: str, limit: int) -> bytes | None:
    most = (limit + 3) * 4 // 3 + _AROUND_BASE64
    content = client.object_up_to(f"annotations({note})?$select=documentbody", most)
    return None if content is None else _decoded(content.get("documentbody"))


def _exported(client: Client, invoice: str, template: str) -> bytes:
    """The PDF that a document template makes of the invoice as it is now.

    ExportPdfDocument is no published part of the Web API; its parameters are those that clients are seen to
    send.
    """
    content = client.action(
        "ExportPdfDocument",
        {
            "EntityTypeCode": _INVOICE_CODE,
            "SelectedTemplate": {
                "@odata.type": "Microsoft.Dynamics.CRM.documenttemplate",
                "documenttemplateid": template,
            },
            "SelectedRecords": json.dumps([f"{{{invoice}}}"]),
        },
    )
    return _decoded(content.get("PdfFile"))


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text or ""), validate=True)
    except binascii.Error as error:
        raise Broken("dynamics answered with a file that is not base64") from error
