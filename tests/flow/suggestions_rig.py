"""What booking suggestions look like from DATEV's side: packages that were processed, read by other means."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from xml.etree import ElementTree as ET

from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.standins.datev.dxso_jobs import DxsoJob
from tests.flow.rig import StandIns

JOBS = "/accounting-dxso-jobs/platform/v2/clients/"
CREATE, FILES, FINISH = r"/dxso-jobs$", r"/dxso-jobs/[^/]+/files$", r"/dxso-jobs/[^/]+$"
TRANSFER_POINTS = ("transfer_opened", "transfer_noted")
"""Points of the way that only booking suggestions pass."""

OPEN, PROCESSED, FAILED, PARTIAL, CANCELLED = 0, 2, 3, 4, 5


def suggestions(scene: Scene) -> str:
    """The connection's text of a client that gets booking suggestions only."""
    return connection_text("pipedrive", scene, "dxso")


def from_month(scene: Scene, day: str) -> str:
    """The connection's text of a client whose sales go as suggestions from this day on, as EXTF before."""
    text = connection_text("pipedrive", scene, "dxso") + '\n[master_data]\nsend = "off"\n'
    text = text.replace('services = ["dxso"]', 'services = ["documents", "dxso", "extf"]')
    return text.replace("from = 2020-01-01", f"from = {day}")


@dataclass(frozen=True)
class Suggested:
    """One row of a ledger file that DATEV took over."""

    job: str
    month: str
    number: str
    amount: Decimal
    currency: str
    account: str
    contra_account: str
    guid: str
    images: tuple[str, ...]
    values: dict[str, str]


def package(outside: StandIns, job: DxsoJob) -> dict[str, bytes]:
    """The files of a job as DATEV received them, by name."""
    folder = outside.received / job.client_id / "dxso" / job.id
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.exists() else {}


def processed(outside: StandIns) -> list[Suggested]:
    """Every row that stands in Belege online, once for each job that brought it there."""
    rows: list[Suggested] = []
    for job in outside.datev.dxso_jobs:
        if job.status in {PROCESSED, PARTIAL}:
            rows += _taken(outside, job)
    return rows


def counted(rows: list[Suggested]) -> Counter[tuple[str, Decimal, str, str]]:
    """How often DATEV has each row."""
    return Counter((row.number, row.amount, row.account, row.contra_account) for row in rows)


def sums(outside: StandIns) -> dict[str, Decimal]:
    """What DATEV has under each invoice number."""
    found: dict[str, Decimal] = {}
    for row in processed(outside):
        found[row.number] = found.get(row.number, Decimal(0)) + row.amount
    return found


def _taken(outside: StandIns, job: DxsoJob) -> list[Suggested]:
    """The rows of a job's documents but those that its protocol refuses by their file or their GUID."""
    files = package(outside, job)
    refused = " ".join(
        f"{line['filename']} {line.get('context', '')}" for line in job.protocol if _refuses(line)
    )
    rows = []
    for document in _all(ET.fromstring(files["document.xml"]), "document"):
        guid = document.attrib.get("guid", "")
        extensions = list(_all(document, "extension"))
        (ledger,) = [one.attrib["datafile"] for one in extensions if "datafile" in one.attrib]
        images = tuple(one.attrib["name"] for one in extensions if "name" in one.attrib)
        month = next(one.attrib["value"] for one in _all(document, "property") if one.attrib["key"] == "1")
        if ledger in refused or (guid and guid.lower() in refused):
            continue
        rows += [
            _row(job, month, guid, images, row)
            for row in _all(ET.fromstring(files[ledger]), "consolidate")
            for row in row
        ]
    return rows


def _refuses(line: dict[str, str]) -> bool:
    return line["type"] == "error" or "bereits vorhanden" in line["text"]


def _row(job: DxsoJob, month: str, guid: str, images: tuple[str, ...], row: ET.Element) -> Suggested:
    values = {re.sub(r"^\{.*\}", "", child.tag): child.text or "" for child in row}
    return Suggested(
        job=job.id,
        month=month,
        number=values["invoiceId"],
        amount=Decimal(values["amount"]),
        currency=values["currencyCode"],
        account=values["bpAccountNo"],
        contra_account=values["accountNo"],
        guid=guid.lower(),
        images=images,
        values=values,
    )


def _all(element: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in element.iter() if one.tag.rpartition("}")[2] == name]
