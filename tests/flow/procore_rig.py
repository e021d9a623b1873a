"""A connection between stand-ins of Procore and DATEV; all between them is the real way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mlconnector.app import opened
from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.flow.report.ledger_reports import costs_of
from mlconnector.formats.extf import ParsedRow
from mlconnector.formats.extf import read as read_extf
from mlconnector.model.problems import Problem
from mlconnector.standins.base import Clock, Options
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.standins.procore import COMPANY_ID, ProcoreStandIn
from mlconnector.store import vouchers
from mlconnector.store.vouchers import VoucherRow
from tests.conformance.doors import served
from tests.databases import copied_sqlite
from tests.flow.rig import Rig, StandIns, settings_of

NAME = "demo-procore"
MakeRig = Callable[..., "ProcoreFlowRig"]
Row = dict[str, Any]


@dataclass
class ProcoreFlowRig(Rig):
    """The rig with Procore as its source."""

    procore: ProcoreStandIn = field(kw_only=True)

    def of_record(self, record: Row) -> VoucherRow:
        """The voucher of a requisition or direct cost."""
        with self.app.database.read() as db:
            (found,) = vouchers.of_records(db, self.name, [record_name(record)])
        return found

    def held_vouchers(self) -> list[VoucherRow]:
        """The vouchers that wait, or were left out."""
        with self.app.database.read() as db:
            return [
                row
                for state in ("needs_human", "ignored")
                for row in vouchers.listed(db, self.name, state, 5_000)
            ]

    def problems_of(self, record: Row) -> list[Problem]:
        """Why the voucher of a record waits."""
        found = self.of_record(record)
        with self.app.database.read() as db:
            return [
                problem
                for origin in ("source", "mapping")
                for problem in vouchers.problems_of(db, [found.id], origin).get(found.id, [])
            ]

    def raw_rows(self, number: str | None = None) -> list[ParsedRow]:
        """All rows that DATEV took, or those of a Belegfeld 1."""
        files = sorted(self.outside.received.glob("*/extf/*.csv"))
        rows = [row for file in files for row in read_extf(file.read_bytes()).rows]
        return [row for row in rows if number is None or row["Belegfeld 1"] == number]

    def balance_of(self, account: str) -> dict[tuple[str, str, str], Decimal]:
        """What stands on an account, in debit positive, by KOST1, Belegfeld 1 and KOST2."""
        found: dict[tuple[str, str, str], Decimal] = {}
        for row in self.raw_rows():
            if account not in {row["Konto"], row["Gegenkonto (ohne BU-Schlüssel)"]}:
                continue
            amount = Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
            in_debit = (row["Soll/Haben-Kennzeichen"] == "S") == (row["Konto"] == account)
            key = (row["KOST1 - Kostenstelle"], row["Belegfeld 1"], row["KOST2 - Kostenstelle"])
            found[key] = found.get(key, Decimal(0)) + (amount if in_debit else -amount)
        return {key: amount for key, amount in found.items() if amount}

    def again(self) -> None:
        """A while later everything is read and sent that changed."""
        self.outside.clock.advance(3_600)
        self.work()

    def costs(self) -> dict[tuple[str, str], Decimal]:
        """The report of costs, by KOST1 and KOST2."""
        found = costs_of(self.services, self.name).costs
        return {(one.number, code): cost.net for one in found.centres for code, cost in one.costs}

    def transferred(self) -> set[str]:
        """The records that are at DATEV."""
        with self.app.database.read() as db:
            return {row.record for row in vouchers.listed(db, self.name, "settled", 5_000)}


def record_name(record: Row) -> str:
    """What a raw requisition or direct cost is called."""
    if "direct_cost_type" in record:
        return f"direct-cost/{COMPANY_ID}/{record['project']['id']}/{record['id']}"
    return f"requisition/{COMPANY_ID}/{record['project_id']}/{record['id']}"


@contextmanager
def procore_rigs(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeRig]:
    """Makes a rig with so many records, its text changed as it is told to; released, or not yet."""
    with ExitStack() as stack:

        def made(
            records: int = 20, change: Callable[[str], str] = str, *, released: bool = True
        ) -> ProcoreFlowRig:
            clock = Clock()
            procore = ProcoreStandIn(Options(records=records, clock=clock))
            datev = DatevStandIn(Options(received=tmp_path / "received", clock=clock))
            urls = {one.name: stack.enter_context(served(one.app)) for one in (procore, datev)}
            # Nobody asks it: the connection has another source.
            unused = PipedriveStandIn(Options(records=0, clock=clock))
            url = copied_sqlite(sqlite_template, tmp_path)
            app = stack.enter_context(
                opened(settings_of(tmp_path, url), lambda: datetime.fromtimestamp(clock(), UTC))
            )
            text = change(f'{connection_text("procore", Scene(urls))}\n[master_data]\nsend = "off"\n')
            outside = StandIns(unused, datev, urls, clock)
            rig = ProcoreFlowRig(app, outside, text, NAME, "procore", procore=procore)
            rig.connect()
            rig.log_in()
            if released:
                rig.release()
            return rig

        yield made
