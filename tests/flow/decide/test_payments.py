"""Payments find the documents that they clear, whenever either of them comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.commands.demonstration import Scene
from mlconnector.flow.agree import holding
from mlconnector.flow.preview.preview import preview
from mlconnector.formats.names import voucher_id
from mlconnector.mapping.open_items import open_items
from mlconnector.model.entries import Entry, decode
from mlconnector.model.vouchers import Allocation, Kind, Party, Voucher
from mlconnector.store import entries
from mlconnector.systems.source import Page, Reading, Reference, Source
from tests.flow.conftest import MakeRig
from tests.flow.rig import DOMESTIC, EU_BUSINESS, FOREIGN_MONEY, Rig, bookings_only


@dataclass
class WithPayments:
    """The source of a rig that tells of payments too, as one does that knows the money as well."""

    source: Source
    payments: dict[str, Voucher] = field(default_factory=dict)

    def changes(self, since: str | None, position: str | None) -> Page:
        page = self.source.changes(since, position)
        return replace(page, references=(*(Reference(one) for one in self.payments), *page.references))

    def fetch(self, references: Sequence[Reference]) -> list[Reading]:
        ours = {one.external_id: self.payments.get(one.external_id) for one in references}
        others = iter(self.source.fetch([one for one in references if ours[one.external_id] is None]))
        return [
            next(others) if (paid := ours[one.external_id]) is None else Reading(one.external_id, paid)
            for one in references
        ]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


def with_payments(scene: Scene) -> str:
    text = bookings_only(scene).replace("[mapping]\n", "[mapping]\nexchange_rate_limit = 1000\n")
    return f'{text}\n[mapping.payments]\ndefault = "1200"\n'


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    return telling_of_payments(make_rig(FOREIGN_MONEY, text=with_payments))


def telling_of_payments(made: Rig) -> Rig:
    source = WithPayments(made.services.source(made.name))
    made.services.source = lambda name: source  # type: ignore[method-assign]  # a source of two
    return made


def invoice(rig: Rig, deal_id: int) -> Entry:
    return decode(rig.entries(deal_id)[-1].content)


def pay(rig: Rig, deal_id: int, amount: str, discount: str = "0", **facts: Any) -> None:
    """Let the source tell of a payment of a deal's invoice; the later one replaces the earlier."""
    external_id = facts.pop("external_id", f"Z{deal_id}")
    values: dict[str, Any] = {"currency": "EUR", "number": external_id, **facts}
    party = values.pop("party", None) or Party(external_id=party_of(rig, deal_id), name="Wer zahlt")
    rig.context.source.payments[external_id] = Voucher(  # type: ignore[attr-defined]  # as the fixture made it
        kind=Kind.PAYMENT,
        direction="sale",
        external_id=external_id,
        document_date=date(2026, 7, 30),
        party=party,
        lines=(),
        allocations=(Allocation(number=number(deal_id), amount=Decimal(amount), discount=Decimal(discount)),),
        **values,
    )


def party_of(rig: Rig, deal_id: int) -> str:
    reading = rig.context.source.fetch([Reference(str(deal_id))])[0]
    assert reading.voucher is not None
    assert reading.voucher.party is not None
    return reading.voucher.party.external_id


def number(deal_id: int) -> str:
    return f"RE-2026-{deal_id:05d}"


def bookings(rig: Rig, external_id: str) -> list[Entry]:
    with rig.app.database.read() as db:
        found = entries.of_voucher(db, voucher_id(rig.name, f"payment/{external_id}"))
    return [decode(row.content) for row in found]


def skonto(made: Entry) -> list[tuple[str, str, str]]:
    return [
        (one.contra_account, one.eu_vat_id[:2], f"{one.amount:f}")
        for one in made.lines
        if one.tax_case == "discount"
    ]


def difference(made: Entry) -> list[str]:
    return [one.contra_account for one in made.lines if one.tax_case == "exchange_difference"]


def test_skonto_goes_by_the_tax_case_of_the_invoice_that_is_booked(rig: Rig) -> None:
    rig.work()
    open_one = invoice(rig, EU_BUSINESS)
    pay(rig, EU_BUSINESS, f"{open_one.total - 20}", "20")
    rig.work()
    (made,) = bookings(rig, f"Z{EU_BUSINESS}")
    cases = {"eu_goods_vat_id": "8743", "eu_service_vat_id": "8742"}
    expected = cases[open_one.lines[0].tax_case]
    assert skonto(made) == [(expected, open_one.lines[0].eu_vat_id[:2], "-20.00")]
    assert rig.outside.sums()[number(EU_BUSINESS)] == 0


def test_invoice_and_payment_of_one_run_meet(rig: Rig) -> None:
    total = rig.outside.gross(EU_BUSINESS)
    pay(rig, EU_BUSINESS, f"{total - 20}", "20")
    rig.work()
    assert rig.outside.sums()[number(EU_BUSINESS)] == 0
    assert skonto(bookings(rig, f"Z{EU_BUSINESS}")[0])


def test_a_payment_that_waits_goes_on_when_its_invoice_is_booked(rig: Rig) -> None:
    pay(rig, EU_BUSINESS, "80", "20")
    rig.pipedrive.change_deal(EU_BUSINESS, status="open")
    rig.work()
    assert f"discount_case_unknown:number={number(EU_BUSINESS)}" in rig.causes()
    rig.pipedrive.change_deal(EU_BUSINESS, status="won")
    rig.work()
    assert skonto(bookings(rig, f"Z{EU_BUSINESS}")[0])
    assert not [one for one in rig.causes() if "discount" in one]


def foreign(rig: Rig) -> tuple[Entry, Decimal]:
    """The booked invoice in foreign money, and a rate at which the money is worth less."""
    made = invoice(rig, FOREIGN_MONEY)
    assert made.exchange_rate is not None
    return made, made.exchange_rate * Decimal("1.1")


def test_an_exchange_difference_is_worked_out_by_the_invoice_as_it_is_booked(rig: Rig) -> None:
    rig.work()
    made, rate = foreign(rig)
    pay(rig, FOREIGN_MONEY, f"{made.total}", currency=made.currency, exchange_rate=rate)
    rig.work()
    assert difference(bookings(rig, f"Z{FOREIGN_MONEY}")[0]) == ["2150"]


def test_each_part_payment_finds_what_those_before_have_left(rig: Rig) -> None:
    rig.work()
    made, rate = foreign(rig)
    facts: dict[str, Any] = {"currency": made.currency, "exchange_rate": rate}
    pay(rig, FOREIGN_MONEY, "10.01", external_id="Z-a", **facts)
    pay(rig, FOREIGN_MONEY, f"{made.total - Decimal('10.01')}", external_id="Z-b", **facts)
    rig.work()
    first, second = bookings(rig, "Z-a"), bookings(rig, "Z-b")
    with rig.app.database.read() as db:
        rows = entries.on_open_items(db, rig.context.settings.client, [number(FOREIGN_MONEY)])
    assert len(rows[number(FOREIGN_MONEY)]) == 3
    assert left([made, *first, *second]) == 0


def left(made: Sequence[Entry]) -> Decimal:
    return open_items(made)[number(FOREIGN_MONEY)].euro


def test_a_payment_of_an_invoice_that_is_corrected_is_corrected_too(make_any_rig: MakeRig) -> None:
    rig = telling_of_payments(make_any_rig(FOREIGN_MONEY, text=with_payments))
    rig.work()
    made, rate = foreign(rig)
    pay(rig, FOREIGN_MONEY, f"{made.total}", currency=made.currency, exchange_rate=rate)
    rig.work()
    (before,) = bookings(rig, f"Z{FOREIGN_MONEY}")
    rig.pipedrive.change_deal(FOREIGN_MONEY, custom_fields={"Wechselkurs": str(rate * 2)})
    rig.work()
    rig.work()
    after = bookings(rig, f"Z{FOREIGN_MONEY}")
    assert [one.kind for one in after] == ["original", "reversal", "original"]
    assert difference(before) == ["2150"]
    assert difference(after[-1]) == ["2660"]


def test_a_preview_shows_the_same(rig: Rig) -> None:
    total = rig.outside.gross(EU_BUSINESS)
    pay(rig, EU_BUSINESS, f"{total - 20}", "20")
    shown = {one.external_id: one for one in preview(rig.context, 100)}
    rig.work()
    (made,) = bookings(rig, f"Z{EU_BUSINESS}")
    (listed,) = shown[f"Z{EU_BUSINESS}"].entries
    assert [msgspec.structs.replace(one, account="") for one in listed.lines] == [
        msgspec.structs.replace(one, account="") for one in made.lines
    ]
    (again,) = preview(rig.context, 1, [f"Z{EU_BUSINESS}"])
    assert again.ignored == "unchanged"


def test_money_of_a_part_clears_the_debtor_of_the_invoice_whoever_paid(rig: Rig) -> None:
    rig.work()
    somebody = Party(external_id="person/777", name="Wer zahlt")
    pay(rig, DOMESTIC, "10", party=somebody)
    rig.work()
    (made,) = bookings(rig, f"Z{DOMESTIC}")
    assert made.lines[0].account == invoice(rig, DOMESTIC).lines[0].account


def test_a_payment_does_not_go_before_the_invoice_that_a_person_holds(rig: Rig) -> None:
    total = rig.outside.gross(EU_BUSINESS)
    pay(rig, EU_BUSINESS, f"{total - 20}", "20")
    run = rig.begin()
    rig.read(run)
    rig.book(run)
    assert bookings(rig, f"Z{EU_BUSINESS}")
    holding.hold(rig.context, [number(EU_BUSINESS)], "doubtful", "erika")
    rig.work()
    assert number(EU_BUSINESS) not in rig.outside.sums()
    assert bookings(rig, f"Z{EU_BUSINESS}") == []
    holding.let_go(rig.context, [number(EU_BUSINESS)], "", "erika")
    rig.work()
    assert rig.outside.sums()[number(EU_BUSINESS)] == 0
