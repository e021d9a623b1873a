"""A connection between stand-ins of Dynamics and DATEV; all between them is the real way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mlconnector.app import opened
from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.formats.names import delivery_id
from mlconnector.standins.base import Clock, Options
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.dynamics import DynamicsStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.store import hints
from mlconnector.systems.source import Delivery
from tests.conformance.doors import served
from tests.databases import copied_sqlite
from tests.flow.master_data import sent_rows
from tests.flow.rig import Rig, StandIns, settings_of

NAME = "demo-dynamics"
OWN_NUMBERS = 'debtor_number = ["account.new_debtornumber", "contact.new_debtornumber"]\n'


@dataclass
class DynamicsRig(Rig):
    """The rig with Dynamics as its source."""

    dynamics: DynamicsStandIn = field(kw_only=True)

    def names(self) -> dict[str, str]:
        """What DATEV has as name of each person account."""
        return {
            row["Konto"]: row["Name (Adressattyp Unternehmen)"] or row["Name (Adressattyp natürl. Person)"]
            for row in sent_rows(self)
        }

    def customer(self) -> str:
        """The id of the account that the first invoice names."""
        table, identity = self.dynamics.invoice(1)["customerid"]
        assert table == "account"
        return str(identity)

    def told(self, table: str, identity: str) -> None:
        """A webhook says that a record is new, and what it hints at is read."""
        body, headers = self.dynamics.record_delivery(table, identity, message="Create")
        delivery = Delivery({name.lower(): value for name, value in headers.items()}, body)
        hint = self.services.source(self.name).verify(delivery)
        with self.app.database.write() as db:
            key = delivery_id(self.name, None, identity)
            hints.keep(db, key, self.name, body, hint.external_ids, self.services.now())
        run = self.begin("webhook")
        self.read_hints(run)
        self.book(run)
        self.freeze()
        self.transfer()


MakeRig = Callable[..., DynamicsRig]


@contextmanager
def dynamics_rigs(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeRig]:
    """Makes a rig with further lines of `[source]`, the lines of `[master_data]`, and so many invoices."""
    with ExitStack() as stack:

        def made(source: str, master_data: str, records: int = 1) -> DynamicsRig:
            clock = Clock()
            dynamics = DynamicsStandIn(Options(records=records, clock=clock))
            datev = DatevStandIn(Options(received=tmp_path / "received", clock=clock))
            urls = {one.name: stack.enter_context(served(one.app)) for one in (dynamics, datev)}
            # Nobody asks it: the connection has another source.
            unused = PipedriveStandIn(Options(records=0, clock=clock))
            url = copied_sqlite(sqlite_template, tmp_path)
            app = stack.enter_context(
                opened(settings_of(tmp_path, url), lambda: datetime.fromtimestamp(clock(), UTC))
            )
            demo = connection_text("dynamics", Scene(urls))
            text = demo.replace("[source]\n", f"[source]\n{source}\n").replace(OWN_NUMBERS, "")
            rig = DynamicsRig(
                app,
                StandIns(unused, datev, urls, clock),
                f"{text}\n[master_data]\n{master_data}\n",
                NAME,
                "dynamics",
                dynamics=dynamics,
            )
            rig.connect()
            rig.log_in()
            rig.release()
            return rig

        yield made
