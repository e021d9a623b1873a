"""A connection between stand-ins of Pipedrive and DATEV, set up as a person does it, worked step by step.

The steps are the ones that the durable workflows call, in their order, and over real HTTP; only time is the
test's own. What the stand-ins have received is read from their side, never from ours.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from mlconnector.app import Application, opened
from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
from mlconnector.flow.agree import open_day, release
from mlconnector.flow.batches import kinds
from mlconnector.flow.connect import oauth_login, setup, standing
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.decide import book
from mlconnector.flow.deliver import delivery, jobs
from mlconnector.flow.engine import progress
from mlconnector.flow.intake import records
from mlconnector.flow.report import inbox
from mlconnector.formats.extf import read as read_extf
from mlconnector.formats.names import delivery_id, voucher_id
from mlconnector.settings import Settings
from mlconnector.standins.base import Clock, Options
from mlconnector.standins.datev import SECRET, DatevStandIn
from mlconnector.standins.datev.documents import Document
from mlconnector.standins.datev.extf_files import Job
from mlconnector.standins.faults import Fault
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.store import audit, batches, connections, entries, lookup, vouchers
from mlconnector.store import hints as webhook_inbox
from mlconnector.store.audit import AuditRow, AuditVerdict
from mlconnector.store.batches import BatchRow, BatchState
from mlconnector.store.entries import EntryRow
from mlconnector.store.seals import generate_master_key
from mlconnector.store.tables import documents
from mlconnector.store.vouchers import VoucherRow
from tests.conformance.doors import served

NAME = "demo-pipedrive"
MUSTERHOLZ = "29098-55003"
REDIRECT = "http://localhost:8080/oauth/callback"
# Deals of the generated account by what they show; see `standins/pipedrive/account.toml`.
DOMESTIC, MIXED_RATES, EU_BUSINESS, FOREIGN_MONEY = 1, 2, 3, 6
WITHOUT_NUMBER, ODD_NUMBER, COLLIDING_NUMBER, WITHOUT_RATE, ZERO_VALUE = 7, 9, 10, 12, 15


def bookings_only(scene: Scene) -> str:
    """The connection's text for tests that count files: without files of debtors and creditors."""
    return connection_text("pipedrive", scene) + '\n[master_data]\nsend = "off"\n'


class Killed(BaseException):
    """The end of the process as far as a step can tell: nothing after it happens."""


@dataclass(frozen=True)
class Booked:
    """One row of a Buchungsstapel that DATEV took and found good."""

    number: str
    amount: Decimal
    account: str
    contra_account: str
    document: str
    day: str


@dataclass
class StandIns:
    """Both outside systems, their addresses, and the clock that they share with us."""

    pipedrive: PipedriveStandIn
    datev: DatevStandIn
    urls: dict[str, str]
    clock: Clock

    @property
    def received(self) -> Path:
        """Where DATEV keeps what it took."""
        folder = self.datev.options.received
        assert folder is not None
        return folder

    def jobs(self, result: str = "succeeded") -> list[Job]:
        """DATEV's jobs with this result."""
        return [job for job in self.datev.jobs if job.result == result]

    def rows(self) -> list[Booked]:
        """Every row that DATEV found good, once for each job that brought it."""
        files = {
            hashlib.sha256(path.read_bytes()).hexdigest(): path.read_bytes()
            for path in self.received.glob("*/extf/*.csv")
        }
        return [row for job in self.jobs() for row in _rows(files[job.sha256])]

    def sums(self) -> dict[str, Decimal]:
        """What DATEV has booked under each Belegfeld 1, from the debtor's view."""
        found: dict[str, Decimal] = {}
        for row in self.rows():
            found[row.number] = found.get(row.number, Decimal(0)) + row.amount
        return found

    def documents(self) -> list[Document]:
        """The documents in Belege online."""
        return list(self.datev.documents.values())

    def gross(self, deal_id: int) -> Decimal:
        """What a deal is worth with its taxes, reckoned from the stand-in's own lines."""
        lines = [line for line in self.pipedrive.account.lines[deal_id] if line.is_enabled]
        listed = sum(Decimal(str(line.sum)) for line in lines)
        share = Decimal(str(self.pipedrive.deal(deal_id).value)) / listed
        taxed = sum(
            Decimal(str(line.sum)) * (1 + Decimal(line.tax) / 100 if line.tax_method == "exclusive" else 1)
            for line in lines
        )
        return (taxed * share).quantize(Decimal("0.01"))


def _rows(content: bytes) -> Iterator[Booked]:
    for row in read_extf(content).rows:
        amount = Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
        yield Booked(
            number=row["Belegfeld 1"],
            amount=amount if row["Soll/Haben-Kennzeichen"] == "S" else -amount,
            account=row["Konto"],
            contra_account=row["Gegenkonto (ohne BU-Schlüssel)"],
            document=row["Beleglink"].removeprefix('BEDI "').removesuffix('"').lower(),
            day=row["Belegdatum"],
        )


@contextmanager
def stand_ins(folder: Path, records: int, *, delay: float = 0.0) -> Iterator[StandIns]:
    """Running stand-ins: an account with so many deals, and DATEV with jobs that take so many seconds."""
    clock = Clock()
    pipedrive = PipedriveStandIn(Options(records=records, clock=clock))
    datev = DatevStandIn(Options(received=folder / "received", delay=delay, clock=clock))
    with ExitStack() as running:
        urls = {one.name: running.enter_context(served(one.app)) for one in (pipedrive, datev)}
        yield StandIns(pipedrive, datev, urls, clock)


@dataclass
class Rig:
    """An application with one connection that is set up, logged in, and worked by hand."""

    app: Application
    outside: StandIns
    text: str
    name: str = NAME
    source: str = "pipedrive"
    runs: int = 0
    waits: list[float] = field(default_factory=list)

    @property
    def services(self) -> Services:
        return self.app.services

    @property
    def context(self) -> Context:
        return self.app.context(self.name)

    @property
    def pipedrive(self) -> PipedriveStandIn:
        return self.outside.pipedrive

    @property
    def datev(self) -> DatevStandIn:
        return self.outside.datev

    def connect(self, text: str | None = None) -> None:
        """Set the connection up, or change its settings."""
        self.text = self.text if text is None else text
        tables = tomllib.loads(secrets_text(self.source))
        secrets = {f"{system}.{key}": value for system, rows in tables.items() for key, value in rows.items()}
        setup.connect(self.services, read_connection(self.text, "the test's connection"), secrets)

    def release(self) -> None:
        """Let the connection send, as a person does who has seen the preview."""
        release.release(self.context, "Frau Beispiel")

    def log_in(self) -> None:
        """Open the login's address as the browser of a person would, who consents at once."""
        log_in(self.services, self.name)

    def begin(self, trigger: str = "command") -> str:
        self.runs += 1
        run = f"{self.name}:{self.runs}"
        progress.begin(self.context, run, trigger)
        return run

    def read(self, run: str) -> None:
        """Read all changed records, hints, and vouchers that are to go on."""
        cursor, position = records.since(self.context), None
        while True:
            taken = records.take_page(self.context, run, cursor, position)
            position = taken.position
            if position is None:
                break
        self.read_hints(run)
        while records.take_again(self.context, run):
            pass

    def read_hints(self, run: str) -> None:
        """Read only what webhooks hinted at."""
        while records.take_hints(self.context, run):
            pass

    def book(self, run: str) -> None:
        after: str | None = ""
        while after is not None:
            after = book.book_set(self.context, run, after).after

    def freeze(self) -> list[str]:
        """Freeze what waits; returns the ids of the new batches."""
        frozen = []
        while (batch := kinds.freeze_next(self.context)) is not None:
            frozen.append(batch)
        return frozen

    def prepare(self) -> list[str]:
        """Read, book and freeze; returns the ids of the new batches."""
        run = self.begin()
        self.read(run)
        self.book(run)
        return self.freeze()

    def deliver(self, batch: str) -> None:
        """File a batch's documents and submit it; when it has to be dissolved, freeze the rest anew."""
        while True:
            filing = delivery.file_set(self.context, batch)
            if filing.dissolved:
                self.freeze()
                return
            if not filing.more:
                break
        if delivery.submit(self.context, batch) is None:
            self.freeze()

    def follow(self, batch: str) -> jobs.Step:
        """Ask after a batch's job until it has ended or was parked; time passes as it is told to."""
        self.outside.clock.advance(jobs.first_wait(self.context, 0.0))
        while True:
            step = jobs.look(self.context, batch, 0.0)
            if step.state != "wait":
                return step
            self.waits.append(step.wait)
            self.outside.clock.advance(step.wait)

    def transfer(self) -> None:
        """Deliver and follow until every batch is at its end or parked."""
        for _ in range(10):
            open_ones = [row for row in self.batches() if row.state not in batches.FINAL and not row.parked]
            for row in open_ones:
                if row.state != "submitted":
                    self.deliver(row.id)
                self.follow(row.id)
            if not open_ones:
                return
        raise AssertionError("the batches come to no end")

    def work(self) -> None:
        """A whole run, from the changes in the source to settled batches."""
        self.prepare()
        self.transfer()

    @contextmanager
    def dying_at(self, point: str, times: int = 1) -> Iterator[None]:
        """The block dies when it reaches `point` for that time; what follows it is the restart."""
        left = times

        def reached(name: str) -> None:
            nonlocal left
            left -= name == point
            if name == point and left == 0:
                raise Killed(point)

        usual, self.services.reached = self.services.reached, reached
        try:
            with pytest.raises(Killed):
                yield
        finally:
            self.services.reached = usual

    def key(self, deal_id: int, kind: str = "invoice") -> str:
        return voucher_id(self.name, f"{kind}/{deal_id}")

    def voucher(self, deal_id: int) -> VoucherRow:
        with self.app.database.read() as db:
            return vouchers.by_ids(db, [self.key(deal_id)])[self.key(deal_id)]

    def states(self) -> dict[str, int]:
        """How many vouchers are in which state."""
        with self.app.database.read() as db:
            return vouchers.states(db, self.name).get(self.name, {})

    def causes(self) -> list[str]:
        """Why vouchers wait."""
        with self.app.database.read() as db:
            return sorted({one.problem.cause for one in lookup.waiting(db, self.name)})

    def batches(self, *states: BatchState) -> list[BatchRow]:
        with self.app.database.read() as db:
            return batches.listed(db, self.name, states or None)

    def batch(self, batch: str) -> BatchRow:
        with self.app.database.read() as db:
            found = batches.read(db, batch)
        assert found is not None
        return found

    def content(self, batch: str) -> bytes:
        with self.app.database.read() as db:
            return batches.content(db, batch)

    def entries(self, deal_id: int) -> list[EntryRow]:
        """All bookings of a deal's voucher, with their turn and kind."""
        with self.app.database.read() as db:
            return entries.of_voucher(db, self.key(deal_id))

    def kept_documents(self) -> list[bytes]:
        """The documents whose bytes we still have."""
        with self.app.database.read() as db:
            found = db.execute(select(documents.c.content).where(documents.c.content.is_not(None)))
            return [bytes(content) for content in found.scalars()]

    def connection(self) -> tuple[str, str]:
        """The connection's state and its reason."""
        with self.app.database.read() as db:
            row = connections.read(db, self.name)
        return row.state, row.state_reason

    def story(self, *subjects: str) -> list[AuditRow]:
        with self.app.database.read() as db:
            return audit.story(db, subjects)

    def events(self, *subjects: str) -> list[str]:
        return [event.event for event in self.story(*subjects)]

    def verdict(self) -> AuditVerdict:
        return audit.verify(self.app.database)

    def hint(self, deal_id: int | str, delivery: str | None = None) -> bool:
        """Keep a verified webhook delivery, as the receiver does; whether it was new."""
        body = f'{{"deal": {deal_id}}}'.encode()
        key = delivery_id(self.name, delivery, hashlib.sha256(body).hexdigest())
        with self.app.database.write() as db:
            return webhook_inbox.keep(db, key, self.name, body, [str(deal_id)], self.services.now())

    def replay(self, *wanted: str, cause: str | None = None) -> int:
        """Let waiting vouchers go on, as a person does after the fix."""
        return inbox.replay(self.context, wanted, cause, "somebody")

    def refuse_next_document(self) -> None:
        """Let DATEV find the file type of the next document wrong."""
        body = b'{"error": "#DCO01015", "error_description": "restapi.UnsupportedFileTypeFault"}'
        self.datev.faults.add(Fault("status", "PUT", "/documents/", status=400, body=body))

    def open_from(self, day: str) -> None:
        """Let an adviser have named the first day on which corrections may be booked."""
        open_day.name_open_day(self.context, date.fromisoformat(day), "Kanzlei", "test")

    def date(self, *deal_ids: int, day: str = "2026-07-15") -> None:
        """Let deals have this invoice date, e.g. so that they are booked in one batch."""
        for deal_id in deal_ids:
            self.pipedrive.change_deal(deal_id, custom_fields={"Rechnungsdatum": day})

    def numbers(self, deal_ids: Sequence[int]) -> list[str]:
        """The invoice numbers of deals, as their Belegfeld 1."""
        return [f"RE-2026-{deal_id:05d}" for deal_id in deal_ids]


def log_in(services: Services, name: str) -> None:
    """Log in to every system of a connection that needs it."""
    for system in standing.systems_with_login(Context(services, name)):
        address = oauth_login.begin(Context(services, name), system, REDIRECT)
        ended = httpx.URL(httpx.get(address, follow_redirects=False).headers["location"]).params
        oauth_login.finish(services, ended["state"], ended["code"])


def second_connection(rig: Rig) -> Rig:
    """Another connection to the same account and the same client, so with the same invoice numbers."""
    name = "second"
    text = rig.text.replace(f'name = "{NAME}"', f'name = "{name}"')
    secrets = {"pipedrive.api_token": rig.pipedrive.api_token, "datev.client_secret": SECRET}
    setup.connect(rig.services, read_connection(text, "the second connection"), secrets)
    log_in(rig.services, name)
    second = Rig(rig.app, rig.outside, text, name)
    second.release()
    return second


def settings_of(folder: Path, url: str, **more: Any) -> Settings:
    """Settings of an installation with this database, whose key lies in the folder."""
    key = folder / "master.key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(generate_master_key() + "\n", encoding="utf-8")
    return Settings(
        data_dir=folder, database_url=SecretStr(url), master_key_file=key, queue_seconds=0.05, **more
    )


@contextmanager
def rig(
    folder: Path,
    url: str,
    records: int,
    *,
    delay: float = 0.0,
    text: Callable[[Scene], str] = bookings_only,
    released: bool = True,
) -> Iterator[Rig]:
    """A connection that is set up, logged in and released; everything ends with the block."""
    with (
        stand_ins(folder, records, delay=delay) as outside,
        opened(settings_of(folder, url), _now(outside.clock)) as app,
    ):
        made = Rig(app, outside, text(Scene(outside.urls)))
        made.connect()
        made.log_in()
        if released:
            made.release()
        yield made


def _now(clock: Clock) -> Callable[[], datetime]:
    return lambda: datetime.fromtimestamp(clock(), UTC)


def counted(rows: Sequence[Booked]) -> Counter[tuple[str, Decimal, str]]:
    """How often DATEV has each row."""
    return Counter((row.number, row.amount, row.contra_account) for row in rows)
