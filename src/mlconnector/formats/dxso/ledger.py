"""One entry as one ledger file (Belegsatzdatendatei, LedgerImport v060): its rows and their exact sums."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.formats.dxso import xml
from mlconnector.formats.dxso.eligible import EVERYTHING_KNOWN, Allowed, not_for_dxso
from mlconnector.formats.dxso.rows import RowValues, rows_of
from mlconnector.formats.dxso.rules import Finding
from mlconnector.formats.dxso.structure import (
    LEDGER_NAMESPACE,
    ROW_ELEMENTS,
    VERSION,
    XML_DATA,
    items,
)
from mlconnector.formats.extf.text import Change, clean
from mlconnector.model.entries import Entry, Ledger
from mlconnector.model.money import ZERO

GENERATING_SYSTEM = "ml-connector"
SCHEMA = "Belegverwaltung_online_ledger_import_v060.xsd"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
_DIGEST_LENGTH = 8


class NotForDxso(ValueError):
    """An entry that DXSO cannot carry; `reasons` says why."""

    def __init__(self, content_key: str, reasons: tuple[Finding, ...]) -> None:
        super().__init__(f"{content_key}: {', '.join(sorted({reason.rule for reason in reasons}))}")
        self.content_key = content_key
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """The ledger file of one entry: its name, its bytes, and what was changed on the way.

    `month` is `YYYY-MM`; `number` is the invoice number as written, which becomes Belegfeld 1.
    """

    content_key: str
    ledger: Ledger
    month: str
    number: str
    name: str
    content: bytes
    rows: int
    changes: tuple[Change, ...]


def ledger_file(
    entry: Entry, *, account_length: int, company: str, allowed: Allowed = EVERYTHING_KNOWN
) -> LedgerFile:
    """The entry's ledger file; raises `NotForDxso`.

    `company` is the client's name: Belege online shows it as the sender. `account_length` is the client's
    Sachkontenlänge.
    """
    reasons = not_for_dxso(entry, account_length=account_length, allowed=allowed)
    if reasons:
        raise NotForDxso(entry.content_key, reasons)
    values = rows_of(entry)
    sender, shortened = _sender(company)
    return LedgerFile(
        content_key=entry.content_key,
        ledger=entry.ledger,
        month=f"{entry.posted_on:%Y-%m}",
        number=values.number,
        name=f"{stem(values.number, entry.content_key)}.xml",
        content=_xml(entry, values, sender),
        rows=len(values.rows),
        changes=(*values.changes, *shortened),
    )


def stem(number: str, content_key: str) -> str:
    """What the files of an entry are called, without an extension: `RE-2026-0042_9f86d081`.

    Only ASCII letters, digits, `.`, `_` and `-`: DATEV replaces other characters and then misses the file.
    """
    digest = hashlib.sha256(content_key.encode()).hexdigest()[:_DIGEST_LENGTH]
    word = _NOT_IN_NAMES.sub("-", number).strip("._-") or "Beleg"
    return f"{word}_{digest}"


def _sender(company: str) -> tuple[str, tuple[Change, ...]]:
    limit = items("LedgerImport", "attribute")["generator_info"].max_length or 0
    name, changes = clean(company.strip(), "generator_info", limit, "utf-8-bom")
    return name.strip() or GENERATING_SYSTEM, changes


def _xml(entry: Entry, values: RowValues, sender: str) -> bytes:
    root = xml.root_element(
        LEDGER_NAMESPACE,
        "LedgerImport",
        SCHEMA,
        {
            "version": VERSION,
            "generator_info": sender,
            "generating_system": GENERATING_SYSTEM,
            "xml_data": XML_DATA,
        },
    )
    total = sum((Decimal(row["amount"]) for row in values.rows), ZERO)
    together = {
        "consolidatedAmount": f"{total:f}",
        "consolidatedDate": entry.posted_on.isoformat(),
        "consolidatedInvoiceId": values.number,
        "consolidatedCurrencyCode": entry.currency,
        "consolidatedDeliveryDate": values.delivery_date,
    }
    consolidate = xml.add(
        root, "consolidate", attributes={name: value for name, value in together.items() if value}
    )
    for row in values.rows:
        element = xml.add(consolidate, ROW_ELEMENTS[entry.ledger])
        for name, value in row.items():
            xml.add(element, name, value)
    return xml.written(root)
