"""What somebody types to find a voucher, and what it means."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.flow.report.search import Search, Unreadable, amounts_of, period_of
from mlconnector.model.voucher_facts import VoucherFacts, facts_of
from mlconnector.model.vouchers import Allocation, encode
from mlconnector.store import connections, lookup, vouchers
from mlconnector.store.database import Database
from mlconnector.store.vouchers import Standing
from tests.mapping.builders import line, payment, voucher

NOW = datetime(2026, 7, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2026-07-15", date(2026, 7, 15), date(2026, 7, 15)),
        ("2026-07..2026-09", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-07..", date(2026, 7, 1), None),
        ("..2026-09-05", None, date(2026, 9, 5)),
    ],
)
def test_a_period_is_a_year_a_month_a_day_or_a_range(
    text: str, first: date | None, last: date | None
) -> None:
    assert period_of(text) == (first, last)


@pytest.mark.parametrize("text", ["", "..", "x", "2026-13", "2026-02-30", "2026-09..2026-07", "07.2026"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        period_of(text)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("119", "119", "119"),
        ("1.234,50", "1234.50", "1234.50"),
        ("1234.50", "1234.50", "1234.50"),
        ("-119,00", "119", "119"),
        ("100..200", "100", "200"),
        ("..200", None, "200"),
    ],
)
def test_an_amount_is_written_as_people_do_or_a_range(text: str, least: str | None, most: str | None) -> None:
    assert amounts_of(text) == (least and Decimal(least), most and Decimal(most))


@pytest.mark.parametrize("text", ["", "..", "abc", "1e30", "200..100", "1,2,3", "9" * 40])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        amounts_of(text)


@pytest.fixture
def known(database: Database) -> Database:
    """A credit note that stands in the books, and another document of nobody, of no day."""
    content = {"party": {"name": "Müller & Söhne  GmbH"}, "currency": "EUR", "stated_total": "-119.00"}
    with database.write() as db:
        connections.create(db, "north", "pipedrive", "29098-55003", "", NOW)
        for key, day, state in (("k", date(2026, 7, 15), "settled"), ("other", None, "needs_human")):
            row: Any = {"id": key, "connection": "north", "kind": "invoice", "record": key, "read_at": NOW}
            row |= {"revision": "r", "state": state, "changed_at": NOW, "document_date": day}
            own = ("815", "RÄ-2026-00815") if key == "k" else ("4711", None)
            vouchers.insert_vouchers(db, [row | {"external_id": own[0], "number": own[1]}])
        said = json.dumps(content, ensure_ascii=False)
        vouchers.insert_revisions(
            db, [{"voucher": "k", "revision": "r", "content": said, "received_at": NOW}]
        )
        vouchers.update_vouchers(db, [Standing(id="k", booked_entry="e", booked_revision="r")])
    return database


def meant(database: Database, wanted: Search) -> list[str]:
    with database.read() as db:
        return [row.id for row, _ in lookup.search(db, wanted.scope("north"))]


def test_a_voucher_is_meant_by_what_people_know_of_it(known: Database) -> None:
    for wanted in (
        Search(kind="invoice", state="settled"),
        Search(number="00815"),
        Search(number="rä-2026"),
        Search(number="815"),
        Search(customer="MÜLLER &  söhne gmbh"),
        Search(text="söhne"),
        Search(text="RÄ"),
        Search(amount="119,00"),
        Search(amount="..119"),
        Search(period="2026-07"),
    ):
        assert meant(known, wanted) == ["k"], wanted
    assert meant(known, Search(number="4711")) == ["other"], "what was never read has its id"
    assert sorted(meant(known, Search())) == ["k", "other"]


def test_a_voucher_is_not_meant_where_one_thing_is_otherwise(known: Database) -> None:
    for wanted in (
        Search(number="816"),
        Search(number="r%2026"),
        Search(customer="Maier"),
        Search(customer="00815"),
        Search(text="Maier"),
        Search(amount="100"),
        Search(amount="119,001"),
        Search(period="2026-08"),
        Search(state="sent"),
        Search(state="reversed"),
        Search(number="00815", customer="Maier"),
    ):
        assert meant(known, wanted) == [], wanted


def test_a_voucher_is_found_by_what_it_says_now_and_no_more_by_what_it_said(known: Database) -> None:
    said = '{"party": {"name": "Maier"}, "currency": "EUR", "stated_total": "50"}'
    again: Any = {"id": "k", "number": "RE-1", "document_date": None, "revision": "r2", "state": "received"}
    with known.write() as db:
        vouchers.insert_revisions(
            db, [{"voucher": "k", "revision": "r2", "content": said, "received_at": NOW}]
        )
        assert meant(known, Search(customer="maier")) == []
        vouchers.update_vouchers(db, [again | {"reason": "", "read_at": NOW, "changed_at": NOW}])
    for old, new in (("müller", "maier"), ("RÄ", "re-1")):
        assert (meant(known, Search(text=old)), meant(known, Search(text=new))) == ([], ["k"])
    assert (meant(known, Search(amount="119")), meant(known, Search(amount="50"))) == ([], ["k"])
    with known.write() as db:
        vouchers.update_vouchers(
            db, [again | {"revision": "r", "reason": "", "read_at": NOW, "changed_at": NOW}]
        )
    assert meant(known, Search(amount="119")) == ["k"], "a source may go back to what it said before"


def test_one_that_was_taken_back_is_found_as_such(known: Database) -> None:
    with known.write() as db:
        vouchers.update_vouchers(db, [Standing(id="k", booked_entry=None, booked_revision="r")])
    assert meant(known, Search(state="reversed")) == ["k"]


def test_the_amount_is_the_gross_that_people_see() -> None:
    shown = voucher(line("100"))
    assert facts_of(encode(shown).decode()).amount == Decimal("119.00")
    stated = voucher(line("100"), stated_total=Decimal("119.01"))
    assert facts_of(encode(stated).decode()).amount == Decimal("119.01")


def test_the_amount_of_a_payment_is_its_money() -> None:
    paid = payment(*(Allocation(number="RE-1", amount=Decimal(50)),) * 2)
    assert facts_of(encode(paid).decode()).amount == Decimal("100.00")


def test_a_voucher_that_was_never_read_has_neither_customer_nor_amount() -> None:
    assert facts_of(None) == VoucherFacts()


def test_more_digits_than_money_has_leave_a_list_readable() -> None:
    odd = voucher(line(str(10**27)))
    assert facts_of(encode(odd).decode()).amount is None
