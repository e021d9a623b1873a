"""A file is an e-invoice by what is in it, not by what it is called."""

from __future__ import annotations

import io
import zlib
from typing import Literal

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconnector.formats.document_names import LARGEST
from mlconnector.formats.einvoice.examination import examine
from mlconnector.formats.einvoice.files import check_file
from mlconnector.formats.einvoice.recognition import Unreadable, safe_tree
from tests.formats.einvoice.builders import as_xrechnung, pdf, xml

CII, UBL, CREDIT_NOTE = xml(), xml("ubl-2.1"), xml("ubl-2.1", BT_3="381")
ZUGFERD_1 = b'<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0"/>'
DUO_NEXT = ["PDF", "XML", "PNG"]
Revision = Literal[2, 3, 4, 6]


@pytest.mark.parametrize("made", [CII, UBL, CREDIT_NOTE, as_xrechnung(UBL), as_xrechnung(CII)])
@pytest.mark.parametrize("name", ["rechnung.xml", "rechnung", "Anhang.txt", "bild.png"])
def test_xml_invoices_are_recognised_under_any_name(made: bytes, name: str) -> None:
    checked = check_file(name, "text/plain", made, DUO_NEXT, rules=False)
    assert (checked.examination.form, checked.problem) == ("xml", None)
    assert checked.file_name.endswith(".xml")


class TestAPdfWithAPassword:
    @pytest.mark.parametrize("revision", [2, 3, 4, 6])
    def test_is_told_by_that_and_not_taken_for_damaged(self, revision: Revision) -> None:
        locked = _locked(pdf(("factur-x.xml", CII)), "geheim", revision)
        checked = check_file("RE.pdf", "application/pdf", locked, DUO_NEXT, rules=False)
        assert checked.examination.form == "none"
        assert checked.problem is not None
        assert checked.problem.key == "document_encrypted"

    def test_is_told_from_a_damaged_one_when_a_certificate_is_the_password(self) -> None:
        lock = b"trailer << /Encrypt << /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 /Length 128 >>"
        locked = pdf(("factur-x.xml", CII)).replace(b"trailer <<", lock)
        checked = check_file("RE.pdf", "", locked, DUO_NEXT, rules=False)
        assert checked.problem is not None
        assert checked.problem.key == "document_encrypted"

    @pytest.mark.parametrize("revision", [2, 3, 4, 6])
    def test_that_only_forbids_printing_is_read_like_any_other(self, revision: Revision) -> None:
        checked = check_file("RE.pdf", "", _locked(pdf(("a.xml", CII)), "", revision), DUO_NEXT, rules=False)
        assert checked.problem is None
        assert checked.examination.invoice is not None


def _locked(content: bytes, password: str, revision: Revision) -> bytes:
    """The PDF with a password to open it; the empty one still keeps it from being changed."""
    made = io.BytesIO()
    how = pikepdf.Encryption(
        owner="other", user=password, R=revision, aes=revision >= 4, metadata=revision >= 4
    )
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(made, encryption=how)
    return made.getvalue()


@pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml", "RE-42.xml"])
@pytest.mark.parametrize("made", [CII, UBL])
def test_hybrids_are_recognised_by_the_file_in_them(name: str, made: bytes) -> None:
    found = examine(pdf(("AGB.pdf", b"%PDF-"), (name, made)), rules=False)
    assert found.form == "hybrid"
    assert found.invoice is not None
    assert found.invoice.number == "RE-2026-0042"


def test_a_file_with_another_ending_is_an_einvoice_by_its_content() -> None:
    found = examine(pdf(("AGB.pdf", b"%PDF-"), ("daten.bin", CII)), rules=False)
    assert (found.form, found.invoice is None) == ("hybrid", False)


def test_one_invoice_in_both_syntaxes_is_one_and_the_prescribed_name_goes_before_others() -> None:
    found = examine(pdf(("a.xml", UBL), ("factur-x.xml", CII), ("copy.xml", CII)), rules=False)
    assert found.invoice is not None
    assert found.invoice.syntax == "cii"


@pytest.mark.parametrize(
    "other",
    [xml(BT_1="other"), xml("ubl-2.1", BT_3="381"), xml(BT_112="259.41"), CII.replace(b">S<", b">Z<")],
)
def test_of_two_different_invoices_none_is_chosen_and_both_are_named(other: bytes) -> None:
    checked = check_file("RE.pdf", "", pdf(("a.xml", other), ("factur-x.xml", CII)), DUO_NEXT, rules=False)
    assert checked.examination.invoice is None
    assert checked.problem is not None
    assert checked.problem.key == "einvoice_several"
    assert "factur-x.xml: RE-2026-0042, 2026-10-31, 259.40 EUR" in checked.problem.facts["invoices"]
    assert "a.xml: " in checked.problem.facts["invoices"]


def test_an_xml_invoice_that_speaks_of_pdf_is_still_one() -> None:
    assert examine(CII.replace(b"?>", b"?><!-- %PDF-1.7 -->", 1), rules=False).form == "xml"


def test_a_hybrid_keeps_its_name_where_that_fits_and_gets_an_ending_where_not() -> None:
    made = pdf(("factur-x.xml", CII))
    assert check_file("RE-42.PDF", "", made, DUO_NEXT, rules=False).file_name == "RE-42.PDF"
    assert check_file("RE-42.xml", "", made, DUO_NEXT, rules=False).file_name == "RE-42.xml.pdf"


@pytest.mark.parametrize(
    "content",
    [
        pdf(),
        pdf(("notes.xml", b"<notes/>"), ("data.bin", b"\x00")),
        b"<html>Anmelden</html>",
        b"<Invoice>not one of UBL</Invoice>",
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.7 cut off",
        b"",
        "<Rechnung>ü</Rechnung>".encode("utf-16"),
    ],
)
def test_other_files_are_no_einvoices(content: bytes) -> None:
    assert examine(content, rules=False).form == "none"


def test_utf_16_is_read_like_any_other_encoding() -> None:
    made = CII.decode().replace("encoding='UTF-8'", "encoding='UTF-16'").replace('"UTF-8"', '"UTF-16"')
    assert examine(made.encode("utf-16"), rules=False).form == "xml"


def test_zugferd_1_is_a_plain_pdf_and_that_is_noted() -> None:
    for content in (pdf(("ZUGFeRD-invoice.xml", ZUGFERD_1)), ZUGFERD_1):
        found = examine(content, rules=False)
        assert (found.form, found.is_einvoice, found.findings) == ("zugferd_1", False, ())
        assert [note.rule for note in found.notes] == ["zugferd_1"]


class TestHostileFiles:
    BOMB = b'<!DOCTYPE a [<!ENTITY b "cccccccccc">]><a>&b;</a>'

    def test_a_document_type_declaration_is_refused_before_anything_is_parsed(self) -> None:
        with pytest.raises(Unreadable, match="document type declaration"):
            safe_tree(self.BOMB)

    def test_it_is_refused_in_a_hybrid_too(self) -> None:
        found = examine(pdf(("factur-x.xml", self.BOMB)), rules=False)
        assert [finding.rule for finding in found.fatal] == ["unreadable"]

    def test_an_einvoice_with_one_is_not_taken_for_another_file(self) -> None:
        declared = CII.replace(b"?>\n", b'?>\n<!DOCTYPE x SYSTEM "file:///etc/passwd">\n', 1)
        found = examine(declared, rules=False)
        assert found.is_einvoice
        assert "document type declaration" in found.fatal[0].text

    def test_a_stream_that_unpacks_to_too_much_is_not_unpacked(self) -> None:
        packed = zlib.compress(b"<a>" + b" " * (LARGEST + 10) + b"</a>", 9)
        assert len(packed) < 100_000
        found = examine(_with_stream(packed, pikepdf.Name.FlateDecode), rules=False)
        assert str(LARGEST) in found.fatal[0].text

    def test_text_beyond_the_limits_of_the_parser_is_an_unreadable_einvoice(self) -> None:
        long = CII.replace(b"Handbuch", b"x" * 11_000_000)
        found = examine(long, rules=False)
        assert found.is_einvoice
        assert found.fatal

    @settings(max_examples=60, deadline=None)
    @given(place=st.integers(0, len(CII) - 1), noise=st.binary(min_size=1, max_size=6))
    def test_no_damage_of_xml_goes_beyond_a_finding(self, place: int, noise: bytes) -> None:
        damaged = CII[:place] + noise + CII[place + len(noise) :]
        found = examine(damaged, rules=False)
        assert found.form == "none" or found.invoice is not None or found.fatal

    @settings(max_examples=60, deadline=None)
    @given(place=st.integers(0, 4000), noise=st.binary(min_size=1, max_size=12))
    def test_no_damage_of_a_hybrid_goes_beyond_a_finding(self, place: int, noise: bytes) -> None:
        whole = pdf(("factur-x.xml", CII))
        place %= len(whole)
        found = examine(whole[:place] + noise + whole[place + len(noise) :], rules=False)
        assert found.form == "none" or found.invoice is not None or found.fatal


def _with_stream(packed: bytes, method: pikepdf.Name) -> bytes:
    """A hybrid whose embedded file is packed like this."""
    whole = pdf(("factur-x.xml", b"<a/>"))
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(whole)) as document:
        stored = document.attachments["factur-x.xml"].get_file().obj
        stored.write(packed, filter=method)
        document.save(made, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return made.getvalue()
