"""Checking one XML file against its description: order, presence, number and form of everything in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lxml import etree

from mlconnector.formats.dxso import xml
from mlconnector.formats.dxso.rules import Finding, found
from mlconnector.formats.dxso.structure import LEDGERS, Fault, Item, items
from mlconnector.model.entries import Ledger

_RULES: Mapping[Fault, str] = {
    "form": "DXSO-X-09",
    "long": "DXSO-X-10",
    "empty": "DXSO-X-11",
    "bounds": "DXSO-X-12",
    "code": "DXSO-X-13",
}
_XML_BLANKS = " \t\n\r"


def check_tree(file: str, root: etree._Element, namespace: str, name: str) -> Iterator[Finding]:
    """Everything in which the file differs from its description; of a foreign one only that it is foreign."""
    if xml.local_name(root) != name or xml.namespace_of(root) != namespace:
        value = f"{xml.local_name(root)} {xml.namespace_of(root)}".strip()
        yield found("DXSO-X-03", file, xml.line_of(root), name, value, f"{name} {namespace}")
        return
    yield from _Tree(file, namespace).findings(root, name, None)


class _Tree:
    """Walks one file."""

    def __init__(self, file: str, namespace: str) -> None:
        self._file = file
        self._namespace = namespace

    def findings(self, element: etree._Element, place: str, ledger: Ledger | None) -> Iterator[Finding]:
        """Findings in an element that stands for `place`, and in everything below it."""
        yield from self._attributes(element, place)
        if (element.text or "").strip(_XML_BLANKS):
            yield self._found("DXSO-X-14", element, value=(element.text or "").strip())
        known = items(place, "element")
        order = list(known)
        counts: Counter[str] = Counter()
        reached = 0
        for child in element:
            name = xml.local_name(child)
            item = known.get(name) if xml.namespace_of(child) == self._namespace else None
            if item is None or item.ledger not in {None, ledger, _ledger_of(place, name)}:
                yield self._found("DXSO-X-04", child, expected=", ".join(order))
                continue
            if order.index(name) < reached:
                yield self._found("DXSO-X-04", child, expected=f"… {name}, {order[reached]} …")
            reached = max(reached, order.index(name))
            counts[name] += 1
            if counts[name] == item.most + 1:
                yield self._found("DXSO-X-06", child, expected=f"≤ {item.most}")
            yield from self._child(child, item, place, ledger)
        for name, item in known.items():
            if counts[name] < item.least:
                yield self._found("DXSO-X-05", element, name)

    def _child(
        self, child: etree._Element, item: Item, place: str, ledger: Ledger | None
    ) -> Iterator[Finding]:
        if item.form:
            for name in child.attrib:
                yield self._found("DXSO-X-07", child, str(name))
            for inner in child:
                yield self._found("DXSO-X-04", inner)
            yield from self._value(child, item, child.text or "")
            return
        own = _ledger_of(place, item.name)
        if own is not None:
            yield from self.findings(child, "row", own)
        elif item.name == "extension":
            kind = child.get(xml.XSI_TYPE, "").rpartition(":")[2]
            if items(f"extension.{kind}", "attribute"):
                yield from self.findings(child, f"extension.{kind}", LEDGERS.get(kind))
            else:
                yield self._found("DXSO-D-01", child, "xsi:type", kind, ", ".join((*LEDGERS, "File")))
        else:
            yield from self.findings(child, item.name, ledger)

    def _attributes(self, element: etree._Element, place: str) -> Iterator[Finding]:
        known = items(place, "attribute")
        given = {
            str(name): str(value)
            for name, value in element.attrib.items()
            if not str(name).startswith(f"{{{xml.XSI}}}")
        }
        for name in given.keys() - known.keys():
            yield self._found("DXSO-X-07", element, name)
        for name, item in known.items():
            if name in given:
                yield from self._value(element, item, given[name])
            elif item.least:
                yield self._found("DXSO-X-08", element, name)

    def _value(self, element: etree._Element, item: Item, value: str) -> Iterator[Finding]:
        fault = item.fault(value)
        if fault is not None:
            yield self._found(_RULES[fault], element, item.name, value, item.expected)

    def _found(
        self, rule: str, element: etree._Element, name: str = "", value: str = "", expected: str = ""
    ) -> Finding:
        return found(rule, self._file, xml.line_of(element), name or xml.local_name(element), value, expected)


def _ledger_of(place: str, name: str) -> Ledger | None:
    """Which ledger an element is a row of, None where it is no row."""
    return LEDGERS.get(name) if place == "consolidate" else None
