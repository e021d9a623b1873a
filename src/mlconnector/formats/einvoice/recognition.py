"""Recognition: whether a file is an e-invoice, by its bytes alone, whatever its name says.

The XML of a hybrid is taken out with a bound on its size, and no XML is parsed that has a document type
declaration: it could make a reader fetch files or fill its memory.
"""

from __future__ import annotations

import io
import zlib
from contextlib import suppress
from dataclasses import dataclass
from xml.parsers import expat

import pikepdf
from lxml import etree

from mlconnector.formats.document_check import LARGEST, xml_fault
from mlconnector.formats.einvoice.invoice import Form

CII = "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice"
UBL_INVOICE = "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice"
UBL_CREDIT_NOTE = "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote"
_ZUGFERD_1 = "{urn:ferd:CrossIndustryDocument:invoice:1p0}CrossIndustryDocument"
_CURRENT = frozenset({CII, UBL_INVOICE, UBL_CREDIT_NOTE})

# File names that Factur-X 1.0, ZUGFeRD 2 and XRechnung in hybrids prescribe, best first.
_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
_PDF_MARK_WITHIN = 1024
_HEAD = 64 * 1024
_MARKS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\x00", b"\xfe\xff\x00<", b"<\x00", b"\x00<")


class Unreadable(Exception):
    """A file that claims to be an e-invoice cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is; `root` is the XML where it is an e-invoice, `name` that of the embedded file."""

    form: Form
    root: etree._Element | None = None
    name: str = ""


def recognised(content: bytes) -> Recognised:
    """What a file is. Raises Unreadable for an e-invoice that cannot be read or taken out of its PDF."""
    if is_pdf(content):
        return _in_pdf(content)
    if not content[:256].lstrip().startswith(_MARKS):
        return Recognised("none")
    try:
        root = safe_tree(content)
    except Unreadable:
        if _root_name(content) in _CURRENT:
            raise
        return Recognised("none")
    form = _form_of(root, "xml")
    return Recognised(form, root if form == "xml" else None)


def is_pdf(content: bytes) -> bool:
    """Whether a file is a PDF."""
    return b"%PDF-" in content[:_PDF_MARK_WITHIN]


def safe_tree(xml: bytes) -> etree._Element:
    """The root of an XML document without entities, network or huge trees. Raises Unreadable."""
    if len(xml) > LARGEST:
        raise Unreadable(f"more than {LARGEST} bytes of XML")
    fault = xml_fault(xml)
    if fault is not None:
        raise Unreadable(fault)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(str(error)) from error


def _root_name(xml: bytes) -> str:
    """The name of the first element of XML that cannot be read as a whole."""
    names: list[str] = []
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = lambda name, _: names.append(name)
    # What stands before the fault tells enough, and that there is one is known already.
    with suppress(expat.ExpatError, ValueError, LookupError):
        parser.Parse(xml[:_HEAD], False)
    return "{" + names[0] if names else ""


def _form_of(root: etree._Element, as_file: Form) -> Form:
    if root.tag in _CURRENT:
        return as_file
    return "zugferd_1" if root.tag == _ZUGFERD_1 else "none"


def _in_pdf(content: bytes) -> Recognised:
    try:
        with pikepdf.open(io.BytesIO(content), attempt_recovery=False, suppress_warnings=True) as pdf:
            return _first_einvoice(sorted(_embedded(pdf), key=lambda item: _rank(item[0])))
    except pikepdf.PdfError:
        # Whether a PDF may be filed at all is decided elsewhere; an e-invoice it is not.
        return Recognised("none")


def _embedded(pdf: pikepdf.Pdf) -> list[tuple[str, pikepdf.Object]]:
    """The embedded files by name; none where their table is damaged."""
    try:
        return [(name, specification.get_file().obj) for name, specification in pdf.attachments.items()]
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError):
        return []


def _rank(name: str) -> tuple[int, str]:
    low = name.lower()
    return (_NAMES.index(low) if low in _NAMES else len(_NAMES), low)


def _first_einvoice(files: list[tuple[str, pikepdf.Object]]) -> Recognised:
    for name, stream in files:
        prescribed = name.lower() in _NAMES
        if not prescribed and not name.lower().endswith(".xml"):
            continue
        try:
            root = safe_tree(_bytes_of(stream))
        except Unreadable as error:
            if prescribed:
                raise Unreadable(f"{name}: {error}") from error
            continue
        form = _form_of(root, "hybrid")
        if form != "none":
            return Recognised(form, root if form == "hybrid" else None, name)
    return Recognised("none")


def _bytes_of(stream: pikepdf.Object) -> bytes:
    """The bytes of an embedded file, unpacked no further than an e-invoice may be large."""
    if not isinstance(stream, pikepdf.Stream):
        raise Unreadable("the embedded file has no content")
    filters = stream.get("/Filter")
    raw = stream.read_raw_bytes()
    if filters is None:
        return raw
    names = [str(each) for each in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    if names != ["/FlateDecode"] or "/DecodeParms" in stream:
        raise Unreadable(f"packed as {' '.join(names)}, which no e-invoice needs")
    unpacking = zlib.decompressobj()
    try:
        xml = unpacking.decompress(raw, LARGEST + 1)
    except zlib.error as error:
        raise Unreadable(str(error)) from error
    return xml
