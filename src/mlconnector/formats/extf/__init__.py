"""EXTF (DATEV-Format): write, read, split and check Buchungsstapel and Debitoren/Kreditoren."""

from mlconnector.formats.extf.checker import check
from mlconnector.formats.extf.client import ChartAccount, ClientSettings
from mlconnector.formats.extf.dictionary import (
    BOOKINGS,
    MASTER_DATA,
    Category,
    Field,
    accepted_versions,
    category,
    format_name,
    header_fields,
)
from mlconnector.formats.extf.facts import HeaderFacts, facts_of
from mlconnector.formats.extf.header import BadHeader, Header, first_day, parse_header
from mlconnector.formats.extf.parties import PartyRow, fitted, owned, person_row
from mlconnector.formats.extf.reader import ExtfFile, ParsedRow, Preamble, Unreadable, read
from mlconnector.formats.extf.rows import (
    BookingRows,
    DueDate,
    NotBookable,
    Reversed,
    Row,
    TaxPeriod,
    Value,
    booking_rows,
    is_marked,
)
from mlconnector.formats.extf.rules import (
    REJECTED,
    SEVERITY_NAMES,
    Finding,
    Route,
    Rule,
    RuleText,
    Severity,
    rule_page,
    rules,
)
from mlconnector.formats.extf.sarif import sarif
from mlconnector.formats.extf.split import MAX_BYTES, MAX_ROWS, Period, TooLarge, limit, split
from mlconnector.formats.extf.text import Change, Encoding, document_field, label_field
from mlconnector.formats.extf.writer import Unwritable, Written, write

__all__ = [
    "BOOKINGS",
    "MASTER_DATA",
    "MAX_BYTES",
    "MAX_ROWS",
    "REJECTED",
    "SEVERITY_NAMES",
    "BadHeader",
    "BookingRows",
    "Category",
    "Change",
    "ChartAccount",
    "ClientSettings",
    "DueDate",
    "Encoding",
    "ExtfFile",
    "Field",
    "Finding",
    "Header",
    "HeaderFacts",
    "NotBookable",
    "ParsedRow",
    "PartyRow",
    "Period",
    "Preamble",
    "Reversed",
    "Route",
    "Row",
    "Rule",
    "RuleText",
    "Severity",
    "TaxPeriod",
    "TooLarge",
    "Unreadable",
    "Unwritable",
    "Value",
    "Written",
    "accepted_versions",
    "booking_rows",
    "category",
    "check",
    "document_field",
    "facts_of",
    "first_day",
    "fitted",
    "format_name",
    "header_fields",
    "is_marked",
    "label_field",
    "limit",
    "owned",
    "parse_header",
    "person_row",
    "read",
    "rule_page",
    "rules",
    "sarif",
    "split",
    "write",
]
