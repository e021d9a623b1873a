"""Retainage (Sicherheitseinbehalt): the supply is booked whole, and what is kept back falls due later."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from mlconnector.flow.decide.rows import rows_of, unsuitable
from mlconnector.mapping.because import explained
from mlconnector.mapping.booking import decide
from mlconnector.mapping.down_payments import invoiced_lines
from mlconnector.mapping.drafts import Ignored, entry
from mlconnector.mapping.open_items import open_items
from mlconnector.mapping.postings import postings, tax_differences
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, reversed_entry
from mlconnector.model.vouchers import DownPayment, Instalment, Kind, Retained, Voucher
from tests.mapping.builders import (
    booked,
    buying,
    cases,
    cleared,
    draft,
    keys,
    line,
    payment,
    problems,
    purchase,
    rules,
    voucher,
)

LATE = date(2031, 7, 14)
ACCOUNTS = {"payable": "1701", "receivable": "1501"}
BY = buying(retainage=ACCOUNTS)


def kept(withheld: str = "0", released: str = "0", due_date: date | None = None) -> Retained:
    return Retained(withheld=Decimal(withheld), released=Decimal(released), due_date=due_date)


def bill(withheld: str = "0", released: str = "0", due_date: date | None = None, **facts: Any) -> Voucher:
    """A supplier's bill over 1190.00."""
    return purchase(line("1000"), retained=kept(withheld, released, due_date), **facts)


def release(amount: str = "119", **facts: Any) -> Voucher:
    """A bill that supplies nothing and releases what was kept back before."""
    return replace(purchase(), **{"lines": (), "retained": kept(released=amount), **facts})


def made(of: Voucher, by: Rules = BY) -> Entry:
    return entry(draft(of, by), person="70001", document=None, revision="r1", turn=1)


class TestWhatIsKeptBack:
    def test_is_cost_and_moves_to_its_own_account(self) -> None:
        assert booked(bill("119"), BY) == [("3400", "", "-1190.00"), ("1701", "", "119.00")]
        assert cases(bill("119"), BY) == ["input_tax_19", "retainage"]

    def test_falls_due_on_its_own_day(self) -> None:
        assert [one.due_date for one in made(bill("119", due_date=LATE)).lines] == [None, LATE]

    def test_leaves_open_what_falls_due_now(self) -> None:
        item = open_items([made(bill("119"))])["RE-1"]
        assert (item.amount, item.euro) == (Decimal("-1071.00"), Decimal("-1071.00"))

    def test_by_a_customer_goes_the_other_way(self) -> None:
        sale = voucher(line("1000"), retained=kept("119"))
        assert booked(sale, BY) == [("8400", "", "1190.00"), ("1501", "", "-119.00")]

    def test_leaves_the_tax_of_the_supply_alone(self) -> None:
        entry = made(bill("119"))
        assert tax_differences(bill("119"), entry, BY) == ()
        legs = [(one.account, one.side, one.amount, one.part) for one in postings(entry, BY)]
        assert legs[-2:] == [
            ("70001", "S", Decimal("119.00"), "gross"),
            ("1701", "H", Decimal("119.00"), "gross"),
        ]

    def test_is_no_part_of_the_invoice(self) -> None:
        lines, off = invoiced_lines(draft(bill("119"), BY), whole=True)
        assert ([one.contra_account for one in lines], off) == (["3400"], ())

    def test_is_in_the_currency_of_the_document(self) -> None:
        swiss = bill("119", currency="CHF", exchange_rate=Decimal("0.95"))
        assert [(one.currency, one.exchange_rate) for one in made(swiss).lines] == [("", None), ("", None)]

    def test_may_be_all_of_it_and_no_more(self) -> None:
        assert booked(bill("1190"), BY)[1] == ("1701", "", "1190.00")
        assert keys(bill("1190.01"), BY) == ["retainage_unclear"]

    def test_of_nothing_changes_nothing(self) -> None:
        assert booked(bill(), BY) == [("3400", "", "-1190.00")]

    def test_is_taken_back_with_the_rest(self) -> None:
        back = reversed_entry(made(bill("119")), revision="r2", turn=2)
        assert [(one.contra_account, f"{one.amount:f}") for one in back.lines] == [
            ("3400", "1190.00"),
            ("1701", "-119.00"),
        ]
        assert open_items([made(bill("119")), back])["RE-1"].amount == 0

    def test_says_where_it_comes_from(self) -> None:
        said = {one.field: one for one in explained(made(bill("119", due_date=LATE)), 2)}
        assert (said["account"].rule, said["account"].facts["setting"]) == (
            "setting",
            "mapping.retainage.payable",
        )
        assert (said["amount"].rule, said["tax_key"].rule) == ("retainage_withheld", "no_key_on_kept_back")
        assert said["due_date"].value == "2031-07-14"

    def test_is_written_beside_the_supply_under_one_number(self) -> None:
        rows = rows_of(made(bill("119", due_date=LATE)), BY.books).rows
        named = [(row["Belegfeld 1"], row["Soll/Haben-Kennzeichen"], row.get("Fälligkeit")) for row in rows]
        assert named == [("RE-1", "H", None), ("RE-1", "S", LATE)]


class TestARelease:
    def test_moves_back_without_cost_or_tax(self) -> None:
        assert booked(release(), BY) == [("1701", "", "-119.00")]
        assert cases(release(), BY) == ["retainage"]

    def test_that_is_not_clear_shows_nought_without_a_sign(self) -> None:
        (problem,) = problems(release(requests_down_payment=True), BY)
        assert problem.facts["gross"] == "0"

    def test_with_lines_of_nothing_is_the_same(self) -> None:
        assert booked(release(lines=(line("0"), line("0"))), BY) == [("1701", "", "-119.00")]

    @pytest.mark.parametrize("stated", ["0", "119"])
    def test_may_state_nothing_or_what_it_pays_as_its_total(self, stated: str) -> None:
        assert booked(release(stated_total=Decimal(stated)), BY) == [("1701", "", "-119.00")]

    def test_that_states_another_total_waits(self) -> None:
        (problem,) = problems(release(stated_total=Decimal(120)), BY)
        assert (problem.key, problem.facts["stated"]) == ("retainage_unclear", "120")

    def test_beside_a_supply_makes_three_lines(self) -> None:
        assert booked(bill("119", "50"), BY) == [
            ("3400", "", "-1190.00"),
            ("1701", "", "119.00"),
            ("1701", "", "-50.00"),
        ]

    def test_to_a_supplier_is_open_under_its_own_number(self) -> None:
        assert open_items([made(release())])["RE-1"].amount == Decimal("-119.00")

    def test_by_a_customer_goes_the_other_way(self) -> None:
        sale = replace(voucher(), lines=(), retained=kept(released="119"))
        assert booked(sale, BY) == [("1501", "", "119.00")]

    def test_needs_what_every_document_needs(self) -> None:
        assert keys(release(number=None, party=None), BY) == ["party_missing", "number_missing"]
        assert keys(release(currency="CHF"), BY) == ["exchange_rate_missing"]

    def test_of_nothing_is_ignored(self) -> None:
        assert decide(release("0"), BY) == Ignored("zero_value")


class TestWhatIsUnclearWaits:
    @pytest.mark.parametrize(
        "facts",
        [
            {"retained": kept("-1")},
            {"retained": kept("119", "-1")},
            {"retained": kept("119"), "requests_down_payment": True},
            {
                "retained": kept("119"),
                "down_payments": (
                    DownPayment(amount=Decimal(119), number="A-1", tax_rate=Decimal(19), paid=True),
                ),
            },
            {
                "retained": kept(released="119"),
                "instalments": (Instalment(amount=Decimal(1190), due_date=LATE),),
            },
            {"retained": kept("10"), "lines": (line("-1000"),)},
            {"retained": kept("10"), "lines": ()},
        ],
    )
    def test_with_its_amounts(self, facts: dict[str, Any]) -> None:
        (problem,) = problems(replace(purchase(line("1000")), **facts), BY)
        assert problem.cause == "retainage_unclear:number=RE-1"

    def test_as_a_credit_note_of_which_something_is_kept_back(self) -> None:
        credit = purchase(line("-1000"), kind=Kind.CREDIT_NOTE, retained=kept("10"))
        assert keys(credit, BY) == ["retainage_unclear"]

    def test_as_long_as_nobody_has_named_the_account(self) -> None:
        (problem,) = problems(bill("119"), buying())
        assert problem.cause == "retainage_account_missing:direction=purchase"
        assert problem.facts["setting"] == "payable"
        assert keys(release(), buying(retainage={"receivable": "1501"})) == ["retainage_account_missing"]

    def test_where_a_booking_suggestion_would_have_to_carry_it(self) -> None:
        found = unsuitable(made(bill("119", due_date=LATE)), BY)
        assert found is not None
        assert found.key == "kept_back_not_for_dxso"


@pytest.mark.parametrize("number", ["1600", "1576", "3400"])
def test_its_account_is_an_ordinary_one(number: str) -> None:
    with pytest.raises(ValidationError, match="name an account for what is kept back"):
        rules(retainage={"payable": number})


def test_skonto_on_the_bill_is_on_its_supply() -> None:
    """What is kept back changes neither the tax case of Skonto nor its part."""
    item = open_items([made(bill("119"))])
    paid = payment(cleared("RE-1", "1051", "20"), direction="purchase")
    decision = decide(paid, buying(retainage=ACCOUNTS, payments={"default": "1200"}), cleared=item)
    assert [(one.contra_account, one.tax_rate) for one in decision.lines] == [  # type: ignore[union-attr]
        ("1200", Decimal(0)),
        ("3736", Decimal(19)),
    ]
