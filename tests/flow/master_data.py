"""What the tests of master data share: a connection that sends it, and what DATEV has of it.

What DATEV has is read from the stand-in's side: its jobs in their order, and the files that it took.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.flow.agree.consent import Difference, approve, differences
from mlconnector.formats.extf import BOOKINGS, MASTER_DATA, ExtfFile, ParsedRow, read
from mlconnector.model.vouchers import Kind, Line, Party, Voucher
from mlconnector.store.batches import BatchRow, BatchState
from mlconnector.store.tables import batches
from mlconnector.systems.source import Page, Reading, Reference
from tests.flow.rig import DOMESTIC, Rig

# Who bought in the first deal of the generated account, and the first number to give.
BUYER = 100001
FIRST = "40000"
# Of post codes abroad; DATEV names digits only.
LETTERS_IN_POST_CODE = "EXTF-D-105"


def sending(rig: Rig, send: str = "new", more: str = "", **replaced: str) -> None:
    """Let the connection send master data, with further lines of the table and other parts replaced."""
    text = connection_text("pipedrive", Scene(rig.outside.urls))
    for part, other in replaced.items():
        text = text.replace(part, other)
    rig.connect(f'{text}\n[master_data]\nsend = "{send}"\n{more}\n')


def files(rig: Rig, number: int | None = None) -> list[ExtfFile]:
    """The files of the jobs that succeeded at DATEV, in the order of the jobs, of one category or of all."""
    content = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path.read_bytes()
        for path in rig.outside.received.glob("*/extf/*.csv")
    }
    found = [read(content[job.sha256]) for job in rig.outside.jobs()]
    return [one for one in found if number is None or one.header.category == number]


def kinds(rig: Rig) -> list[int]:
    return [file.header.category for file in files(rig)]


def booked_on(rig: Rig) -> set[str]:
    """The person accounts that bookings at DATEV have."""
    return {row["Konto"] for file in files(rig, BOOKINGS) for row in file.rows}


def sent_rows(rig: Rig) -> list[ParsedRow]:
    """Every row of a debtor or creditor that DATEV took, once for each job that brought it."""
    return [row for file in files(rig, MASTER_DATA) for row in file.rows]


def sent(rig: Rig) -> list[str]:
    return [row["Konto"] for row in sent_rows(rig)]


def masters(rig: Rig, *states: BatchState) -> list[BatchRow]:
    return [row for row in rig.batches(*states) if row.format == "master"]


def states(rig: Rig) -> dict[str, str]:
    return {one.number: one.state for one in differences(rig.context)}


def difference(rig: Rig, number: str = FIRST) -> Difference:
    return next(one for one in differences(rig.context) if one.number == number)


def let_go(rig: Rig, *numbers: str) -> list[str]:
    shown = [one for one in differences(rig.context) if one.number in numbers]
    return approve(rig.context, shown, "Frau Beispiel", "erika")


def move(rig: Rig, street: str) -> None:
    """The buyer of the first deal moves within the town, and the deal is booked again."""
    address = dict(rig.pipedrive.account.organization(BUYER).address or {})
    rig.pipedrive.change_organization(BUYER, address=address | {"route": street, "street_number": "1"})
    touch(rig)


def touch(rig: Rig) -> None:
    """Let the first deal be worth more, so that it is booked again."""
    rig.pipedrive.change_line(DOMESTIC, 0, item_price=100 + rig.runs)


@dataclass
class StubSource:
    """A source whose vouchers a test writes down itself."""

    vouchers: list[Voucher]

    def changes(self, _since: str | None, _position: str | None) -> Page:
        return Page(tuple(Reference(one.external_id) for one in self.vouchers), None, None)

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        known = {one.external_id: one for one in self.vouchers}
        return [Reading(one.external_id, known[one.external_id]) for one in references]


def stub(rig: Rig, monkeypatch: pytest.MonkeyPatch, *vouchers: Voucher) -> StubSource:
    source = StubSource(list(vouchers))
    monkeypatch.setattr(rig.services, "source", lambda _name: source)
    return source


def voucher(number: str, party: Party, **known: Any) -> Voucher:
    lines = (Line(text="Ware", amount=Decimal(100), tax_method="exclusive", tax_rate=Decimal(19)),)
    usual = {"kind": Kind.INVOICE, "direction": "sale", "document_date": date(2026, 7, 15)}
    return Voucher(
        **{
            "external_id": number,
            "number": number,
            "currency": "EUR",
            "party": party,
            "lines": lines,
            **usual,
            **known,
        }
    )


def party(name: str = "Muster AG", **known: Any) -> Party:
    return Party(**{"external_id": name, "name": name, "country": "DE", "is_business": True, **known})


PLAIN = {
    "[datev]\n": '[datev]\nservices = ["extf"]\n',
    "[mapping]\n": "[mapping]\ndefault_revenue = true\ndefault_expense = true\n",
}


def changes(rig: Rig) -> list[dict[str, str]]:
    """What was changed on the way into the last file of master data."""
    with rig.app.database.read() as db:
        query = select(batches.c.changes).where(batches.c.format == "master").order_by(batches.c.created_at)
        return list(json.loads(db.execute(query).scalars().all()[-1]))
