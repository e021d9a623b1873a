"""Examination: everything that is found out about one file, in one go."""

from __future__ import annotations

from lxml import etree

from mlconnector.formats.einvoice.embedded import TooLarge
from mlconnector.formats.einvoice.invoice import EInvoice, Examination, Finding, Form
from mlconnector.formats.einvoice.reader import read
from mlconnector.formats.einvoice.recognition import Recognised, Several, Unreadable, is_pdf, recognised
from mlconnector.formats.einvoice.rules import RulesMissing, rule_findings
from mlconnector.formats.einvoice.schema import schema_findings
from mlconnector.model.entries import Because
from mlconnector.model.money import ZERO

_MOST_FINDINGS = 50


def examine(content: bytes, *, rules: bool) -> Examination:
    """Recognise, read and check a file; `rules` asks for the rules of EN 16931 beside the schema."""
    try:
        what = recognised(content)
    except Unreadable as error:
        return _unreadable("hybrid" if is_pdf(content) else "xml", error)
    except TooLarge as error:
        return Examination("none", unseen=str(error))
    except Several as error:
        if not _say_the_same(error.found):
            return Examination("hybrid", several=tuple(_described(one) for one in error.found))
        what = error.found[0]
    if what.form == "zugferd_1":
        return Examination("zugferd_1", notes=(Because("document", "", "zugferd_1"),))
    if what.root is None:
        return Examination("none")
    return _examined(what.form, what.root, rules)


def _examined(form: Form, root: etree._Element, rules: bool) -> Examination:
    findings, beyond = schema_findings(root)
    if findings:
        return Examination(form, None, tuple(findings))
    try:
        invoice, notes = read(root)
    except Unreadable as error:
        return _unreadable(form, error)
    notes = (*beyond, *notes)
    if invoice.is_booking_aid:
        notes += (Because("document", "", "einvoice_without_lines", {"profile": invoice.profile}),)
    if not rules:
        return Examination(form, invoice, (), notes)
    try:
        found, more = rule_findings(root)
    except RulesMissing as error:
        return Examination(form, invoice, (), notes, rules=str(error))
    found.sort(key=lambda finding: finding.severity != "fatal")
    return Examination(form, invoice, tuple(found[:_MOST_FINDINGS]), (*notes, *more), applied=not more)


def _say_the_same(several: tuple[Recognised, ...]) -> bool:
    """Whether e-invoices, such as one in each syntax, agree, so that it does not matter which one is read."""
    try:
        said = [_invoice(one) for one in several]
    except Unreadable:
        return False
    heads = {(one.number, one.type_code, one.issue_date, one.currency) for one in said}
    sums = {(one.net, one.gross, one.prepaid or ZERO, one.payable) for one in said}
    # A profile that is only a booking aid need not state them.
    taxes = {frozenset(one.vat) for one in said if one.vat}
    return len(heads) == len(sums) == 1 and len(taxes) <= 1


def _described(one: Recognised) -> str:
    try:
        said = _invoice(one)
    except Unreadable as error:
        return f"{one.name}: {error}"
    return f"{one.name}: {said.number}, {said.issue_date}, {said.gross} {said.currency}"


def _invoice(one: Recognised) -> EInvoice:
    if one.root is None:
        raise Unreadable("no e-invoice")
    return read(one.root)[0]


def _unreadable(form: Form, error: Unreadable) -> Examination:
    return Examination(form, None, (Finding("unreadable", "fatal", str(error), ""),))
