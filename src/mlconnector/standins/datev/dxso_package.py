"""What happens to the files of a dxso job once it is ready: the package is read, document by document.

Checked is what decides over a package in Belege online: the management file, the client, references to
files, the form of the ledger files, period, ledger folder, sums, and GUIDs that are there already. Accounts
that are not of the client's length are left out, and the document arrives without them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal

from mlconnector.standins.datev.clients import Client
from mlconnector.standins.datev.dxso_forms import objections
from mlconnector.standins.datev.xml_tree import Element, XmlError, parse

MANAGEMENT_FILE = "document.xml"
SUCCEEDED, FAILED, PARTIAL = 2, 3, 4
MOST_DOCUMENTS, MOST_EXTENSIONS = 4999, 50
_UNREADABLE = "Inputstream kann nicht geparst werden (Fehlernr=900):"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DOCUMENT_NAMESPACE = re.compile(r"http://xml\.datev\.de/bedi/tps/document/v0[4-6]\.0")
_LEDGERS = {
    "accountsPayableLedger": "accountsPayableLedgerImport",
    "accountsReceivableLedger": "accountsReceivableLedgerImport",
    "cashLedger": "cashLedgerImport",
}
_TYPES = {"accountsPayableLedger": "1", "accountsReceivableLedger": "2"}
_CONSOLIDATED = {
    "consolidatedDate": "date",
    "consolidatedInvoiceId": "invoiceId",
    "consolidatedCurrencyCode": "currencyCode",
    "consolidatedDeliveryDate": "deliveryDate",
    "consolidatedOrderId": "orderId",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the protocol."""

    type: Literal["information", "warning", "error"]
    text: str
    filename: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the job was created for; empty texts when it was created without parameters."""

    client: Client
    import_type: str
    accounting_month: str
    folder_names: Sequence[str]
    has_guid: Callable[[str], bool]


@dataclass(slots=True)
class Outcome:
    """How the processing ended; `documents` are those taken in, as (GUID, names of their image files)."""

    status: int
    entries: list[Entry] = field(default_factory=list)
    documents: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


def process(files: Mapping[str, bytes], expected: Expected) -> Outcome:
    """Process the files of a job."""
    try:
        archive = _archive(files, expected.client)
    except ValueError as error:
        return Outcome(FAILED, [Entry("error", str(error), MANAGEMENT_FILE)])
    content = archive.first("content")
    documents = list(content.all("document")) if content is not None else []
    if not documents:
        return Outcome(FAILED, [Entry("error", "Das Paket enthält keine Belege.", MANAGEMENT_FILE)])
    if len(documents) > MOST_DOCUMENTS:
        text = f"Das Paket enthält mehr als {MOST_DOCUMENTS} Belege."
        return Outcome(FAILED, [Entry("error", text, MANAGEMENT_FILE)])
    outcome, failed, incomplete = Outcome(SUCCEEDED), 0, 0
    for document in documents:
        guid = document.attributes.get("guid", "").lower()
        if guid and (expected.has_guid(guid) or guid in {taken for taken, _ in outcome.documents}):
            incomplete += 1
            text = "Beleg ist bereits vorhanden und wurde nicht übernommen."
            outcome.entries.append(Entry("warning", text, MANAGEMENT_FILE, f"Beleg-ID Nr. {guid}"))
            continue
        found = list(_objections(document))
        for extension in document.all("extension"):
            found += _errors(extension, files, expected)
        outcome.entries += found
        if any(entry.type == "error" for entry in found):
            failed += 1
            continue
        incomplete += bool(found)
        names = tuple(extension.attributes.get("name", "") for extension in document.all("extension"))
        outcome.documents.append((guid, tuple(name for name in names if name)))
        text = "wurde in die Belegverwaltung übernommen!"
        outcome.entries.append(
            Entry("information", text, MANAGEMENT_FILE, f"Beleg-ID Nr. {guid}" if guid else "")
        )
    if failed == len(documents):
        outcome.status = FAILED
    elif failed or incomplete:
        outcome.status = PARTIAL
    return outcome


def _archive(files: Mapping[str, bytes], client: Client) -> Element:
    """The root of the management file; ValueError (in German, for the protocol) when it cannot be used."""
    if MANAGEMENT_FILE not in files:
        raise ValueError(f"Die Verwaltungsdatei {MANAGEMENT_FILE} fehlt.")
    try:
        archive = parse(files[MANAGEMENT_FILE])
    except XmlError as error:
        raise ValueError(f"Inputstream kann nicht geparst werden: {error}") from error
    if archive.name != "archive" or _DOCUMENT_NAMESPACE.fullmatch(archive.namespace) is None:
        raise ValueError(
            "Die Verwaltungsdatei ist kein Archiv der DATEV XML-Schnittstelle online ab Version 4.0."
        )
    header = archive.first("header")
    date = header.first("date") if header is not None else None
    if date is None or _MOMENT.fullmatch(date.text.strip()) is None:
        raise ValueError("header: date fehlt oder hat eine Zeitzone.")
    for name, number in (
        ("consultantNumber", client.consultant_number),
        ("clientNumber", client.client_number),
    ):
        given = header.first(name) if header is not None else None
        if given is not None and given.text.strip() != str(number):
            raise ValueError(f"{name} {given.text.strip()} passt nicht zum Mandanten {client.id}.")
    return archive


def _objections(document: Element) -> Iterator[Entry]:
    """What is wrong with a document as such."""
    kinds = [_kind(extension) for extension in document.all("extension")]
    structured = [kind for kind in kinds if kind in _LEDGERS]
    guid, number = document.attributes.get("guid", ""), document.attributes.get("type")
    texts = []
    if not 1 <= len(kinds) <= MOST_EXTENSIONS:
        texts.append(f"Ein Beleg hat 1 bis {MOST_EXTENSIONS} Ausprägungen.")
    if unknown := set(kinds) - _LEDGERS.keys() - {"File"}:
        texts.append(f"Die Ausprägung {', '.join(sorted(unknown))} wird nicht unterstützt.")
    if len(structured) > 1:
        texts.append("Ein Beleg hat höchstens eine Belegsatzdatendatei.")
    if structured and document.attributes.get("processID") == "1":
        texts.append("processID 1 ist mit Belegsatzdaten nicht zulässig.")
    if structured and number is not None and number != _TYPES.get(structured[0], number):
        texts.append(f"type {number} passt nicht zu {structured[0]}.")
    if guid and _GUID.fullmatch(guid) is None:
        texts.append(f"{guid} ist keine GUID.")
    return (Entry("error", text, MANAGEMENT_FILE) for text in texts)


def _kind(extension: Element) -> str:
    return extension.attributes.get("type", "").rpartition(":")[2]


def _errors(extension: Element, files: Mapping[str, bytes], expected: Expected) -> list[Entry]:
    kind = _kind(extension)
    name = extension.attributes.get("datafile" if kind != "File" else "name", "")
    if name not in files:
        return [Entry("error", "Datei wurde nicht übertragen.", name)]
    if kind not in _LEDGERS:
        return []
    texts = []
    if expected.import_type and _LEDGERS[kind] != expected.import_type:
        texts.append(f"{kind} passt nicht zur Importart {expected.import_type}.")
    properties = {
        item.attributes.get("key"): item.attributes.get("value", "") for item in extension.all("property")
    }
    if expected.accounting_month and properties.get("1") != expected.accounting_month:
        texts.append(
            f"Periode {properties.get('1')} passt nicht zum Buchungsmonat {expected.accounting_month}."
        )
    if expected.folder_names and properties.get("3") not in expected.folder_names:
        texts.append(f"Ordner {properties.get('3')} ist nicht vorhanden.")
    warnings: list[str] = []
    try:
        ledger = parse(files[name])
        texts += [f"{_UNREADABLE} {text}" for text in objections(ledger)]
        if not texts:
            _check_ledger(ledger, kind, expected.accounting_month)
            warnings = _foreign_accounts(ledger, kind, expected.client.account_length)
    except XmlError as error:
        texts.append(f"{_UNREADABLE} {error}")
    except ValueError as error:
        texts.append(str(error))
    return [
        *(Entry("error", text, name) for text in texts),
        *(Entry("warning", text, name) for text in warnings),
    ]


def _check_ledger(ledger: Element, kind: str, accounting_month: str) -> None:
    """ValueError (in German, for the protocol) unless the rows agree with their consolidation."""
    together = ledger.children[0]
    rows = together.children
    if any(row.name != kind for row in rows):
        raise ValueError(f"Die Datei enthält andere Datensätze als {kind}.")
    total = sum(Decimal(_text(row, "amount")) for row in rows)
    try:
        stated = Decimal(together.attributes["consolidatedAmount"])
    except InvalidOperation as error:
        raise ValueError("consolidatedAmount ist keine Zahl.") from error
    if total != stated:
        raise ValueError("Summe Brutto <> consolidatedAmount")
    if total == 0:
        raise ValueError("Ein Betrag von 0,00 ist nicht zulässig.")
    for attribute, name in _CONSOLIDATED.items():
        given = {_text(row, name) for row in rows if row.first(name) is not None}
        if given - {together.attributes.get(attribute, next(iter(given), ""))}:
            raise ValueError(f"Daten des Elements consolidate entsprechen nicht den Datensätzen: {name}")
    if not _text(rows[0], "date").startswith(accounting_month):
        raise ValueError(f"Das Belegdatum liegt nicht im Buchungsmonat {accounting_month}.")


def _foreign_accounts(ledger: Element, kind: str, account_length: int) -> list[str]:
    """Warnings for accounts that are not of the client's length, once for each account."""
    found: dict[str, None] = {}
    for row in ledger.children[0].children:
        contra, person = _text(row, "accountNo"), _text(row, "bpAccountNo")
        if len(contra) > account_length + 1:
            found[f"Gegenkonto {contra} passt nicht zur Sachkontenlänge und wurde nicht übernommen."] = None
        if person and len(person) != account_length + 1:
            found[f"{kind}: Konto {person} passt nicht zur Sachkontenlänge und wurde nicht übernommen."] = (
                None
            )
    return list(found)


def _text(row: Element, name: str) -> str:
    child = row.first(name)
    return child.text.strip() if child is not None else ""
