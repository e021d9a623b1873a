"""Charts, confirmations and reserved numbers as the database keeps them, on both kinds of it."""

from __future__ import annotations

from datetime import date

from mlconnector.store import accounts, chart_accounts, confirmations
from mlconnector.store.chart_accounts import ChartAccount
from mlconnector.store.confirmations import Confirmation
from mlconnector.store.database import Database
from tests.clock import Clock

CLIENT, OTHER = "29098-55003", "29098-55004"
REVENUE = ChartAccount("8400", "Erlöse", "automatic", "domestic_19")
OFFICE = ChartAccount("0420", "Büro", "none", "")


def test_a_chart_is_kept_for_its_client_with_who_and_when(connected: Database, clock: Clock) -> None:
    with connected.write() as db:
        chart_accounts.put(db, CLIENT, [REVENUE, OFFICE], "erika", clock())
    with connected.read() as db:
        kept = chart_accounts.read(db, CLIENT)
        assert [one.content for one in kept.values()] == [OFFICE.content, REVENUE.content]
        assert (kept["8400"].changed_by, kept["8400"].changed_at) == ("erika", clock())
        assert chart_accounts.read(db, OTHER) == {}


def test_accounts_are_taken_out_of_the_chart_of_their_client_alone(connected: Database, clock: Clock) -> None:
    with connected.write() as db:
        for client in (CLIENT, OTHER):
            chart_accounts.put(db, client, [REVENUE, OFFICE], "erika", clock())
        chart_accounts.remove(db, CLIENT, ["8400"])
        assert set(chart_accounts.read(db, CLIENT)) == {"0420"}
        assert set(chart_accounts.read(db, OTHER)) == {"0420", "8400"}


def test_the_stamp_of_a_chart_changes_with_everything_that_is_done_to_it(
    connected: Database, clock: Clock
) -> None:
    stamps = []
    with connected.write() as db:
        stamps.append(chart_accounts.stamp(db, CLIENT))
        chart_accounts.put(db, CLIENT, [REVENUE, OFFICE], "a", clock())
        stamps.append(chart_accounts.stamp(db, CLIENT))
        chart_accounts.put(db, CLIENT, [OFFICE], "b", clock.advance(1))
        stamps.append(chart_accounts.stamp(db, CLIENT))
        chart_accounts.remove(db, CLIENT, ["8400"])
        stamps.append(chart_accounts.stamp(db, CLIENT))
    assert len(set(stamps)) == len(stamps)


def test_a_confirmation_takes_the_place_of_an_earlier_one(connected: Database, clock: Clock) -> None:
    first = Confirmation("account:8400", "aa", "Kanzlei", date(2026, 1, 31), "file", clock())
    later = Confirmation("account:8400", "bb", "Kanzlei", date(2026, 6, 30), "erika", clock.advance(1))
    with connected.write() as db:
        for one in (first, later):
            confirmations.put(db, CLIENT, one, {"number": "8400"})
    with connected.read() as db:
        assert confirmations.read(db, CLIENT) == {"account:8400": later}
        assert confirmations.read(db, OTHER) == {}


def test_uses_of_seeds_are_kept_for_each_connection(connected: Database, clock: Clock) -> None:
    with connected.write() as db:
        confirmations.note_used(db, "north", ["account:8400", "tax_case:domestic_19"], clock())
        confirmations.note_used(db, "north", ["account:8400"], clock())
    with connected.read() as db:
        assert confirmations.used(db, "north") == {"account:8400", "tax_case:domestic_19"}
        assert confirmations.used(db, "south") == frozenset()


def test_a_reserved_number_is_nobodys_until_it_is_bound(connected: Database, clock: Clock) -> None:
    with connected.write() as db:
        accounts.give(
            db,
            CLIENT,
            "north",
            {"list:10001": "10001", "7": "10002"},
            {"list:10001": "Muster GmbH"},
            clock(),
            ledger="receivable",
            origin="list",
            vat_ids={"list:10001": "DE123456789"},
        )
        assert accounts.reserved(db, CLIENT, ["10001", "10002"]) == {"10001": "Muster GmbH"}
        assert accounts.brought(db, CLIENT) == {"10001", "10002"}
        accounts.bind(db, CLIENT, "south", "9", "10001")
        accounts.bind(db, CLIENT, "south", "8", "10002")
    with connected.read() as db:
        assert accounts.reserved(db, CLIENT, ["10001"]) == {}
        assert accounts.given(db, CLIENT, "south", ["8", "9"], "receivable") == {"9": "10001"}
        kept = accounts.every(db, CLIENT)
        assert (kept["10001"].name, kept["10001"].vat_id) == ("Muster GmbH", "DE123456789")
        assert (kept["10002"].connection, kept["10002"].party) == ("north", "7")
