"""The smallest source that passes the conformance suite, with its rig; its system answers within the process.

Toybooks lists invoices by time of change, two on a page, ties included; amounts and quantities are JSON
numbers, countries what people write.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import httpx
import msgspec
from pydantic import BaseModel

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment, Kind, Line, Party, Place, Standing, TaxMethod, Voucher
from mlconnector.standins.base import Clock
from mlconnector.standins.faults import Faults
from mlconnector.systems.kit.check_steps import CheckStep, failed_step
from mlconnector.systems.kit.fields import clean, document_number
from mlconnector.systems.kit.json_answers import parsed
from mlconnector.systems.kit.places import place_of
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.kit.tables import country_code
from mlconnector.systems.source import (
    Delivery,
    Hint,
    Malformed,
    Page,
    Reading,
    Reference,
    Refused,
    SourceContext,
    SourceSystem,
)
from mlconnector.systems.unreadable import read_apart
from mlconnector.texts import tables
from tests.conformance.context import FakeTime, Outside
from tests.conformance.source_suite import Sale, SourceRig, Webhooks

KEY = "a-key-that-nobody-guesses"
OVERLAP = timedelta(minutes=10)
Raw = dict[str, Any]

# ------------------------------------------------------------------------------- the source


class Settings(BaseModel):
    base_url: str = "https://toybooks.example"


class Customer(msgspec.Struct):
    id: str
    name: str
    country: str


class Delivered(msgspec.Struct):
    """Where an invoice's goods were delivered."""

    city: str
    country: str


class Invoice(msgspec.Struct):
    """An invoice; `amount` is gross where `gross` is true, `tax` a rate in per cent."""

    id: str
    changed: datetime
    day: date
    customer: Customer
    amount: Decimal
    tax: Decimal
    gross: bool
    final: bool
    number: str | None = None
    quantity: Decimal | None = None
    delivery: Delivered | None = None
    file: str | None = None
    file_size: int | None = None


class Cursor(msgspec.Struct, forbid_unknown_fields=True):
    """Where a later pass may begin."""

    since: datetime


class Position(msgspec.Struct, forbid_unknown_fields=True):
    """Where a pass stands: when it began, how far it came, and the marks of the pages that it has seen."""

    started: datetime
    reached: datetime | None
    after: str
    seen: list[str]


class ToySource:
    def __init__(self, context: SourceContext) -> None:
        self.context = context
        headers = {"x-api-token": context.secrets["key"]}
        self.http = context.http("toy", context.settings.base_url, explain=explained, headers=headers)

    def check(self) -> Iterator[CheckStep]:
        try:
            self.asked("/invoices", limit=1)
        except ConnectorError as error:
            yield failed_step("toy.reach", "Toybooks", error)
        else:
            yield CheckStep("toy.reach", "ok")

    def changes(self, since: str | None, position: str | None) -> Page:
        before = None if since is None else decoded(since, Cursor).since
        at = Position(self.context.now(), before, "", []) if position is None else decoded(position, Position)
        content = self.asked("/invoices", after=at.after, since=before and before - OVERLAP)
        references = tuple(Reference(raw["id"], raw["changed"], raw) for raw in content["invoices"])
        reached = self.further(at, references)
        cursor = None if reached is None else encoded(Cursor(reached))
        following = content["next"]
        if following is None:
            return Page(references, None, cursor)
        if following in at.seen:
            raise Broken("toy: the pages go round in a circle")
        return Page(
            references, encoded(Position(at.started, reached, following, [*at.seen, following])), cursor
        )

    def further(self, at: Position, references: Sequence[Reference]) -> datetime | None:
        """How far a page leads, never past the start of its pass."""
        reached = [min(datetime.fromisoformat(each.changed_at or ""), at.started) for each in references]
        return max(reached if at.reached is None else [at.reached, *reached], default=None)

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        return read_apart(references, lambda some: [self.read(each) for each in some])

    def read(self, reference: Reference) -> Reading:
        raw = reference.content or self.record(reference.external_id)
        if raw is None:
            return Reading(reference.external_id, None, reason="gone")
        try:
            invoice = msgspec.convert(raw, Invoice)
        except msgspec.ValidationError as error:
            raise UnknownShape(f"toy answered in an unknown shape: {error}") from error
        lines, problems = self.lines(invoice)
        party = self.party(invoice.customer)
        if party.country is None:
            facts = {"country": invoice.customer.country, "party": party.name, "party_id": party.external_id}
            problems = [*problems, Problem("country_unknown", facts, ("country",))]
        ship_to, unclear = self.ship_to(invoice, party)
        voucher = Voucher(
            kind=Kind.INVOICE,
            direction="sale",
            external_id=invoice.id,
            number=self.number(invoice),
            document_date=invoice.day,
            currency="EUR",
            party=party,
            lines=lines,
            standing=standing(invoice),
            ship_to=ship_to,
            attachments=attachments(invoice),
        )
        return Reading(invoice.id, voucher, (*problems, *unclear))

    def record(self, external_id: str) -> Raw | None:
        try:
            return self.asked(f"/invoices/{external_id}")
        except NeedsHuman:
            return None

    def number(self, invoice: Invoice) -> str | None:
        return document_number(clean(invoice.number))

    def party(self, customer: Customer) -> Party:
        return Party(external_id=customer.id, name=customer.name, country=country_code(customer.country))

    def ship_to(self, invoice: Invoice, party: Party) -> tuple[Place | None, list[Problem]]:
        if invoice.delivery is None:
            return None, []
        return place_of("ship_to", party, country=invoice.delivery.country, city=invoice.delivery.city)

    def lines(self, invoice: Invoice) -> tuple[tuple[Line, ...], list[Problem]]:
        if not invoice.quantity:
            return (), [Problem("line_unreadable", {"line": "1", "title": invoice.id})]
        line = Line(
            text="Arbeit",
            amount=invoice.amount,
            tax_method=self.tax_method(invoice),
            tax_rate=invoice.tax,
            quantity=invoice.quantity,
        )
        return (line,), []

    def tax_method(self, invoice: Invoice) -> TaxMethod:
        return "inclusive" if invoice.gross else "exclusive"

    def download(self, attachment_id: str, limit: int) -> bytes:
        content = self.http.download(f"/files/{attachment_id}", limit)
        if content is None:
            facts = {"file": attachment_id, "limit": str(limit)}
            raise NeedsHuman(Problem("document_too_large", facts))
        return content

    def verify(self, delivery: Delivery) -> Hint:
        given = delivery.headers.get("x-proof", "")
        if not hmac.compare_digest(given.encode(), proof(delivery.body).encode()):
            raise Refused
        try:
            said = json.loads(delivery.body)
            return Hint(None, (said["invoice"],))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Malformed from error

    def close(self) -> None:
        self.http.close()

    def asked(self, path: str, **query: Any) -> Raw:
        given = {name: value for name, value in query.items() if value}
        try:
            content = parsed(self.http.request("GET", path, params=given).content)
        except ValueError as error:
            raise Broken(f"toy answered {path} with something else than JSON") from error
        if not isinstance(content, dict):
            raise Broken(f"toy answered {path} with something else than an object")
        return content


def explained(answer: httpx.Response) -> ConnectorError | None:
    if answer.status_code in {401, 403}:
        return NeedsLogin("toy", f"HTTP {answer.status_code}")
    if answer.status_code == 404:
        return NeedsHuman(Problem("document_gone", {"file": answer.url.path, "limit": ""}))
    return None


def standing(invoice: Invoice) -> Standing:
    return "final" if invoice.final else "withdrawn"


def attachments(invoice: Invoice) -> tuple[Attachment, ...]:
    if invoice.file is None:
        return ()
    name = f"{invoice.file}.pdf"
    return (
        Attachment(
            external_id=invoice.file, file_name=name, media_type="application/pdf", size=invoice.file_size
        ),
    )


def proof(body: bytes) -> str:
    return hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()


def encoded(state: Cursor | Position) -> str:
    return msgspec.json.encode(state).decode()


def decoded(text: str, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise Broken(f"a text that is none of ours: {error}") from error


# ------------------------------------------------------------------------------- the system


@dataclass
class Toybooks(httpx.BaseTransport):
    """What the system holds, and how it answers."""

    clock: Clock
    invoices: dict[str, Raw] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    circles: bool = False

    def __post_init__(self) -> None:
        for number in range(1, 8):
            # Three of each moment, so that ties lie across pages.
            changed = datetime(2026, 7, 1 + number // 3, tzinfo=UTC)
            self.files[f"file{number}"] = b"%PDF" + bytes(number)
            self.invoices[str(number)] = {
                "id": str(number),
                "changed": changed.isoformat(),
                "day": "2026-07-01",
                "customer": {"id": f"c{number}", "name": "Kunde", "country": "Deutschland"},
                "amount": 100 * number,
                "tax": 19,
                "gross": False,
                "final": True,
                "number": f"RE-{number}",
                "quantity": 1,
                "file": f"file{number}",
                "file_size": 4 + number,
            }

    def change(self, external_id: str, **values: Any) -> None:
        now = datetime.fromtimestamp(self.clock(), UTC)
        self.invoices[external_id] |= {"changed": now.isoformat(), **values}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self.faults.take(request.method, request.url.path)
        if fault is not None and fault.kind != "status":
            raise httpx.ReadError("the line was cut")
        if fault is not None:
            again = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
            return httpx.Response(fault.status, headers=again, content=fault.body)
        if request.headers.get("x-api-token") != KEY:
            return httpx.Response(401)
        _, kind, *identity = request.url.path.split("/")
        if kind == "files":
            return httpx.Response(200, content=self.files[identity[0]])
        found = self.invoices.get(identity[0]) if identity else self.listed(request.url.params)
        return httpx.Response(404) if found is None else httpx.Response(200, content=written(found))

    def listed(self, query: Mapping[str, str]) -> Raw:
        def key(raw: Raw) -> str:
            return f"{raw['changed']} {raw['id']}"

        since = query.get("since", "").replace(" ", "T")
        everything = sorted(self.invoices.values(), key=key)
        rest = [raw for raw in everything if raw["changed"] >= since and key(raw) > query.get("after", "")]
        if self.circles:
            return {"invoices": rest[:2], "next": "round and round"}
        return {"invoices": rest[:2], "next": key(rest[1]) if len(rest) > 2 else None}


def written(content: Raw) -> bytes:
    return msgspec.json.Encoder(decimal_format="number").encode(content)


# ------------------------------------------------------------------------------- the rig

TEXTS = {"toy.reach": {"de": "Toybooks erreichbar", "en": "Toybooks within reach"}}


@contextmanager
def toy_rig(kind: Callable[[SourceContext], ToySource] = ToySource) -> Iterator[SourceRig]:
    """A rig around a source of this kind."""
    books = Toybooks(Clock())

    def sell(sale: Sale) -> str:
        values = {"number": sale.number, "quantity": sale.quantity, "amount": sale.amount, "tax": 19}
        customer = books.invoices["1"]["customer"] | {"country": sale.country}
        books.change("1", gross=sale.tax_method == "inclusive", customer=customer, **values)
        return "1"

    def garble() -> set[str]:
        books.invoices["2"]["amount"] = "viel"
        books.invoices["3"]["customer"] = {"name": 4711}
        return {"2", "3"}

    def ship(country: str) -> str:
        books.change("1", delivery={"city": "Anderswo", "country": country})
        return "1"

    def withdraw() -> str:
        books.change("2", final=False)
        return "2"

    def deliver(body: bytes) -> Delivery:
        return Delivery({"x-proof": proof(body)}, body)

    rig = SourceRig(
        system=SourceSystem(
            name="toy",
            title="Toybooks",
            settings_model=Settings,
            secrets=lambda _settings: ("key",),
            oauth=lambda _settings, _http: None,
            open=kind,
            secret_headers=frozenset({"x-api-token"}),
            template='[source]\nsystem = "toy"\nbase_url = "https://toybooks.example"\n',
        ),
        settings={},
        secrets={"key": KEY},
        outside=Outside(FakeTime(books.clock), transport=books),
        faults=books.faults,
        listing=r"^/invoices$",
        first_load=lambda: set(books.invoices),
        change=lambda external_id: books.change(external_id, number="RE-GEÄNDERT"),
        stamp=lambda external_id, moment: books.invoices[external_id].update(changed=moment.isoformat()),
        sell=sell,
        garble=garble,
        circle=lambda: setattr(books, "circles", True),
        attachment=lambda attachment_id: books.files[attachment_id],
        lengthen=lambda attachment_id: books.files.update({attachment_id: books.files[attachment_id] + b"!"}),
        remove=lambda: books.invoices.pop("4")["id"],
        ship=ship,
        withdraw=withdraw,
        webhooks=Webhooks(
            deliver=lambda external_id: deliver(json.dumps({"invoice": external_id}).encode()),
            prove=deliver,
            forge=lambda delivery: Delivery(delivery.headers, delivery.body + b" "),
        ),
    )
    with patch.dict(tables.table("checks.toml"), TEXTS):
        yield rig
