"""Examination: everything that is found out about one file, in one go."""

from __future__ import annotations

from mlconnector.formats.einvoice.invoice import Examination, Finding, Form
from mlconnector.formats.einvoice.reader import read
from mlconnector.formats.einvoice.recognition import Unreadable, is_pdf, recognised
from mlconnector.formats.einvoice.rules import RulesMissing, rule_findings
from mlconnector.formats.einvoice.schema import schema_findings
from mlconnector.model.entries import Because

_MOST_FINDINGS = 50


def examine(content: bytes, *, rules: bool) -> Examination:
    """Recognise, read and check a file; `rules` asks for the rules of EN 16931 beside the schema."""
    try:
        what = recognised(content)
    except Unreadable as error:
        return _unreadable("hybrid" if is_pdf(content) else "xml", error)
    if what.form == "zugferd_1":
        return Examination("zugferd_1", notes=(Because("document", "", "zugferd_1"),))
    if what.root is None:
        return Examination("none")
    findings = schema_findings(what.root)
    if findings:
        return Examination(what.form, None, tuple(findings))
    try:
        invoice, notes = read(what.root)
    except Unreadable as error:
        return _unreadable(what.form, error)
    if invoice.is_booking_aid:
        notes += (Because("document", "", "einvoice_without_lines", {"profile": invoice.profile}),)
    if not rules:
        return Examination(what.form, invoice, (), notes)
    try:
        found, more = rule_findings(what.root)
    except RulesMissing as error:
        return Examination(what.form, invoice, (), notes, rules=str(error))
    found.sort(key=lambda finding: finding.severity != "fatal")
    return Examination(what.form, invoice, tuple(found[:_MOST_FINDINGS]), (*notes, *more), applied=not more)


def _unreadable(form: Form, error: Unreadable) -> Examination:
    return Examination(form, None, (Finding("unreadable", "fatal", str(error), ""),))
