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

from mlconnector.errors import Broken
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment
from mlconnector.systems.dynamics.answers import NotFound
from mlconnector.systems.dynamics.client import Client
from mlconnector.systems.dynamics.settings import Documents
from mlconnector.systems.dynamics.shapes import Invoice, Note
from mlconnector.systems.kit import invoice_files
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.invoice_files import (
    PDF,
    Candidate,
    downloaded,
    media_type,
    nothing_found,
    too_large,
)
from mlconnector.systems.kit.json_answers import Raw

_INVOICE_CODE = 1090
_AROUND_BASE64 = 20_000


def chosen(
    invoice: Invoice, raw: Raw, notes: Sequence[Note], number: str | None, rule: Documents
) -> tuple[tuple[Attachment, ...], list[Problem]]:
    """The invoice's file by the first of the configured sources that has one, and what is wrong with it."""
    title = clean(invoice.name)
    for source in rule.sources:
        if source == "note":
            found, problems = invoice_files.chosen(_candidates(notes), rule, title)
        elif source == "file":
            found = _in_column(invoice, raw, rule.file_column or "")
            problems = too_large(found)
        else:
            found, problems = (_by_template(invoice, number, rule.template or ""),), []
        if found or problems:
            return found, problems
    return (), nothing_found(rule, title)


def columns(rule: Documents) -> tuple[str, ...]:
    """The columns of the invoice that are needed to find its file."""
    if "file" not in rule.sources or rule.file_column is None:
        return ()
    return (rule.file_column, f"{rule.file_column}_name")


def fetched(client: Client, attachment_id: str, limit: int) -> bytes:
    """The bytes of an attachment. Raises NeedsHuman when it has more than `limit`, none, or is gone."""
    return downloaded(attachment_id, limit, lambda: _content(client, attachment_id, limit), NotFound)


def _content(client: Client, attachment_id: str, limit: int) -> bytes | None:
    source, _, where = attachment_id.partition(":")
    invoice, _, what = where.partition("/")
    if source == "note":
        return _of_note(client, where, limit)
    if source == "file":
        return client.bytes_up_to(f"invoices({invoice})/{what}/$value", limit)
    if source == "export":
        return _exported(client, invoice, what)
    raise Broken(f"an attachment that is none of ours: {attachment_id}")


def _candidates(notes: Sequence[Note]) -> list[Candidate]:
    """The notes with a file that may be an invoice."""
    kinds = ((note, _media_type(note)) for note in notes)
    return [
        Candidate(f"note:{note.annotationid}", note.filename or "", kind, note.filesize)
        for note, kind in kinds
        if kind
    ]


def _media_type(note: Note) -> str:
    """By the ending of the name; by what the note says where the name has none. Empty for other files."""
    return media_type(note.filename or "", without_ending=PDF if note.mimetype == PDF else "")


def _in_column(invoice: Invoice, raw: Raw, column: str) -> tuple[Attachment, ...]:
    if not raw.get(column):
        return ()
    name = clean(raw.get(f"{column}_name")) or f"{column}.pdf"
    kind = media_type(name, PDF, PDF)
    return (Attachment(external_id=f"file:{invoice.invoiceid}/{column}", file_name=name, media_type=kind),)


def _by_template(invoice: Invoice, number: str | None, template: str) -> Attachment:
    name = f"{re.sub(r'[^A-Za-z0-9._-]', '_', number or invoice.invoiceid)}.pdf"
    return Attachment(external_id=f"export:{invoice.invoiceid}/{template}", file_name=name, media_type=PDF)


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
