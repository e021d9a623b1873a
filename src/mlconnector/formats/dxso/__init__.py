"""DXSO (XML-Schnittstelle online): booking suggestions as ledger files, in packages, and their checks."""

from mlconnector.formats.dxso.check_document import Known
from mlconnector.formats.dxso.check_ledger import Books
from mlconnector.formats.dxso.checker import check_package, is_sendable
from mlconnector.formats.dxso.eligible import Allowed, not_for_dxso
from mlconnector.formats.dxso.ledger import LedgerFile, NotForDxso, ledger_file
from mlconnector.formats.dxso.package import (
    Image,
    Package,
    PackedDocument,
    Unreadable,
    concerned,
    document_file,
    freeze,
    image_guid,
    image_of,
    package_of,
    packed,
    thaw,
)
from mlconnector.formats.dxso.rules import Finding, found, rules
from mlconnector.formats.dxso.schemas import BadSchema, SchemaFault, validate_with
from mlconnector.formats.dxso.split import MAX_BYTES, MAX_DOCUMENTS, Job, TooLarge, limit, split
from mlconnector.formats.dxso.structure import MANAGEMENT_FILE

__all__ = [
    "MANAGEMENT_FILE",
    "MAX_BYTES",
    "MAX_DOCUMENTS",
    "Allowed",
    "BadSchema",
    "Books",
    "Finding",
    "Image",
    "Job",
    "Known",
    "LedgerFile",
    "NotForDxso",
    "Package",
    "PackedDocument",
    "SchemaFault",
    "TooLarge",
    "Unreadable",
    "check_package",
    "concerned",
    "document_file",
    "found",
    "freeze",
    "image_guid",
    "image_of",
    "is_sendable",
    "ledger_file",
    "limit",
    "not_for_dxso",
    "package_of",
    "packed",
    "rules",
    "split",
    "thaw",
    "validate_with",
]
