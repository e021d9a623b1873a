import io
import logging
import struct
import unicodedata
from random import Random
from typing import Any
from zlib import crc32

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mlconnector.formats.document_check import inspect
from mlconnector.formats.document_names import LARGEST, document_file_name, media_type

DUO_NEXT = ["GIF", "JPEG", "JPG", "PNG", "TIF", "TIFF", "XML", "PDF"]


def image(kind: str, pages: int = 1, **more: Any) -> bytes:
    """A picture with something on it, so that it has some length in every format; always the same one."""
    first, *others = [Image.frombytes("L", (120, 80), Random(page).randbytes(9600)) for page in range(pages)]
    stream = io.BytesIO()
    first.save(stream, kind, save_all=bool(others), append_images=others, **more)
    return stream.getvalue()


PNG, JPEG, GIF = image("PNG"), image("JPEG"), image("GIF")
TIFF, PAGES = image("TIFF"), image("TIFF", pages=3, compression="tiff_lzw")


def header_of_png(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels and which has none of them."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG[:8] + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


XML = b'<?xml version="1.0" encoding="UTF-8"?><Invoice xmlns="urn:x">\xc3\xbc</Invoice>'


def pdf(password: str | None = None, owner: str = "") -> bytes:
    stream = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        locked = None if password is None else pikepdf.Encryption(owner=owner, user=password)
        made.save(stream, encryption=locked or False)
    return stream.getvalue()


PDF = pdf()


def key(name: str, content: bytes, allowed: list[str] | None = None) -> str | None:
    problem = inspect(name, "application/octet-stream", content, allowed or DUO_NEXT)
    return problem.key if problem else None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("RE-1.pdf", PDF),
        ("RE-1.PDF", PDF),
        ("RE-1.pdf", b"\n\n" + PDF),
        ("foto.png", PNG),
        ("foto.jpg", JPEG),
        ("foto.jpeg", JPEG),
        ("scan.tif", TIFF),
        ("scan.tiff", PAGES),
        ("foto.jpg", image("JPEG", progressive=True)),
        ("bild.gif", image("GIF", pages=3)),
        ("bild.gif", GIF),
        ("xrechnung.xml", XML),
        ("xrechnung.xml", b"\xef\xbb\xbf" + XML),
        ("xrechnung.xml", b"<Invoice/>"),
        ("xrechnung.xml", "<Invoice>ü</Invoice>".encode("utf-16")),
    ],
)
def test_sound_documents_of_allowed_types_may_be_filed(name: str, content: bytes) -> None:
    assert key(name, content) is None


def test_an_empty_file_is_no_document() -> None:
    assert key("RE-1.pdf", b"") == "document_empty"


def test_a_file_may_have_20_mebibytes_and_not_a_byte_more() -> None:
    body = b"<a>" + b"x" * (LARGEST - len(b"<a></a>")) + b"</a>"
    assert LARGEST == 20 * 1024 * 1024
    assert key("rechnung.xml", body) is None
    assert key("rechnung.xml", body + b" ") == "document_too_large"


@pytest.mark.parametrize("name", ["RE-1.docx", "RE-1.zip", "RE-1", "pdf", "RE-1.pdf.exe"])
def test_other_types_are_forbidden(name: str) -> None:
    assert key(name, PDF) == "document_type_forbidden"


def test_the_client_decides_which_types_are_allowed() -> None:
    assert key("xrechnung.xml", XML, [".pdf"]) == "document_type_forbidden"
    assert key("RE-1.pdf", PDF, [".pdf"]) is None
    assert key("tabelle.xlsx", b"PK\x03\x04", ["xlsx"]) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [("RE-1.pdf", PNG), ("foto.png", JPEG), ("RE-1.pdf", b"PK\x03\x04..."), ("re.xml", PDF), ("a.gif", XML)],
)
def test_content_of_another_type_than_the_name_says_is_forbidden(name: str, content: bytes) -> None:
    problem = inspect(name, "", content, DUO_NEXT)
    assert problem is not None
    assert problem.key == "document_type_forbidden"
    assert problem.facts["content"] in {"png", "jpeg", "zip", "pdf", "xml"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("RE-1.pdf", PDF[: len(PDF) // 2]),
        ("RE-1.pdf", PDF[:-30]),
        ("RE-1.pdf", PDF.replace(b"startxref", b"startxxxx")),
        ("RE-1.pdf", b"%PDF-1.7\n"),
        ("RE-1.pdf", b"<html>Anmelden</html>"),
        ("foto.png", PNG[:20]),
        ("foto.png", PNG[:-12]),
        ("foto.png", PNG[:3000] + b"x" + PNG[3001:]),
        ("foto.jpg", JPEG[: len(JPEG) // 2]),
        ("foto.jpg", JPEG[:40]),
        ("scan.tif", b"II*\x00\xff\xff\x00\x00"),
        ("scan.tif", TIFF[: len(TIFF) // 2]),
        ("scan.tif", PAGES[:-4000]),
        ("bild.gif", GIF[: len(GIF) // 2]),
        ("bild.gif", GIF[:10]),
        ("bild.gif", b"kein Bild"),
        ("xrechnung.xml", XML[:-4]),
        ("xrechnung.xml", b"<a>&nbsp;</a>"),
        ("xrechnung.xml", b'<?xml version="1.0" encoding="klingon"?><a/>'),
        ("xrechnung.xml", b'<?xml version="1.0" encoding="euc-jp"?><a/>'),
    ],
)
def test_damaged_documents_are_found_out(name: str, content: bytes) -> None:
    problem = inspect(name, "", content, DUO_NEXT)
    assert problem is not None
    assert problem.key == "document_damaged"
    assert problem.facts["reason"]


@pytest.mark.parametrize("side", [9_500, 60_000])
def test_an_image_of_too_many_pixels_is_refused_by_its_header(side: int) -> None:
    problem = inspect("foto.png", "", header_of_png(side, side), DUO_NEXT)
    assert problem is not None
    assert problem.key == "document_damaged"
    assert f"{side * side} pixels" in problem.facts["reason"]


@pytest.mark.parametrize(
    ("name", "content"), [("a.png", PNG), ("a.jpg", JPEG), ("a.tif", PAGES), ("a.gif", GIF)]
)
@given(data=st.data())
def test_no_damage_of_an_image_goes_beyond_a_problem(name: str, content: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(content) - 1))
    noise = data.draw(st.binary(min_size=1, max_size=12))
    assert key(name, content[:place] + noise + content[place + len(noise) :]) in {
        None,
        "document_damaged",
        "document_type_forbidden",
    }


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://localhost/x">%b;]><a/>',
    ],
)
def test_xml_with_a_document_type_declaration_is_refused_unread(content: bytes) -> None:
    problem = inspect("xrechnung.xml", "", content, DUO_NEXT)
    assert problem is not None
    assert problem.facts["reason"] == "document type declaration of a"


def test_a_pdf_that_asks_for_a_password_cannot_be_filed() -> None:
    assert key("RE-1.pdf", pdf(password="geheim", owner="x")) == "document_encrypted"


def test_a_pdf_that_anybody_can_open_may_be_filed_although_it_is_protected() -> None:
    assert key("RE-1.pdf", pdf(password="", owner="x")) is None


def test_a_problem_names_the_file_and_the_limits() -> None:
    problem = inspect("RE-1.docx", "application/msword", b"abc", ["pdf", "PNG"])
    assert problem is not None
    assert problem.facts["file_name"] == "RE-1.docx"
    assert problem.facts["media_type"] == "application/msword"
    assert problem.facts["allowed"] == "pdf, png"
    assert problem.facts["limit"] == str(LARGEST)


@given(st.integers(0, len(PDF) - 1), st.binary(min_size=1, max_size=12))
def test_no_damage_of_a_pdf_goes_beyond_a_problem(place: int, noise: bytes) -> None:
    assert key("RE-1.pdf", PDF[:place] + noise + PDF[place + len(noise) :]) in {
        None,
        "document_damaged",
        "document_encrypted",
        "document_type_forbidden",
    }


def test_damaged_documents_leave_nothing_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        key("RE-1.pdf", PDF.replace(b"/Type /Page", b"/Typo /Page"))
        key("RE-1.pdf", PDF[:-30])
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("RE-1.PDF", "application/pdf"),
        ("a.jpg", "image/jpeg"),
        ("a.tif", "image/tiff"),
        ("a.xml", "application/xml"),
        ("a", "application/octet-stream"),
        ("a.docx", "application/octet-stream"),
    ],
)
def test_the_media_type_goes_with_the_extension(name: str, kind: str) -> None:
    assert media_type(name) == kind


class TestFileNames:
    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("RE-2026 (1) & Co+.pdf", "RE-2026 (1) & Co+.pdf"),
            ("RE/2026:1.pdf", "RE_2026_1.pdf"),
            ("Gru\u0308n.pdf", "Grün.pdf"),
            ("3 × 4 ÷ 2.pdf", "3 _ 4 _ 2.pdf"),
            ("Ðÿ Ñ 🚀.pdf", "Ðÿ Ñ _.pdf"),
            ("“Zitat”.pdf", "_Zitat_.pdf"),
            ("  .pdf", "Beleg.pdf"),
            ("", "Beleg"),
            ("ohne Endung", "ohne Endung"),
        ],
    )
    def test_keep_only_what_datev_keeps(self, name: str, kept: str) -> None:
        assert document_file_name(name) == kept

    def test_keep_their_extension_when_they_are_shortened(self) -> None:
        kept = document_file_name("ä" * 400 + ".pdf")
        assert len(kept) == 255
        assert kept.endswith("ä.pdf")

    @given(st.text(max_size=400))
    def test_are_always_such_as_datev_takes(self, name: str) -> None:
        kept = document_file_name(name)
        assert 0 < len(kept) <= 255
        assert all(
            each in " &()+-._" or (each.isascii() and each.isalnum()) or each in "ÀÿÄßö" or "À" <= each <= "ÿ"
            for each in kept
        )
        assert not set(kept) & set("×÷")
        assert kept == unicodedata.normalize("NFC", kept) == document_file_name(kept)
