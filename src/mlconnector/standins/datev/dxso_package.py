"""What happens to the files of a dxso job once it is ready: the package is read, document by document.

Checked is what decides over a package in Belege online: the management file, the client, references to
files, period, ledger folder, sums, and GUIDs that are there already. The schemas are not enforced here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal

from mlconnector.standins.datev.clients import Client
from mlconnector.standins.datev.xml_tree import Element, XmlError, parse

MANAGEMENT_FILE = "document.xml"
SUCCEEDED, FAILED, PARTIAL = 2, 3, 4
_DOCUMENT_NAMESPACE = re.compile(r"http://xml\.datev\.de/bedi/tps/document/v0[4-6]\.0")
_LEDGERS = {
    "accountsPayableLedger": "accountsPayableLedgerImport",
    "accountsReceivableLedger": "accountsReceivableLedgerImport",
    "cashLedger": "cashLedgerImport",
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
    outcome, failed, skipped = Outcome(SUCCEEDED), 0, 0
    for document in documents:
        guid = document.attributes.get("guid", "").lower()
        if guid and (expected.has_guid(guid) or guid in {taken for taken, _ in outcome.documents}):
            skipped += 1
            text = "Beleg ist bereits vorhanden und wurde nicht übernommen."
            outcome.entries.append(Entry("warning", text, MANAGEMENT_FILE, f"Beleg-ID Nr. {guid}"))
            continue
        errors = [
            entry for extension in document.all("extension") for entry in _errors(extension, files, expected)
        ]
        if errors:
            failed += 1
            outcome.entries += errors
            continue
        names = tuple(extension.attributes.get("name", "") for extension in document.all("extension"))
        outcome.documents.append((guid, tuple(name for name in names if name)))
        text = "wurde in die Belegverwaltung übernommen!"
        outcome.entries.append(
            Entry("information", text, MANAGEMENT_FILE, f"Beleg-ID Nr. {guid}" if guid else "")
        )
    if failed == len(documents):
        outcome.status = FAILED
    elif failed or skipped:
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
    for name, number in (
        ("consultantNumber", client.consultant_number),
        ("clientNumber", client.client_number),
    ):
        given = header.first(name) if header is not None else None
        if given is not None and given.text.strip() != str(number):
            raise ValueError(f"{name} {given.text.strip()} passt nicht zum Mandanten {client.id}.")
    return archive


def _errors(extension: Element, files: Mapping[str, bytes], expected: Expected) -> list[Entry]:
    kind = extension.attributes.get("type", "").rpartition(":")[2]
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
    try:
        _check_ledger(files[name], kind, expected.accounting_month)
    except ValueError as error:
        texts.append(str(error))
    return [Entry("error", text, name) for text in texts]


def _check_ledger(content: bytes, kind: str, accounting_month: str) -> None:
    """ValueError (in German, for the protocol) unless the rows agree with their consolidation."""
    ledger = parse(content)
    consolidations = list(ledger.all("consolidate"))
    if ledger.name != "LedgerImport" or len(consolidations) != 1:
        raise ValueError("Die Datei ist keine Belegsatzdatendatei mit genau einem Beleg.")
    total = consolidations[0].attributes
    rows = consolidations[0].children
    if not rows or any(row.name != kind for row in rows):
        raise ValueError(f"Die Datei enthält andere Datensätze als {kind}.")
    try:
        difference = sum(Decimal(_text(row, "amount")) for row in rows) - Decimal(total["consolidatedAmount"])
    except (InvalidOperation, KeyError) as error:
        raise ValueError("Ein Betrag fehlt oder ist keine Zahl.") from error
    if difference != 0:
        raise ValueError("Summe Brutto <> consolidatedAmount")
    if any(_text(row, "date") != total.get("consolidatedDate") for row in rows):
        raise ValueError("Daten des Elements consolidate entsprechen nicht den Datensätzen: date")
    if not _text(rows[0], "date").startswith(accounting_month):
        raise ValueError(f"Das Belegdatum liegt nicht im Buchungsmonat {accounting_month}.")


def _text(row: Element, name: str) -> str:
    child = row.first(name)
    return child.text.strip() if child is not None else ""
