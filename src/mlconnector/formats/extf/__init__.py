"""EXTF (DATEV-Format): write, read, split and check Buchungsstapel and Debitoren/Kreditoren."""

from mlconnector.formats.extf.checker import check
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
from mlconnector.formats.extf.header import BadHeader, Header, parse_header
from mlconnector.formats.extf.parties import PartyRow, debtor_row
from mlconnector.formats.extf.reader import ExtfFile, ParsedRow, Preamble, Unreadable, read, read_rows
from mlconnector.formats.extf.rows import BookingRows, NotBookable, Row, TaxPeriod, Value, booking_rows
from mlconnector.formats.extf.rules import Finding, Rule, RuleText, Severity, rules
from mlconnector.formats.extf.split import MAX_BYTES, MAX_ROWS, Period, TooLarge, limit, split
from mlconnector.formats.extf.text import Change, Encoding, collisions, document_field, label_field
from mlconnector.formats.extf.writer import Unwritable, Written, write, write_parsed

__all__ = [
    "BOOKINGS",
    "MASTER_DATA",
    "MAX_BYTES",
    "MAX_ROWS",
    "BadHeader",
    "BookingRows",
    "Category",
    "Change",
    "Encoding",
    "ExtfFile",
    "Field",
    "Finding",
    "Header",
    "NotBookable",
    "ParsedRow",
    "PartyRow",
    "Period",
    "Preamble",
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
    "collisions",
    "debtor_row",
    "document_field",
    "format_name",
    "header_fields",
    "label_field",
    "limit",
    "parse_header",
    "read",
    "read_rows",
    "rules",
    "split",
    "write",
    "write_parsed",
]
