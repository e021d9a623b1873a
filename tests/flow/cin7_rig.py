"""A connection between stand-ins of Cin7 and DATEV; all between them is the real way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from mlconnector.app import opened
from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.flow.report.ledger_reports import open_items_of
from mlconnector.standins.base import Clock, Options
from mlconnector.standins.cin7.standin import Cin7StandIn
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.store import accounts, vouchers
from mlconnector.store.vouchers import VoucherRow
from tests.conformance.doors import served
from tests.databases import copied_sqlite
from tests.flow.rig import Rig, StandIns, settings_of

NAME = "demo-cin7"
MakeRig = Callable[..., "Cin7FlowRig"]


@dataclass
class Cin7FlowRig(Rig):
    """The rig with Cin7 as its source."""

    cin7: Cin7StandIn = field(kw_only=True)

    def of_record(self, record: dict[str, object]) -> dict[str, VoucherRow]:
        """The vouchers of a sale or purchase by what stands behind its name."""
        kind = "sale" if "CustomerID" in record else "purchase"
        name = f"{kind}/{str(record['ID']).lower()}"
        with self.app.database.read() as db:
            found = vouchers.of_records(db, self.name, [name])
        return {row.external_id.removeprefix(f"{name}/"): row for row in found}

    def open_balances(self) -> dict[tuple[str, str], Decimal]:
        """What is open by the report of open items, by the id of the party in Cin7 and the currency.

        Positive where a customer owes, or where a supplier is owed.
        """
        report = open_items_of(self.services, self.name, on=date(2027, 12, 31), all_items=True)
        with self.app.database.read() as db:
            owners = {number: one.party for number, one in accounts.every(db, self.context.client).items()}
        found: dict[tuple[str, str], Decimal] = {}
        for person in report.persons:
            party = owners[person.account].partition("/")[2]
            sign = 1 if person.ledger == "receivable" else -1
            for item in person.items:
                key = party, item.currency
                found[key] = found.get(key, Decimal(0)) + sign * item.amounts.open
        return found

    def held_parties(self) -> set[str]:
        """The parties in Cin7 of which a voucher waits, or was left out."""
        with self.app.database.read() as db:
            waiting = [
                row
                for state in ("needs_human", "ignored")
                for row in vouchers.listed(db, self.name, state, 5_000)
            ]
        records = {**self.cin7.sales, **self.cin7.purchases}
        by_name = {id_.lower(): record for id_, record in records.items()}
        of = [by_name[row.record.partition("/")[2]] for row in waiting]
        return {str(record.get("CustomerID") or record["SupplierID"]).lower() for record in of}


def without_mapping(text: str) -> str:
    """A connection's text in which nothing is mapped yet."""
    before, _, rest = text.partition("[mapping]\n")
    kept = [part for part in rest.split("\n\n") if not part.lstrip().startswith(("[mapping", "[[mapping"))]
    plain = [line for line in kept[0].splitlines() if line.startswith(("supply", "own_rate"))]
    return "\n\n".join([before + "[mapping]\n" + "\n".join(plain), *kept[1:]])


@contextmanager
def cin7_rigs(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeRig]:
    """Makes a rig with so many records, its text changed as it is told to; released, or not yet."""
    with ExitStack() as stack:

        def made(
            records: int = 1, change: Callable[[str], str] = str, *, released: bool = True
        ) -> Cin7FlowRig:
            clock = Clock()
            cin7 = Cin7StandIn(Options(records=records, clock=clock))
            datev = DatevStandIn(Options(received=tmp_path / "received", clock=clock))
            urls = {one.name: stack.enter_context(served(one.app)) for one in (cin7, datev)}
            # Nobody asks it: the connection has another source.
            unused = PipedriveStandIn(Options(records=0, clock=clock))
            url = copied_sqlite(sqlite_template, tmp_path)
            app = stack.enter_context(
                opened(settings_of(tmp_path, url), lambda: datetime.fromtimestamp(clock(), UTC))
            )
            text = change(f'{connection_text("cin7", Scene(urls))}\n[master_data]\nsend = "off"\n')
            rig = Cin7FlowRig(app, StandIns(unused, datev, urls, clock), text, NAME, "cin7", cin7=cin7)
            rig.connect()
            rig.log_in()
            if released:
                rig.release()
            return rig

        yield made
