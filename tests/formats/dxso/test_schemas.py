from __future__ import annotations

from pathlib import Path

import pytest

from mlconnector.formats.dxso import BadSchema, validate_with
from mlconnector.formats.dxso.structure import LEDGER_NAMESPACE

TYPES = b"""<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:types">
<xsd:simpleType name="day"><xsd:restriction base="xsd:string"><xsd:pattern value="[0-9]+"/></xsd:restriction>
</xsd:simpleType></xsd:schema>"""
MAIN = f"""<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="{LEDGER_NAMESPACE}"
 xmlns:t="urn:types" elementFormDefault="qualified"><xsd:import namespace="urn:types" schemaLocation="PLACE"/>
<xsd:element name="LedgerImport" type="t:day"/></xsd:schema>""".encode()
SCHEMAS = {"main.xsd": MAIN.replace(b"PLACE", b"types.xsd"), "types.xsd": TYPES}


def ledger(content: str) -> bytes:
    return f'<LedgerImport xmlns="{LEDGER_NAMESPACE}">{content}</LedgerImport>'.encode()


def test_files_are_checked_with_the_given_schemas() -> None:
    assert list(validate_with(SCHEMAS, {"a.xml": ledger("1"), "b.pdf": b"%PDF-"})) == []
    (fault,) = validate_with(SCHEMAS, {"a.xml": ledger("x")})
    assert (fault.file, fault.line) == ("a.xml", 1)
    assert "pattern" in fault.message


def test_a_file_of_another_namespace_is_not_ours_to_judge() -> None:
    assert list(validate_with(SCHEMAS, {"e-invoice.xml": b"<Invoice/>"})) == []


def test_a_file_that_is_no_xml_is_a_fault() -> None:
    (fault,) = validate_with(SCHEMAS, {"a.xml": b"<a>"})
    assert fault.file == "a.xml"


def test_an_import_that_is_not_given_is_never_read_from_disk(tmp_path: Path) -> None:
    outside = tmp_path / "outside.xsd"
    outside.write_bytes(TYPES)
    for place in (str(outside), outside.as_uri(), "http://127.0.0.1:1/outside.xsd"):
        schemas = {"main.xsd": MAIN.replace(b"PLACE", place.encode())}
        with pytest.raises(BadSchema):
            list(validate_with(schemas, {"a.xml": ledger("1")}))


@pytest.mark.parametrize("content", [b"<xsd", b"<schema/>", MAIN.replace(b"t:day", b"t:none")])
def test_a_schema_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(BadSchema):
        list(validate_with({**SCHEMAS, "main.xsd": content}, {}))
