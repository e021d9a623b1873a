"""E-invoices among a voucher's files: do they hold, and do they say what is booked?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from mlconnector.flow.context.document_rules import DocumentRules
from mlconnector.flow.decide.documents.examiner import NotExamined, examiner
from mlconnector.formats.einvoice.comparison import (
    NOTHING,
    Difference,
    agrees_on_down_payments,
    differences,
    remarks,
    speaks_of_down_payments,
)
from mlconnector.formats.einvoice.invoice import EInvoice, Examination, Finding
from mlconnector.formats.einvoice.taxes import TaxDifference, booked_taxes, tax_differences
from mlconnector.mapping.down_payments import invoiced_lines
from mlconnector.mapping.drafts import Draft
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.withholding import KEPT_BACK
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.money import ZERO, exact, rounded, tax_included
from mlconnector.model.problems import Problem
from mlconnector.model.totals import Totals, totals
from mlconnector.model.vouchers import Voucher
from mlconnector.systems.kit.check_steps import CheckStep

_SHOWN = 3


def judged(
    file_name: str, examination: Examination, draft: Draft, wanted: DocumentRules, rules: Rules
) -> tuple[list[Problem], list[Because]]:
    """What keeps a voucher with this e-invoice from being booked, and what the audit trail tells of it."""
    problems, notes = _about_rules(file_name, examination, wanted)
    notes += [msgspec.structs.replace(note, value=file_name) for note in examination.notes]
    einvoice = examination.invoice
    if einvoice is not None:
        problems += _compared(file_name, draft, einvoice, wanted, rules)
        said = remarks(draft.voucher, einvoice)
        notes += [msgspec.structs.replace(note, value=file_name) for note in said]
        if not problems:
            notes.append(_praise(file_name, examination, einvoice))
    return problems, notes


def rules_steps(wanted: DocumentRules) -> Iterator[CheckStep]:
    """Whether the rules of EN 16931 can be applied, where the connection wants that: a step of the ping."""
    if not wanted.en16931:
        return
    try:
        version, missing = examiner().try_rules()
    except NotExamined as error:
        version, missing = "", str(error)
    if missing:
        facts = {"reason": missing}
        yield CheckStep("connection.einvoice_rules", "failed", "einvoice_rules_missing", facts, "it")
    else:
        yield CheckStep("connection.einvoice_rules", "ok", "", {"version": version})


def booked_totals(draft: Draft) -> Totals:
    """The voucher's totals with the gross of the supply that is booked, in the signs of the voucher."""
    return _totals(draft.voucher, [line for line in draft.lines if line.tax_case not in KEPT_BACK])


def _totals(voucher: Voucher, lines: Sequence[EntryLine], off: Sequence[EntryLine] = ()) -> Totals:
    """The voucher's totals with the gross of its lines, less what lines take `off` of down payments."""
    sums = totals(voucher.lines, voucher.currency)
    sign = 1 if voucher.direction == "sale" else -1
    gross = rounded(sign * sum((line.amount for line in (*lines, *off)), ZERO), voucher.currency)
    taken = sign * sum((line.amount for line in off), ZERO)
    tax = sign * sum((tax_included(line.amount, line.tax_rate, voucher.currency) for line in off), ZERO)
    return Totals(sums.net + taken - tax, sums.tax + tax, gross, sums.line_net, sums.line_gross)


def _about_rules(
    file_name: str, examination: Examination, wanted: DocumentRules
) -> tuple[list[Problem], list[Because]]:
    problems: list[Problem] = []
    notes: list[Because] = []
    if wanted.en16931 and examination.rules:
        problems.append(Problem("einvoice_rules_missing", {"reason": examination.rules}))
    fatal = examination.fatal
    if fatal and (examination.invoice is None or wanted.en16931_findings == "hold"):
        problems.append(_invalid(file_name, fatal))
    elif fatal:
        notes.append(Because("document", file_name, "einvoice_breaks_rules", {"findings": _first(fatal)}))
    warnings = [finding for finding in examination.findings if finding.severity == "warning"]
    if warnings:
        notes.append(Because("document", file_name, "einvoice_warnings", {"findings": _first(warnings)}))
    return problems, notes


def _invalid(file_name: str, fatal: tuple[Finding, ...]) -> Problem:
    facts = {"file_name": file_name, "count": str(len(fatal)), "findings": _first(fatal)}
    return Problem("einvoice_invalid", facts)


def _first(findings: tuple[Finding, ...] | list[Finding]) -> str:
    shown = [f"{finding.rule}: {finding.text}" for finding in findings[:_SHOWN]]
    left = len(findings) - len(shown)
    return " | ".join(shown) + (f" | + {left}" if left else "")


def _compared(
    file_name: str, draft: Draft, einvoice: EInvoice, wanted: DocumentRules, rules: Rules
) -> list[Problem]:
    """Where the e-invoice says something else than what is booked."""
    voucher, tolerance = draft.voucher, rules.mapping.rounding_limit
    speaks = speaks_of_down_payments(voucher, einvoice) or voucher.requests_down_payment
    if speaks and not agrees_on_down_payments(voucher, einvoice):
        return [_down_payment(file_name, einvoice)]
    lines, off = invoiced_lines(draft, whole=bool(einvoice.prepaid))
    found = differences(
        voucher,
        _totals(voucher, lines, off),
        einvoice,
        tolerance,
        exchange_rate=draft.exchange_rate,
        own=wanted.seller,
    )
    problems = [_differs(file_name, found, einvoice)] if found else []
    others = tax_differences(booked_taxes((*lines, *off), voucher.direction), einvoice, tolerance)
    return problems + [_other_tax(file_name, one, voucher.currency) for one in others]


def _differs(file_name: str, found: list[Difference], einvoice: EInvoice) -> Problem:
    ours = {one.field: one.voucher or NOTHING for one in found}
    theirs = {one.field: one.einvoice or NOTHING for one in found}
    facts = {
        "file_name": file_name,
        "number_voucher": ours.get("number", ""),
        "number_einvoice": theirs.get("number", ""),
        "date_voucher": ours.get("date", ""),
        "date_einvoice": theirs.get("date", ""),
        "kind": ours.get("type", ""),
        "document_type": einvoice.document_type.name if "type" in ours else "",
        "type_code": theirs.get("type", ""),
        "direction": ours.get("direction", ""),
        "issuer_einvoice": theirs.get("direction", ""),
        "party_voucher": ours.get("party", ""),
        "party_einvoice": theirs.get("party", ""),
        "country_voucher": ours.get("country", ""),
        "country_einvoice": theirs.get("country", ""),
        "vat_id_voucher": ours.get("vat_id", ""),
        "vat_id_einvoice": theirs.get("vat_id", ""),
        "own_settings": ours.get("own", ""),
        "own_einvoice": theirs.get("own", ""),
        "refers_to_voucher": ours.get("refers_to", ""),
        "refers_to_einvoice": theirs.get("refers_to", ""),
        "currency_voucher": ours.get("currency", ""),
        "currency_einvoice": theirs.get("currency", ""),
        "tax_currency_voucher": ours.get("tax_currency", ""),
        "tax_currency_einvoice": theirs.get("tax_currency", ""),
        "tax_in_euro_voucher": ours.get("tax_in_euro", ""),
        "tax_in_euro_einvoice": theirs.get("tax_in_euro", ""),
        "net_voucher": ours.get("net", ""),
        "net_einvoice": theirs.get("net", ""),
        "tax_voucher": ours.get("tax", ""),
        "tax_einvoice": theirs.get("tax", ""),
        "gross_voucher": ours.get("gross", ""),
        "gross_einvoice": theirs.get("gross", ""),
        "payable_voucher": ours.get("payable", ""),
        "payable_einvoice": theirs.get("payable", ""),
    }
    return Problem("einvoice_differs", facts)


def _down_payment(file_name: str, einvoice: EInvoice) -> Problem:
    facts = {
        "file_name": file_name,
        "document_type": einvoice.document_type.name,
        "type_code": einvoice.type_code,
        "currency": einvoice.currency,
        "gross": _amount(einvoice.gross, einvoice.currency),
        "prepaid": _amount(einvoice.prepaid or ZERO, einvoice.currency),
        "payable": _amount(einvoice.payable, einvoice.currency),
        "preceding": ", ".join(einvoice.preceding),
    }
    return Problem("einvoice_down_payment", facts)


def _other_tax(file_name: str, found: TaxDifference, currency: str) -> Problem:
    booked, stated = found.booked, found.stated
    facts = {
        "file_name": file_name,
        "tax_case": booked.case if booked else "",
        "rate": f"{exact(booked.rate):f}" if booked else "",
        "gross": _amount(booked.gross, currency) if booked else "",
        "category": stated.category if stated else "",
        "reason_code": stated.reason if stated else "",
        "rate_einvoice": f"{exact(stated.rate):f}" if stated else "",
        "gross_einvoice": _amount(stated.gross, currency) if stated else "",
    }
    return Problem("einvoice_other_tax", facts, ("tax_case", "category"))


def _amount(number: Decimal, currency: str) -> str:
    return f"{rounded(number, currency):f}"


def _praise(file_name: str, examination: Examination, einvoice: EInvoice) -> Because:
    facts = {"form": examination.form, "syntax": einvoice.syntax.upper(), "profile": einvoice.profile}
    rule = "einvoice_agrees_by_rules" if examination.applied else "einvoice_agrees_by_schema"
    return Because("document", file_name, rule, facts)
