"""Whatever a PDF carries is found, wherever in it the file is named, and unpacked only within bounds."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from mlconnector.formats.document_names import LARGEST
from mlconnector.formats.einvoice import embedded
from mlconnector.formats.einvoice.embedded import embedded_files
from mlconnector.formats.einvoice.examination import examine
from mlconnector.formats.einvoice.files import check_file
from tests.formats.einvoice.builders import xml

CII = xml()


def specification(pdf: Pdf, name: str = "factur-x.xml", content: bytes = CII) -> pikepdf.Object:
    stored = pdf.make_indirect(Stream(pdf, content, Type=Name.EmbeddedFile, Subtype=Name("/text/xml")))
    made = Dictionary(Type=Name.Filespec, F=String(name), UF=String(name), EF=Dictionary(F=stored))
    return pdf.make_indirect(made)


def tree(*pairs: object) -> Dictionary:
    return Dictionary(EmbeddedFiles=Dictionary(Names=Array(list(pairs))))


def in_tree_under_an_odd_key(pdf: Pdf) -> None:
    pdf.Root.Names = tree(String("\x00\xff 1"), specification(pdf))


def in_tree_under_a_key_of_another_file(pdf: Pdf) -> None:
    pdf.Root.Names = tree(String("AGB.pdf"), specification(pdf))


def deep_in_the_tree(pdf: Pdf) -> None:
    leaf = Dictionary(Limits=Array([String("a"), String("b")]), Names=tree(String("a"), specification(pdf)))
    leaf.Names = Array([String("a"), specification(pdf)])
    kids = Dictionary(Kids=Array([pdf.make_indirect(Dictionary(Kids=Array([pdf.make_indirect(leaf)])))]))
    pdf.Root.Names = Dictionary(EmbeddedFiles=kids)


def among_the_associated_files(pdf: Pdf) -> None:
    pdf.Root.AF = Array([specification(pdf)])


def written_out_among_the_associated_files(pdf: Pdf) -> None:
    made = specification(pdf)
    pdf.Root.AF = Array([Dictionary(Type=Name.Filespec, F=made.F, EF=made.EF)])


def at_a_page(pdf: Pdf) -> None:
    pdf.pages[0].obj.AF = Array([specification(pdf)])


def in_an_annotation(pdf: Pdf) -> None:
    pin = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=Array([0, 0, 9, 9]))
    pin.FS = specification(pdf)
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(pin)])


def without_unicode_name(pdf: Pdf) -> None:
    made = specification(pdf)
    del made["/UF"]
    pdf.Root.AF = Array([made])


def without_any_name(pdf: Pdf) -> None:
    made = specification(pdf)
    del made["/UF"], made["/F"]
    pdf.Root.AF = Array([made])


def with_the_unicode_stream_alone(pdf: Pdf) -> None:
    made = specification(pdf)
    made.EF = Dictionary(UF=made.EF.F)
    pdf.Root.AF = Array([made])


def as_a_stream_without_type(pdf: Pdf) -> None:
    made = specification(pdf)
    del made.EF.F["/Type"]
    pdf.Root.AF = Array([made])


def as_a_stream_without_specification(pdf: Pdf) -> None:
    pdf.Root.Names = tree(String("a"), specification(pdf).EF.F)


def named_like_anything(pdf: Pdf) -> None:
    pdf.Root.AF = Array([specification(pdf, "Anlage 1 (final).txt")])


PLACES: list[Callable[[Pdf], None]] = [
    in_tree_under_an_odd_key,
    in_tree_under_a_key_of_another_file,
    deep_in_the_tree,
    among_the_associated_files,
    written_out_among_the_associated_files,
    at_a_page,
    in_an_annotation,
    without_unicode_name,
    without_any_name,
    with_the_unicode_stream_alone,
    as_a_stream_without_type,
    as_a_stream_without_specification,
    named_like_anything,
]


def made(place: Callable[[Pdf], None], **how: Any) -> bytes:
    written = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        place(pdf)
        pdf.save(written, deterministic_id=True, **how)
    return written.getvalue()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("packed", [False, True])
def test_an_einvoice_is_found_wherever_it_hangs(place: Callable[[Pdf], None], packed: bool) -> None:
    mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
    found = examine(made(place, compress_streams=packed, object_stream_mode=mode), rules=False)
    assert found.form == "hybrid"
    assert found.invoice is not None
    assert found.invoice.number == "RE-2026-0042"


def test_a_file_that_was_taken_out_again_is_not_found() -> None:
    """An incremental save leaves the object where it was; nothing refers to it any more."""
    whole = made(among_the_associated_files, compress_streams=False)
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        catalogue = pdf.Root.objgen[0]
    place = len(whole) + 1
    root = b"%d 0 obj << /Type /Catalog /Pages %d 0 R >> endobj\n"
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        pages, size = pdf.Root.Pages.objgen[0], int(pdf.trailer.Size)
    before = int(whole.rpartition(b"startxref\n")[2].split()[0])
    added = root % (catalogue, pages)
    table = (
        b"xref\n%d 1\n%010d 00000 n \ntrailer << /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    )
    rest = table % (catalogue, place, size, catalogue, before, place + len(added))
    later = whole + b"\n" + added + rest
    with pikepdf.open(io.BytesIO(later)) as pdf:
        assert len(list(pdf.objects)) > 4
        assert embedded_files(pdf) == []
    assert examine(later, rules=False).form == "none"


def test_a_file_that_is_named_in_several_places_is_found_once() -> None:
    def twice(pdf: Pdf) -> None:
        one = specification(pdf)
        pdf.Root.AF = Array([one])
        pdf.Root.Names = tree(String("x"), one)

    with pikepdf.open(io.BytesIO(made(twice))) as pdf:
        assert [file.name for file in embedded_files(pdf)] == ["factur-x.xml"]


def packed(content: bytes, *filters: pikepdf.Object) -> Callable[[Pdf], None]:
    def place(pdf: Pdf) -> None:
        one = specification(pdf, content=b"")
        one.EF.F.write(content, filter=Array(list(filters)))
        pdf.Root.AF = Array([one])

    return place


RAW: dict[str, Any] = {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.none}


@pytest.mark.parametrize(
    ("content", "filters"),
    [
        (zlib.compress(CII), (Name.FlateDecode,)),
        (base64.a85encode(CII) + b"~>", (Name.ASCII85Decode,)),
        (CII.hex().encode() + b">", (Name.ASCIIHexDecode,)),
        (base64.a85encode(zlib.compress(CII)) + b"~>", (Name.ASCII85Decode, Name.FlateDecode)),
    ],
)
def test_every_usual_way_of_packing_is_unpacked(content: bytes, filters: tuple[pikepdf.Object, ...]) -> None:
    assert examine(made(packed(content, *filters), **RAW), rules=False).invoice is not None


class TestHostileFiles:
    def test_a_stream_that_says_another_size_than_it_has_is_read_by_what_it_has(self) -> None:
        def liar(pdf: Pdf) -> None:
            one = specification(pdf)
            one.EF.F.Params = Dictionary(Size=10**15)
            pdf.Root.AF = Array([one])

        assert examine(made(liar), rules=False).invoice is not None

    def test_a_stream_whose_length_is_a_lie_goes_no_further_than_a_finding(self) -> None:
        whole = made(among_the_associated_files, compress_streams=False)
        lying = whole.replace(b"/Length %d" % len(CII), b"/Length 9999")
        assert lying != whole
        (finding,) = examine(lying, rules=False).fatal
        assert finding.text == "factur-x.xml: the PDF names it, but its content is missing or damaged"

    def test_bombs_within_bombs_are_unpacked_no_further_than_an_einvoice_may_be_large(self) -> None:
        inner = zlib.compress(b"<a>" + b" " * (4 * LARGEST), 9)
        bomb = made(packed(zlib.compress(inner, 9), Name.FlateDecode, Name.FlateDecode), **RAW)
        (finding,) = examine(bomb, rules=False).fatal
        assert str(LARGEST) in finding.text

    def test_a_filter_that_may_grow_without_bounds_is_not_applied_and_that_is_said(self) -> None:
        found = examine(made(packed(b"\x80", Name.LZWDecode), **RAW), rules=False)
        assert "LZWDecode" in found.fatal[0].text

    @pytest.mark.parametrize("where", ["file", "table of objects"])
    def test_a_bomb_does_not_fill_the_memory(self, where: str, tmp_path: Path) -> None:
        packing = zlib.compressobj(1)
        parts = [packing.compress(b"5 0 << /A 1 >>".ljust(_MEGABYTE)), *_spaces(packing), packing.flush()]
        bomb = b"".join(parts)
        assert len(bomb) < LARGEST
        file = tmp_path / "bomb.pdf"
        in_file = where == "file"
        file.write_bytes(made(packed(bomb, Name.FlateDecode), **RAW) if in_file else _with_table(bomb))
        asked = [sys.executable, "-c", _EXAMINED, str(file)]
        answer = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        kilobytes, _, said = answer.partition(" ")
        assert int(kilobytes) < 500 * 1024
        assert said.strip() == (
            f"more than {LARGEST} bytes" if in_file else "tables of more than 167772160 bytes"
        )

    def test_ten_thousand_files_are_looked_at(self) -> None:
        def crowd(pdf: Pdf) -> None:
            noise = [specification(pdf, f"{number}.xml", b"<note/>") for number in range(10_000)]
            pdf.Root.AF = Array([*noise, specification(pdf)])

        assert examine(made(crowd), rules=False).invoice is not None

    def test_of_many_different_invoices_no_more_are_read_than_tell_that_there_are_many(self) -> None:
        def crowd(pdf: Pdf) -> None:
            pdf.Root.AF = Array([specification(pdf, f"{n}.xml", xml(BT_1=str(n))) for n in range(30)])

        assert len(examine(made(crowd), rules=False).several) == 6

    def test_more_objects_than_are_looked_through_are_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(embedded, "MOST_OBJECTS", 3)
        checked = check_file("a.pdf", "", made(among_the_associated_files), ["pdf"], rules=False)
        assert checked.problem is not None
        assert checked.problem.key == "document_not_examined"
        assert checked.problem.facts == {"file_name": "a.pdf", "reason": "more than 3 objects"}

    def test_a_filter_whose_name_is_no_text_is_not_applied(self) -> None:
        whole = made(packed(b"x", Name("/Flat")), **RAW)
        found = examine(whole.replace(b"/Flat", b"/Fl\xff\xfe"), rules=False)
        assert "Fl#ff#fe" in found.fatal[0].text

    @settings(max_examples=150, deadline=None)
    @given(place=st.sampled_from(PLACES), at=st.integers(0, 5000), noise=st.binary(min_size=1, max_size=8))
    def test_no_damage_goes_beyond_a_finding(
        self, place: Callable[[Pdf], None], at: int, noise: bytes
    ) -> None:
        whole = made(place, compress_streams=False)
        at %= len(whole)
        found = examine(whole[:at] + noise + whole[at + len(noise) :], rules=False)
        assert found.form == "none" or found.invoice is not None or found.fatal

    def test_specifications_that_are_none_name_no_file(self) -> None:
        def nonsense(pdf: Pdf) -> None:
            pdf.Root.AF = Array(
                [
                    Dictionary(EF=String("x")),
                    Dictionary(EF=Dictionary(F=Dictionary())),
                    Array([Array([Name.EF]), String("/EF")]),
                    pdf.make_indirect(Name.EF),
                ]
            )

        assert examine(made(nonsense), rules=False).form == "none"

    def test_xml_that_is_nested_too_deep_is_said(self) -> None:
        deep = CII.replace(b"</ram:Name>", b"<a>" * 3000 + b"</a>" * 3000 + b"</ram:Name>", 1)

        def place(pdf: Pdf) -> None:
            pdf.Root.AF = Array([specification(pdf, content=deep)])

        for content in (deep, made(place)):
            found = examine(content, rules=False)
            assert found.is_einvoice
            assert "depth" in found.fatal[0].text


_MEGABYTE = 2**20
_EXAMINED = """
import re, sys
from pathlib import Path
from mlconnector.formats.einvoice.examination import examine
found = examine(Path(sys.argv[1]).read_bytes(), rules=False)
said = found.unseen or found.fatal[0].text.removeprefix("factur-x.xml: ").removesuffix(" of XML")
print(re.search("VmHWM:(.*)kB", Path("/proc/self/status").read_text())[1].strip(), said)
"""


def _spaces(packing: Any) -> Iterator[bytes]:
    """Six hundred megabytes of nothing."""
    for _ in range(600):
        yield packing.compress(b" " * _MEGABYTE)


def _with_table(packed: bytes) -> bytes:
    """A PDF whose object 5 stands in a table of objects with this content (ISO 32000, 7.5.7)."""
    made = b"%PDF-1.5\n"
    places = []
    for number, text in enumerate(
        (
            b"<< /Type /Catalog /Pages 2 0 R /X 5 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
            b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >> stream\n" % len(packed)
            + packed
            + b"\nendstream",
        ),
        start=1,
    ):
        places.append(len(made))
        made += b"%d 0 obj " % number + text + b" endobj\n"
    rows = [(0, 0, 255), *((1, place, 0) for place in places), (2, 4, 0), (1, len(made), 0)]
    table = b"".join(bytes([kind]) + place.to_bytes(4) + bytes([turn]) for kind, place, turn in rows)
    head = b"6 0 obj << /Type /XRef /Size 7 /W [1 4 1] /Root 1 0 R /Length %d >> stream\n" % len(table)
    return made + head + table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF" % len(made)
