"""Whatever is booked: what is written is valid for DATEV's schemas and for our own checks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mlconnector.formats.dxso import (
    Books,
    Known,
    NotForDxso,
    check_package,
    freeze,
    not_for_dxso,
    thaw,
)
from mlconnector.formats.dxso.xml import parse
from mlconnector.model.entries import Entry
from tests.formats.dxso.examples import entry, files_of, guid, made, needs_xsd, package, schema_faults
from tests.formats.extf.examples import line

texts = st.text(max_size=140) | st.sampled_from(
    [
        "",
        "  ",
        "a\nb\r\nc",
        "\u202eRTL",
        "u\u0308ber",
        "🚀 Start",
        "Łódź – Kraków…",
        "]]>&<!--",
        "日本",
        "x" * 200,
    ]
)
amounts = st.decimals("0.01", "9999999999.99", places=2).flatmap(
    lambda amount: st.sampled_from([amount, -amount])
)
rates = st.decimals("0", "99.99", places=2) | st.decimals("0", "200", places=4)
vat_ids = (
    st.sampled_from(["", "ATU12345678", "gr 123.456.789", "FR", "EL", "XI", "QQ", "DE1", "X" * 20]) | texts
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any entry, of which DXSO can carry most."""
    length = 4
    ledger = draw(st.sampled_from(["receivable", "payable"]))
    person = draw(st.integers(10_000, 69_999) if ledger == "receivable" else st.integers(70_000, 99_999))
    lines = st.builds(
        line,
        account=st.just(str(person)),
        contra_account=st.integers(1, 9999).map(lambda number: f"{number:0{length}}"),
        amount=amounts,
        tax_rate=rates,
        tax_key=st.sampled_from(["", "0", "9", "0003", "501", "9999"]),
        text=texts,
        cost_centre_1=texts.filter(lambda text: len(text) <= 36),
        cost_centre_2=st.sampled_from(["", "Halle 3", " x\ty "]),
        eu_vat_id=vat_ids,
        eu_rate=st.none() | rates,
        origin_vat_id=vat_ids,
        origin_rate=st.none() | rates,
    )
    currency, rate = draw(
        st.just(("EUR", None))
        | st.tuples(
            st.sampled_from(["CHF", "JPY", "IDR", "KWD", "USD"]),
            st.decimals("0.00000001", "30000", allow_nan=False, allow_infinity=False),
        )
    )
    dates = st.dates(date(1753, 1, 1), date(9999, 12, 31))
    return entry(
        *draw(st.lists(lines, min_size=1, max_size=5)),
        number=draw(texts),
        document_date=draw(st.dates(date(2026, 11, 1), date(2026, 11, 30)) | dates),
        due_date=draw(st.none() | st.dates()),
        service_date=draw(st.none() | st.dates()),
        payment_terms=draw(st.sampled_from(["", "9", "10", "0010", "1000", "x"])),
        document=draw(st.none() | st.just(guid("1"))),
        kind=draw(st.sampled_from(["original", "reversal"])),
        turn=draw(st.integers(1, 3)),
        currency=currency,
        exchange_rate=rate,
        ledger=ledger,
        party_id=draw(texts),
        party_name=draw(texts),
        party_city=draw(texts),
    )


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(entries())
def test_what_can_be_carried_is_valid_and_what_cannot_is_refused(booked: Entry) -> None:
    if not_for_dxso(booked, account_length=4):
        with pytest.raises(NotForDxso):
            made(booked)
        return
    whole = package([booked])
    assert thaw(freeze(whole)) == whole
    files = files_of(whole)
    books = Books(4, (date(booked.document_date.year, 1, 1), date(booked.document_date.year, 12, 31)))
    known = Known(
        "29098-55003", booked.ledger, whole.month, ["Ausgangsrechnungen", "Eingangsrechnungen"], books
    )
    assert list(check_package(files, known)) == []
    amounts_written = [Decimal(each.text or "") for each in parse(made(booked).content).iter("{*}amount")]
    sign = 1 if booked.ledger == "receivable" else -1
    assert amounts_written == [sign * each.amount for each in booked.lines]


@needs_xsd
@settings(deadline=None, max_examples=50)
@given(entries())
def test_what_may_go_is_what_datevs_schemas_describe(booked: Entry) -> None:
    assume(not not_for_dxso(booked, account_length=4))
    assert schema_faults(files_of(package([booked]))) == []


@settings(deadline=None, max_examples=100)
@given(st.lists(entries(), min_size=2, max_size=2, unique_by=lambda each: each.content_key))
def test_different_entries_are_different_files(pair: list[Entry]) -> None:
    assume(not any(not_for_dxso(each, account_length=4) for each in pair))
    files = [made(each) for each in pair]
    assert files[0].name != files[1].name
    assert all(file.name.isascii() and len(file.name) <= 255 for file in files)
