"""Customers of Dynamics are kept in step as debtors in DATEV, before or without an invoice.

Everything between the two stand-ins is the real way: change tracking, intake, numbers, files, jobs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlconnector.app import opened
from mlconnector.commands.demonstration import Scene, connection_text, secrets_text
from mlconnector.flow.access import connecting
from mlconnector.flow.connection import read_connection
from mlconnector.formats.extf import BOOKINGS, MASTER_DATA
from mlconnector.formats.naming import delivery_id
from mlconnector.standins.base import Clock, Options
from mlconnector.standins.datev import DatevStandIn
from mlconnector.standins.dynamics import DynamicsStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.store import inbox
from mlconnector.systems.source import Delivery
from tests.conformance.doors import served
from tests.databases import copied_sqlite
from tests.flow.master_data import difference, files, kinds, let_go, sent_rows, states
from tests.flow.rig import Rig, StandIns, settings_of

NAME = "demo-dynamics"
FIRST = "40000"
NEW = {"name": "Neukunde AG", "address1_city": "Kiel", "address1_country": "Deutschland"}
OWN_NUMBERS = 'debtor_number = ["account.new_debtornumber", "contact.new_debtornumber"]\n'
TRACKED, ALL = 'customers = "tracked"', 'send = "changes"\nparties = "all"'


@dataclass
class DynamicsRig(Rig):
    """The rig with Dynamics as its source."""

    dynamics: DynamicsStandIn = field(kw_only=True)

    def connect(self, text: str | None = None) -> None:
        """Set the connection up, or change its settings."""
        self.text = self.text if text is None else text
        tables = tomllib.loads(secrets_text("dynamics"))
        secrets = {f"{system}.{key}": value for system, rows in tables.items() for key, value in rows.items()}
        connecting.connect(self.services, read_connection(self.text, "the test's connection"), secrets)

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
            inbox.keep(db, key, self.name, body, hint.external_ids, self.services.now())
        run = self.begin("webhook")
        self.read_hints(run)
        self.book(run)
        self.freeze()
        self.transfer()


MakeRig = Callable[[str, str], DynamicsRig]


@pytest.fixture
def make_dynamics_rig(tmp_path: Path, sqlite_template: Path) -> Iterator[MakeRig]:
    """Makes a rig with one invoice, further lines of `[source]` and the lines of `[master_data]`."""
    with ExitStack() as stack:

        def made(source: str, master_data: str) -> DynamicsRig:
            clock = Clock()
            dynamics = DynamicsStandIn(Options(records=1, clock=clock))
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
                dynamics=dynamics,
            )
            rig.connect()
            rig.log_in()
            return rig

        yield made


def test_a_new_account_without_an_invoice_reaches_datev_as_a_debtor(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, ALL)
    rig.work()
    vouchers, before = rig.states(), rig.names()
    rig.dynamics.add_record("account", **NEW)
    rig.work()
    (number,) = rig.names().keys() - before.keys()
    row = sent_rows(rig)[-1]
    assert (row["Konto"], row["Name (Adressattyp Unternehmen)"]) == (number, "Neukunde AG")
    assert (row["Ort"], row["Land"]) == ("Kiel", "DE")
    assert kinds(rig) == [MASTER_DATA, BOOKINGS, MASTER_DATA]
    assert rig.states() == vouchers
    assert set(states(rig).values()) == {"sent"}


def test_its_first_invoice_is_booked_on_the_number_that_it_has(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, ALL)
    rig.work()
    before = rig.names()
    new = rig.dynamics.add_record("account", **NEW)["accountid"]
    rig.work()
    (number,) = rig.names().keys() - before.keys()
    copy = rig.dynamics.copy_invoice(1, billto_line1="Baustelle 3", billto_city="Ulm")
    rig.dynamics.change_customer(copy["invoiceid"], ("account", new))
    rig.work()
    booked = [row for file in files(rig, BOOKINGS) for row in file.rows]
    assert {row["Konto"] for row in booked if row["Belegfeld 1"] == copy["invoicenumber"]} == {number}
    assert set(states(rig).values()) == {"sent"}, "the address on the invoice is none of the customer's"


def test_a_webhook_is_enough(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, ALL)
    rig.work()
    rig.told("account", rig.dynamics.add_record("account", **NEW)["accountid"])
    assert "Neukunde AG" in rig.names().values()


def test_a_changed_name_waits_for_consent(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, 'send = "changes"')
    rig.work()
    assert set(states(rig).values()) == {"sent"}
    rig.dynamics.change_record("account", rig.customer(), name="Anders GmbH")
    rig.work()
    assert states(rig) == {FIRST: "waiting"}
    changed = {column: after for column, _, after in difference(rig, FIRST).fields}
    assert changed == {"Name (Adressattyp Unternehmen)": "Anders GmbH", "Kurzbezeichnung": "Anders GmbH"}
    assert let_go(rig, FIRST)
    rig.work()
    assert rig.names() == {FIRST: "Anders GmbH"}


def test_who_has_no_booking_is_not_sent_unless_all_are_wanted(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, 'send = "changes"')
    rig.dynamics.add_record("account", **NEW)
    rig.work()
    assert set(rig.names()) == {FIRST}


def test_one_that_was_deleted_changes_nothing(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig(TRACKED, ALL)
    new = rig.dynamics.add_record("account", **NEW)["accountid"]
    rig.work()
    before = rig.names(), rig.states(), states(rig), rig.causes()
    rig.dynamics.environment.remove("account", new)
    rig.work()
    assert (rig.names(), rig.states(), states(rig), rig.causes()) == before
    assert "Neukunde AG" in rig.names().values()


def test_without_tracking_nothing_is_noticed_before_the_next_invoice(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig("", ALL)
    rig.work()
    before = rig.names()
    rig.dynamics.add_record("account", **NEW)
    rig.dynamics.change_record("account", rig.customer(), name="Anders GmbH")
    rig.work()
    assert rig.names() == before
    assert states(rig) == {FIRST: "sent"}


def test_following_customers_from_now_on_books_nothing_anew(make_dynamics_rig: MakeRig) -> None:
    rig = make_dynamics_rig("", 'send = "changes"')
    rig.dynamics.change_invoice(1, billto_line1="Baustelle 3", billto_city="Ulm")
    rig.work()
    booked = len(files(rig, BOOKINGS))
    rig.connect(rig.text.replace("[source]\n", f"[source]\n{TRACKED}\n"))
    rig.work()
    assert len(files(rig, BOOKINGS)) == booked
    assert states(rig) == {FIRST: "waiting"}
    assert {column for column, _, _ in difference(rig, FIRST).fields} == {"Straße", "Ort"}
