"""Substitutes: the document that is made for a voucher that has no file of its own."""

from __future__ import annotations

from dataclasses import dataclass

from mlconnector.flow.context.document_rules import DocumentRules
from mlconnector.flow.decide.documents.einvoices import booked_totals
from mlconnector.formats.document_names import document_file_name
from mlconnector.formats.einvoice.own_invoice import Invoice, invoice_of
from mlconnector.formats.einvoice.zugferd import heading, zugferd
from mlconnector.formats.pdf.booking_document import render
from mlconnector.mapping.drafts import Draft
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.targets import target
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment, Voucher


@dataclass(frozen=True, slots=True)
class Substitute:
    """A document of ours; `attachment` is what its GUID is derived from, `because` why it is what it is."""

    attachment: Attachment
    content: bytes
    because: tuple[Because, ...]


def missing_document(voucher: Voucher, wanted: DocumentRules) -> Problem | None:
    """The problem of a voucher without a file, where none is to be made for it."""
    if wanted.missing != "hold":
        return None
    return Problem("document_missing", {"title": voucher.title or voucher.number or voucher.identity})


def substitute(draft: Draft, wanted: DocumentRules, rules: Rules) -> Substitute | Problem:
    """The document for a voucher without a file, or the problem that it has none.

    The same voucher under the same settings always gets the same bytes.
    """
    voucher = draft.voucher
    missing = missing_document(voucher, wanted)
    if missing is not None:
        return missing
    because: tuple[Because, ...] = ()
    if wanted.missing == "invoice" and wanted.seller is not None:
        made = invoice_of(voucher, booked_totals(draft).gross, _tax_cases(draft, rules), wanted.seller)
        content = None if isinstance(made, list) else zugferd(made)
        if isinstance(made, Invoice) and content is not None:
            name = document_file_name(f"{heading(made)} {draft.number}.pdf")
            note = Because("document", name, "invoice_written")
            return Substitute(_attachment("rendered-invoice", name), content, (note,))
        needed = made if isinstance(made, list) else ["characters"]
        because = tuple(Because("document", "", "invoice_not_written", {"missing": one}) for one in needed)
    name = document_file_name(f"Buchungsbeleg {draft.number}.pdf")
    return Substitute(_attachment("rendered", name), render(voucher), because)


def _attachment(external_id: str, file_name: str) -> Attachment:
    return Attachment(external_id=external_id, file_name=file_name, media_type="application/pdf")


def _tax_cases(draft: Draft, rules: Rules) -> list[str | None]:
    """The name of each line's tax case, None where a line that moves no money has none."""
    found = [target(draft.voucher, line, rules) for line in draft.voucher.lines]
    return [None if isinstance(one, Problem) else one.value.tax_case.name for one in found]
