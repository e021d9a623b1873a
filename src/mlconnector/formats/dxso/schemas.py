"""Checking a package with DATEV's own schema files (XSD), where somebody has put them at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from mlconnector.formats.dxso import xml

_XSD = "http://www.w3.org/2001/XMLSchema"


class BadSchema(ValueError):
    """Schema files that cannot be used: not XML, no schema, or one that needs a file that is not there."""


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """What a schema finds in a file, in the words of the XML library."""

    file: str
    line: int
    message: str


def validate_with(schemas: Mapping[str, bytes], files: Mapping[str, bytes]) -> Iterator[SchemaFault]:
    """What DATEV's schemas find in the XML files of a package; raises `BadSchema`.

    `schemas` are the schema files by the names under which they import each other, e.g.
    `Document_v060.xsd`; nothing else is read, from disk or network. A file whose namespace no schema is for
    is passed over: an e-invoice is not DATEV's to describe.
    """
    by_namespace = _compiled(schemas)
    for name, content in files.items():
        if not name.lower().endswith(".xml"):
            continue
        try:
            root = xml.parse(content)
        except xml.NotXml as error:
            yield SchemaFault(name, error.line, str(error))
            continue
        schema = by_namespace.get(xml.namespace_of(root))
        if schema is None or schema.validate(root):
            continue
        log: Any = schema.error_log
        for fault in log:
            yield SchemaFault(name, fault.line, fault.message)


def _compiled(schemas: Mapping[str, bytes]) -> Mapping[str, etree.XMLSchema]:
    """The schemas that describe a whole file, by its namespace; types files are only imported."""
    found: dict[str, etree.XMLSchema] = {}
    for name, content in schemas.items():
        root = _schema_root(name, content, schemas)
        if root.find(f"{{{_XSD}}}element") is None:
            continue
        try:
            found[root.get("targetNamespace", "")] = etree.XMLSchema(root.getroottree())
        except etree.XMLSchemaParseError as error:
            raise BadSchema(f"{name}: {error}") from error
    return found


def _schema_root(name: str, content: bytes, schemas: Mapping[str, bytes]) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    parser.resolvers.add(_OnlyGiven(schemas))
    try:
        root = etree.fromstring(content, parser, base_url=f"{_OnlyGiven.SCHEME}{name}")
    except etree.XMLSyntaxError as error:
        raise BadSchema(f"{name}: {error.msg}") from error
    if xml.namespace_of(root) != _XSD or xml.local_name(root) != "schema":
        raise BadSchema(f"{name} is no XML schema")
    return root


class _OnlyGiven(etree.Resolver):
    """Finds imported schemas among the given ones, and nothing anywhere else."""

    SCHEME = "given:"

    def __init__(self, schemas: Mapping[str, bytes]) -> None:
        super().__init__()
        self._schemas = schemas

    def resolve(self, system_url: str, *more: Any, **_named: Any) -> Any:
        """The schema that an import names; the last of `more` is the library's context."""
        name = system_url.rpartition("/")[2].removeprefix(self.SCHEME)
        if name not in self._schemas:
            raise BadSchema(f"{name} is imported but is not among the given schema files")
        return self.resolve_string(self._schemas[name], more[-1], base_url=f"{self.SCHEME}{name}")
