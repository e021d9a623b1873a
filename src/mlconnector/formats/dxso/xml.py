"""XML in and out: read without entities, document types and network, written the same way every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSI_TYPE = f"{{{XSI}}}type"
XSI_LOCATION = f"{{{XSI}}}schemaLocation"


class NotXml(ValueError):
    """Bytes that are not well-formed XML, or that declare a document type; `line` is where, from 1."""

    def __init__(self, message: str, line: int, *, has_doctype: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.has_doctype = has_doctype


def parse(content: bytes) -> etree._Element:
    """The root element; raises `NotXml`."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise NotXml(error.msg or "not well-formed", error.lineno or 1) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotXml("a document type is declared", 1, has_doctype=True)
    return root


def root_element(namespace: str, name: str, schema: str, attributes: Mapping[str, str]) -> etree._Element:
    """A root with the namespace as the default one, and where its schema lies."""
    default_and_xsi: dict[Any, str] = {None: namespace, "xsi": XSI}
    root = etree.Element(f"{{{namespace}}}{name}", nsmap=default_and_xsi)
    for key, value in attributes.items():
        root.set(key, value)
    root.set(XSI_LOCATION, f"{namespace} {schema}")
    return root


def add(
    parent: etree._Element, name: str, text: str | None = None, attributes: Mapping[str, str] | None = None
) -> etree._Element:
    """Add an element of the parent's namespace."""
    namespace = etree.QName(parent).namespace
    child = etree.SubElement(parent, f"{{{namespace}}}{name}", dict(attributes or {}))
    child.text = text
    return child


def written(root: etree._Element) -> bytes:
    """The document as UTF-8, indented for people."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def line_of(element: etree._Element) -> int:
    """The line of the file in which the element begins, 0 where it was not read from one."""
    line: object = element.sourceline
    return line if isinstance(line, int) else 0


def local_name(element: etree._Element) -> str:
    """The name without its namespace."""
    return etree.QName(element).localname


def namespace_of(element: etree._Element) -> str:
    """The namespace, empty where there is none."""
    return etree.QName(element).namespace or ""
