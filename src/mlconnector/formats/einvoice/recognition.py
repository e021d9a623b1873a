"""Recognition: whether a file is an e-invoice, by its bytes alone, whatever its name says.

The XML of a hybrid is taken out with a bound on its size, and no XML is parsed that has a document type
declaration: it could make a reader fetch files or fill its memory.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from xml.parsers import expat

import pikepdf
from lxml import etree

from mlconnector.formats.document_check import xml_fault
from mlconnector.formats.document_names import LARGEST
from mlconnector.formats.einvoice.embedded import HEAD, EmbeddedFile, Packed, embedded_files
from mlconnector.formats.einvoice.invoice import Form

CII = "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice"
UBL_INVOICE = "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice"
UBL_CREDIT_NOTE = "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote"
_ZUGFERD_1 = "{urn:ferd:CrossIndustryDocument:invoice:1p0}CrossIndustryDocument"
_CURRENT = frozenset({CII, UBL_INVOICE, UBL_CREDIT_NOTE})

# File names that Factur-X 1.0, ZUGFeRD 2 and XRechnung in hybrids prescribe, best first.
_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
_PDF_MARK_WITHIN = 1024
# Beyond that they are no longer told apart.
_MOST_EINVOICES = 5
_MARKS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\x00", b"\xfe\xff\x00<", b"<\x00", b"\x00<")


class Unreadable(Exception):
    """A file that claims to be an e-invoice cannot be read; the text says why."""


class Several(Exception):
    """A PDF has several e-invoices that are not the same."""

    def __init__(self, found: tuple[Recognised, ...]) -> None:
        super().__init__(f"{len(found)} e-invoices")
        self.found = found


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is; `root` is the XML where it is an e-invoice, `name` that of the embedded file."""

    form: Form
    root: etree._Element | None = None
    name: str = ""


def recognised(content: bytes) -> Recognised:
    """What a file is.

    Raises Unreadable for an e-invoice that cannot be read or taken out of its PDF, Several for a PDF with
    more than one, TooLarge for one that has too much in it.
    """
    if is_pdf(content):
        return _in_pdf(content)
    if not _looks_like_xml(content):
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
    """Whether a file is a PDF; an e-invoice may say `%PDF-` too."""
    marked = b"%PDF-" in content[:_PDF_MARK_WITHIN]
    return marked and not (_looks_like_xml(content) and _root_name(content) in _CURRENT)


def _looks_like_xml(content: bytes) -> bool:
    return content[:256].lstrip().startswith(_MARKS)


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


class _Found(Exception):
    """The name of an element was read, and nothing more is wanted."""


def _root_name(xml: bytes) -> str:
    """The name of the first element of XML that perhaps cannot be read as a whole."""
    names: list[str] = []

    def first(name: str, _: object) -> None:
        names.append(name)
        raise _Found

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = first
    # What stands before a fault tells enough.
    with suppress(_Found, expat.ExpatError, ValueError, LookupError):
        parser.Parse(xml[:HEAD], False)
    return "{" + names[0] if names else ""


def _form_of(root: etree._Element, as_file: Form) -> Form:
    if root.tag in _CURRENT:
        return as_file
    return "zugferd_1" if root.tag == _ZUGFERD_1 else "none"


def _in_pdf(content: bytes) -> Recognised:
    try:
        with pikepdf.open(io.BytesIO(content), attempt_recovery=False, suppress_warnings=True) as pdf:
            return _einvoice_of(sorted(embedded_files(pdf), key=_rank))
    except pikepdf.PikepdfError:
        # Whether a PDF may be filed at all is decided elsewhere, also that of one with a password.
        return Recognised("none")


def _rank(file: EmbeddedFile) -> tuple[int, str, tuple[int, int]]:
    low = file.name.lower()
    place = (0, 0) if file.stream is None else file.stream.objgen
    return (_NAMES.index(low) if low in _NAMES else len(_NAMES), low, place)


def _einvoice_of(files: list[EmbeddedFile]) -> Recognised:
    """The e-invoice among the embedded files; the same one twice counts once."""
    found: dict[bytes, Recognised] = {}
    for file in files:
        root = _tree_of(file)
        form = "none" if root is None else _form_of(root, "hybrid")
        if root is not None and form != "none":
            written = etree.tostring(root)
            found.setdefault(written, Recognised(form, root if form == "hybrid" else None, file.name))
        if len(found) > _MOST_EINVOICES:
            break
    current = [one for one in found.values() if one.form == "hybrid"]
    if len(current) > 1:
        raise Several(tuple(current))
    return next(iter((*current, *found.values())), Recognised("none"))


def _tree_of(file: EmbeddedFile) -> etree._Element | None:
    """The XML of a file that may be an e-invoice. Raises Unreadable where it claims to be one and is not."""
    claims = file.name.lower() in _NAMES
    try:
        head = file.head()
        first = _root_name(head) if _looks_like_xml(head) else ""
        claims = claims or first in {*_CURRENT, _ZUGFERD_1}
        # A head without any element may be one long comment.
        if not claims and (first or len(head) < HEAD or not _looks_like_xml(head)):
            return None
        return safe_tree(file.content())
    except (Packed, Unreadable) as error:
        unseen = isinstance(error, Packed) and file.name.lower().endswith(".xml")
        if claims or unseen:
            raise Unreadable(f"{file.name}: {error}") from error
        return None
