"""Embedded files: whatever a PDF carries, wherever in it a file is named, unpacked within bounds.

ISO 32000 lets files hang on the document, its pages and annotations, on any other object (`AF`), and in a
tree of names whose keys mean nothing. So every object that can be reached is looked at, and what is a file is
told by its specification (`EF`, 7.11.3) or by the type of its stream.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import pikepdf

from mlconnector.formats.document_names import LARGEST

# A tagged document of a thousand pages has some hundred thousand objects.
MOST_OBJECTS = 1_000_000
HEAD = 64 * 1024
# libqpdf unpacks tables of objects by itself; without bounds some bytes could fill the memory.
_UNPACKED = 8 * LARGEST
pikepdf.settings.set_qpdf_limits(
    flate_max_memory=_UNPACKED,
    png_max_memory=_UNPACKED,
    tiff_max_memory=_UNPACKED,
    run_length_max_memory=_UNPACKED,
)
_CONTAINERS = (pikepdf.Dictionary, pikepdf.Array, pikepdf.Stream)
_MARKS = (b"/EF", b"/EmbeddedFile")
_REFERENCE = re.compile(rb"(\d+) (\d+) R\b")


class TooLarge(Exception):
    """A PDF has more in it than is looked through; the text says how much that is."""


class Packed(Exception):
    """The content of an embedded file cannot be had; the text says why."""


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A file in a PDF by the name of its specification, which may be empty.

    `stream` is None where the PDF names a file that is not in it, or is so damaged that it cannot be found.
    """

    name: str
    stream: pikepdf.Stream | None

    def head(self) -> bytes:
        """Its first 64 kB. Raises Packed."""
        return _unpacked(self.stream, HEAD)

    def content(self) -> bytes:
        """All of it, or one byte more than DATEV takes. Raises Packed."""
        return _unpacked(self.stream, LARGEST + 1)


def embedded_files(pdf: pikepdf.Pdf) -> list[EmbeddedFile]:
    """Every file that a PDF carries, each stream once. Raises TooLarge."""
    found: dict[object, EmbeddedFile] = {}
    for one in _with_files(pdf):
        for part in _parts(one):
            for file in _files_of(part):
                place = file.name if file.stream is None else file.stream.objgen
                if file.name or place not in found:
                    found[place] = file
    if any("limit exceeded" in warning for warning in pdf.get_warnings()):
        # What it would have unpacked to was left out without a word.
        raise TooLarge(f"tables of more than {_UNPACKED} bytes")
    return list(found.values())


def _with_files(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    """The objects that speak of files, as far as they can be reached: what was deleted may still be there."""
    speaking = []
    for number, one in enumerate(pdf.objects):
        if number == MOST_OBJECTS:
            raise TooLarge(f"more than {MOST_OBJECTS} objects")
        # Written out, an object is looked through far faster than part by part.
        if isinstance(one, _CONTAINERS) and any(mark in _written(one) for mark in _MARKS):
            speaking.append(one)
    reached = _reachable(pdf) if speaking else frozenset()
    return [one for one in speaking if one.objgen in reached]


def _reachable(pdf: pikepdf.Pdf) -> Collection[tuple[int, int]]:
    refers = {
        one.objgen: [(int(number), int(turn)) for number, turn in _REFERENCE.findall(_written(one))]
        for one in pdf.objects
        if isinstance(one, _CONTAINERS)
    }
    reached: set[tuple[int, int]] = set()
    left = [pdf.Root.objgen]
    while left:
        one = left.pop()
        if one not in reached:
            reached.add(one)
            left += refers.get(one, ())
    return reached


def _written(one: pikepdf.Object) -> bytes:
    return (one.stream_dict if isinstance(one, pikepdf.Stream) else one).unparse(resolved=True)


def _parts(one: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """An object and the dictionaries that stand in it, but not those that it refers to."""
    left = [one]
    while left:
        part = left.pop()
        yield part
        values = part if isinstance(part, pikepdf.Array) else (value for _, value in part.items())
        left += [value for value in values if isinstance(value, _CONTAINERS) and not value.is_indirect]


def _files_of(one: pikepdf.Object) -> Iterator[EmbeddedFile]:
    if isinstance(one, pikepdf.Stream) and one.get("/Type") == pikepdf.Name.EmbeddedFile:
        yield EmbeddedFile("", one)
    files = one.get("/EF") if isinstance(one, pikepdf.Dictionary) else None
    if isinstance(files, pikepdf.Dictionary):
        name = next((_text(one[key]) for key in ("/UF", "/F", "/Unix", "/DOS", "/Mac") if key in one), "")
        streams = [stream for _, stream in files.items() if isinstance(stream, pikepdf.Stream)]
        yield from (EmbeddedFile(name, stream) for stream in streams)
        if not streams:
            yield EmbeddedFile(name, None)


def _unpacked(stream: pikepdf.Stream | None, most: int) -> bytes:
    """The first bytes of a stream, unpacked no further than that."""
    if stream is None:
        raise Packed("the PDF names it, but its content is missing or damaged")
    raw = stream.read_raw_bytes()
    filters = _filters(stream)
    for place, name in enumerate(filters, start=1):
        unpack = _UNPACK.get(name)
        if unpack is None:
            raise Packed(f"packed as {name.removeprefix('/')}, which no e-invoice needs")
        raw = unpack(raw, most if place == len(filters) else LARGEST + 1)
    return raw[:most]


def _filters(stream: pikepdf.Stream) -> list[str]:
    filters = stream.get("/Filter")
    if filters is None:
        return []
    names = [_text(each) for each in filters] if isinstance(filters, pikepdf.Array) else [_text(filters)]
    parameters = stream.get("/DecodeParms", None)
    several = parameters if isinstance(parameters, pikepdf.Array) else [parameters]
    if any(isinstance(each, pikepdf.Dictionary) and each.get("/Predictor", 1) != 1 for each in several):
        raise Packed("packed with a predictor, which no e-invoice needs")
    # What is encrypted was decrypted when the PDF was opened.
    return [name for name in names if name != "/Crypt"]


def _text(written: object) -> str:
    """A text or a name; bytes of a name that are no UTF-8 stay escaped."""
    return written.unparse().decode() if isinstance(written, pikepdf.Name) else str(written)


def _inflated(raw: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw, most)
    except zlib.error as error:
        raise Packed(str(error)) from error


def _from_hexadecimal(raw: bytes, _: int) -> bytes:
    digits = b"".join(raw.partition(b">")[0].split())
    try:
        return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
    except binascii.Error as error:
        raise Packed(str(error)) from error


def _from_base_85(raw: bytes, _: int) -> bytes:
    try:
        return base64.a85decode(raw.partition(b"~>")[0])
    except ValueError as error:
        raise Packed(str(error)) from error


_UNPACK: dict[str, Callable[[bytes, int], bytes]] = {
    "/FlateDecode": _inflated,
    "/Fl": _inflated,
    "/ASCIIHexDecode": _from_hexadecimal,
    "/AHx": _from_hexadecimal,
    "/ASCII85Decode": _from_base_85,
    "/A85": _from_base_85,
}
