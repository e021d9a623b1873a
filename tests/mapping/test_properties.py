"""What holds for any voucher, from its lines to the bytes of the file: nothing is lost and nothing breaks."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from mlconnector.flow.agree.check_settings import of_rules
from mlconnector.flow.decide.rows import rows_of
from mlconnector.formats.extf import (
    REJECTED,
    Encoding,
    Header,
    NotBookable,
    ParsedRow,
    check,
    read,
    write,
)
from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft, entry
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, reversed_entry
from mlconnector.model.money import HUNDRED, ZERO, rounded
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Allocation, Kind, Line, Party, Voucher
from tests.formats.extf.examples import as_bytes, texts, unhurried
from tests.mapping.builders import rules

DAY = date(2026, 7, 14)
PERSONS = {"sale": "10001", "purchase": "70001"}
CENT = Decimal("0.01")
BY = {
    way: rules(
        {"credit_notes": way, "reversals": way, "due_date": due_date, "service_date": way == "swap"},
        default_expense=True,
        tax_case=[
            {"rate": 0, "region": "domestic", "case": "tax_free"},
            {"rate": 0, "region": "domestic", "case": "purchase_without_tax"},
        ],
        revenue=[{"product_code": "B", "account": "8200"}],
        expense=[{"product_code": "B", "account": "3200"}],
        cost_centre_1={"table": {"A": "100"}, "default": "900"},
    )
    for way, due_date in (("swap", "column"), ("generalumkehr", "document_field_2"))
}
PAYING = {
    discount: rules(payments={"default": "1200", "discount": discount}) for discount in ("accounts", "column")
}

encodings = st.sampled_from(["utf-8-bom", "windows-1252"])
ways = st.sampled_from(sorted(BY))
names = texts.filter(lambda text: bool(text.strip()))
money = st.decimals(min_value=-100_000, max_value=100_000, places=4)
# Such as have no reference rates, with which a rate would be compared; the last one has no cents.
currencies = st.one_of(
    st.just(("EUR", None)),
    st.tuples(st.sampled_from(["AED", "ARS", "CLP"]), st.decimals("0.2", "200", places=6)),
)
parties = st.builds(
    Party, external_id=texts.filter(bool), name=names, country=st.just("DE"), is_business=st.booleans()
)
lines = st.builds(
    Line,
    text=texts,
    amount=money,
    tax_method=st.sampled_from(["exclusive", "inclusive", "none"]),
    tax_rate=st.sampled_from([Decimal(19), Decimal(7), Decimal(0)]),
    product_code=st.sampled_from(["A", "B", None]),
    attributes=st.sampled_from([{}, {"cost_centre": "A"}, {"cost_centre": "?"}]),
)


@st.composite
def vouchers(draw: st.DrawFn) -> Voucher:
    """Any sale, purchase or credit note of July 2026 at home."""
    currency, rate = draw(currencies)
    own = tuple(draw(st.lists(lines, min_size=1, max_size=6)))
    credit = totals(own, currency).gross < ZERO
    return Voucher(
        kind=Kind.CREDIT_NOTE if credit else Kind.INVOICE,
        direction=draw(st.sampled_from(["sale", "purchase"])),
        external_id="815",
        number=draw(names),
        document_date=DAY,
        currency=currency,
        exchange_rate=rate,
        party=draw(parties),
        lines=own,
        refers_to=draw(st.none() | names),
        due_date=draw(st.none() | st.dates(DAY, date(2027, 12, 31))),
        service_date=draw(st.none() | st.dates(date(2026, 1, 1), date(2026, 7, 31))),
    )


@st.composite
def payments(draw: st.DrawFn) -> Voucher:
    """Any payment or refund with Skonto at the seeded rates."""
    sign = draw(st.sampled_from([1, -1]))
    amounts = st.decimals("1", "100000", places=2)
    cleared = [
        Allocation(
            number=number,
            amount=sign * amount,
            discount=ZERO if number is None else sign * draw(st.decimals("0", "0.9", places=2)),
            discount_rate=draw(st.sampled_from([Decimal(19), Decimal(7)])),
        )
        for number, amount in draw(st.lists(st.tuples(st.none() | names, amounts), min_size=1, max_size=4))
    ]
    return Voucher(
        kind=Kind.PAYMENT,
        direction=draw(st.sampled_from(["sale", "purchase"])),
        external_id="Z-1",
        number=draw(names),
        document_date=DAY,
        currency="EUR",
        party=draw(parties),
        lines=(),
        allocations=tuple(cleared),
    )


def booked(voucher: Voucher, by: Rules) -> Entry:
    """The entry of a voucher; those that book nothing are left out."""
    decision = decide(voucher, by)
    assume(isinstance(decision, Draft))
    assert isinstance(decision, Draft)
    return entry(decision, person=PERSONS[voucher.direction], document=None, revision="r1", turn=1)


def content(made: Entry, by: Rules, encoding: Encoding = "utf-8-bom") -> bytes:
    """The file with the rows of one entry; what DATEV cannot express is left out."""
    header = Header(
        created_at=datetime.fromisoformat("2026-07-31T12:34:56.789"),
        consultant=29098,
        client=55003,
        fiscal_year_start=date(2026, 1, 1),
        account_length=by.books.account_length,
        date_from=date(2026, 7, 1),
        date_to=date(2026, 7, 31),
        chart="03",
    )
    try:
        rows = rows_of(made, by.books).rows
    except NotBookable:
        assume(False)
    return write(header, rows, encoding=encoding).content


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def signed(row: ParsedRow) -> Decimal:
    amount = number(row["Umsatz (ohne Soll/Haben-Kz)"])
    return amount if row["Soll/Haben-Kennzeichen"] == "S" else -amount


def by_rate(voucher: Voucher) -> dict[Decimal, Decimal]:
    """Gross of the lines at each tax rate, as the document has it."""
    found: dict[Decimal, list[Line]] = defaultdict(list)
    for line in voucher.lines:
        found[ZERO if line.tax_method == "none" else line.tax_rate].append(line)
    return {rate: totals(group, voucher.currency).gross for rate, group in found.items()}


@unhurried
@given(vouchers(), ways, encodings)
def test_the_rows_add_up_to_the_documents_gross_and_at_each_rate_to_its_share(
    voucher: Voucher, way: str, encoding: Encoding
) -> None:
    made = booked(voucher, BY[way])
    rows = list(read(content(made, BY[way], encoding)).rows)
    sign = 1 if voucher.direction == "sale" else -1
    assert sign * sum(map(signed, rows), ZERO) == totals(voucher.lines, voucher.currency).gross
    shares: dict[Decimal, Decimal] = defaultdict(Decimal)
    for line, row in zip(made.lines, rows, strict=True):
        shares[line.tax_rate] += sign * signed(row)
    for rate, gross in by_rate(voucher).items():
        assert shares[rate] == gross


@unhurried
@given(vouchers(), ways)
def test_the_tax_that_datev_works_out_is_the_documents_but_for_a_cent_for_each_rounding(
    voucher: Voucher, way: str
) -> None:
    made = booked(voucher, BY[way])
    assume(voucher.currency == "EUR")
    sign = 1 if voucher.direction == "sale" else -1
    for rate in (Decimal(19), Decimal(7)):
        own = [one for one in voucher.lines if one.tax_rate == rate and one.tax_method != "none"]
        rows = [sign * line.amount for line in made.lines if line.tax_rate == rate]
        worked_out = sum((rounded(gross * rate / (HUNDRED + rate)) for gross in rows), ZERO)
        roundings = len(rows) + len({one.tax_method for one in own})
        assert abs(worked_out - totals(own, "EUR").tax) <= CENT * roundings


@unhurried
@given(vouchers(), ways, st.integers(-5, 5))
def test_a_total_that_differs_by_cents_is_what_is_booked(voucher: Voucher, way: str, cents: int) -> None:
    assume(voucher.currency == "EUR")
    stated = totals(voucher.lines, "EUR").gross + cents * CENT
    assume(stated != ZERO and (voucher.kind != Kind.CREDIT_NOTE or stated < ZERO))
    made = booked(msgspec.structs.replace(voucher, stated_total=stated), BY[way])
    assert made.total == (stated if voucher.direction == "sale" else -stated)


@unhurried
@given(vouchers(), ways)
def test_in_euro_the_rows_add_up_to_the_converted_total(voucher: Voucher, way: str) -> None:
    made = booked(voucher, BY[way])
    assume(made.exchange_rate is not None)
    assert made.exchange_rate is not None
    sides = {"S": 1, "H": -1}
    rows = read(content(made, BY[way])).rows
    euro = sum((sides[row["Soll/Haben-Kennzeichen"]] * number(row["Basis-Umsatz"]) for row in rows), ZERO)
    assert euro == rounded(made.total / made.exchange_rate)


@unhurried
@given(vouchers(), ways, encodings)
def test_what_is_written_is_read_and_written_again_as_the_same_bytes(
    voucher: Voucher, way: str, encoding: Encoding
) -> None:
    written = content(booked(voucher, BY[way]), BY[way], encoding)
    file = read(written)
    assert as_bytes(file) == written
    again = write(file.header, [row.values() for row in file.rows], encoding=encoding)
    assert (again.content, again.changes) == (written, ())


@unhurried
@given(vouchers(), ways, encodings)
def test_whatever_people_write_datev_would_not_refuse_the_file(
    voucher: Voucher, way: str, encoding: Encoding
) -> None:
    made = booked(voucher, BY[way])
    written = content(made, BY[way], encoding)
    assert len(list(read(written).rows)) == len(made.lines)
    found = check(written, settings=of_rules(BY[way]))
    assert [one for one in found if one.severity in REJECTED] == []


@unhurried
@given(vouchers(), ways)
def test_what_was_booked_is_taken_back_to_nothing(voucher: Voucher, way: str) -> None:
    made = booked(voucher, BY[way])
    back = reversed_entry(made, revision="r2", turn=2)
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for one in (made, back):
        for row in read(content(one, BY[way])).rows:
            balances[row["Konto"]] += signed(row)
            balances[row["Gegenkonto (ohne BU-Schlüssel)"]] -= signed(row)
    assert set(balances.values()) <= {ZERO}


@unhurried
@given(payments(), st.sampled_from(sorted(PAYING)), encodings)
def test_the_rows_of_a_payment_add_up_to_money_and_skonto(
    voucher: Voucher, discount: str, encoding: Encoding
) -> None:
    written = content(booked(voucher, PAYING[discount]), PAYING[discount], encoding)
    rows = list(read(written).rows)
    sign = -1 if voucher.direction == "sale" else 1
    taken = sum((number(row["Skonto"] or "0") * (1 if signed(row) > 0 else -1) for row in rows), ZERO)
    allocated = sum((one.amount + one.discount for one in voucher.allocations), ZERO)
    assert sign * (sum(map(signed, rows), ZERO) + taken) == allocated
    bank = [signed(row) for row in rows if row["Gegenkonto (ohne BU-Schlüssel)"] == "1200"]
    assert sign * sum(bank, ZERO) == sum((one.amount for one in voucher.allocations), ZERO)
    assert [
        one for one in check(written, settings=of_rules(PAYING[discount])) if one.severity in REJECTED
    ] == []
    assert as_bytes(read(written)) == written


@unhurried
@given(vouchers(), ways)
def test_the_same_voucher_gives_the_same_bytes(voucher: Voucher, way: str) -> None:
    first, second = (content(booked(voucher, BY[way]), BY[way]) for _ in range(2))
    assert first == second
