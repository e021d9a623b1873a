"""The action ExportPdfDocument: a Word template filled with the record as it stands now.

The action is not in the published reference; names of parameters and result are those of public SDK code.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from mlconnector.standins.dynamics import papers
from mlconnector.standins.dynamics.answers import error, no_such_record
from mlconnector.standins.dynamics.einvoices import paper_lines
from mlconnector.standins.dynamics.environment import Environment
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.schema import tables


def export_pdf(environment: Environment, body: bytes) -> str:
    """The PDF in base64; raises Refusal."""
    try:
        given = msgspec.json.decode(body, type=dict[str, Any])
        code, template = given["EntityTypeCode"], given["SelectedTemplate"]
        identity = _record_id(given["SelectedRecords"])
        template_id = str(template["documenttemplateid"]).lower()
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as problem:
        message = f"Invalid parameters of ExportPdfDocument: {problem}"
        raise error(400, "0x80048d19", message) from problem
    if code != tables()["invoice"].code:
        raise error(400, "0x80040203", f"There is nothing to export for EntityTypeCode {code}.")
    chosen = environment.rows["documenttemplate"].get(template_id)
    if chosen is None:
        raise no_such_record("documenttemplate", template_id)
    if chosen["associatedentitytypecode"] != "invoice":
        raise error(400, "0x80040203", "The template does not belong to this table.")
    invoice = environment.rows["invoice"].get(identity)
    if invoice is None:
        raise no_such_record("invoice", identity)
    return papers.base64_text(rendered(environment, invoice))


def rendered(environment: Environment, invoice: Row) -> papers.Paper:
    """What the template makes of an invoice as it stands."""
    return papers.pdf_paper(paper_lines(invoice, environment.lines(invoice["invoiceid"])))


def _record_id(text: Any) -> str:
    """The id within `["{guid}"]`; single quotes, as seen in public code, will do as well."""
    ids = json.loads(str(text).replace("'", '"'))
    if not isinstance(ids, list) or len(ids) != 1:
        raise ValueError("SelectedRecords must name one record")
    return str(ids[0]).strip("{}").lower()
