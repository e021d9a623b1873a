"""Headers, entries and files that the EXTF tests share, and strategies that make more of them."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from mlconnector.formats.extf import BookingRows, ExtfFile, Header, booking_rows, person_row, write
from mlconnector.formats.extf.lines import BYTE_ORDER_MARKS, CODECS
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.vouchers import Party

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
SAMPLES = "extf/samples/datev-official-normalised-cp1252-crlf"
ACCOUNT_LENGTH = 4
# other work on the same machine must not fail a test
unhurried = settings(deadline=None, max_examples=60)
DOCUMENT = uuid.UUID("e0a08953-fbaa-4054-af36-993d5d68f040")


def header(**changed: Any) -> Header:
    """A header for July 2026; named fields can be changed."""
    fields: dict[str, Any] = {
        "created_at": datetime.fromisoformat("2026-07-31T12:34:56.789"),
        "consultant": 29098,
        "client": 55003,
        "fiscal_year_start": date(2026, 1, 1),
        "account_length": ACCOUNT_LENGTH,
        "date_from": date(2026, 7, 1),
        "date_to": date(2026, 7, 31),
        "label": "Rechnungen Juli 2026",
        "chart": "03",
        "origin": "MC",
        "application_information": "ml-connector",
    }
    return Header(**{**fields, **changed})


def master_data_header(**changed: Any) -> Header:
    """A header for Debitoren/Kreditoren."""
    plain: dict[str, Any] = {"category": 16, "date_from": None, "date_to": None, "label": "Debitoren"}
    return header(**{**plain, **changed})


def line(**changed: Any) -> EntryLine:
    """119 EUR from debtor 10001 on revenue account 8400."""
    fields: dict[str, Any] = {
        "account": "10001",
        "contra_account": "8400",
        "amount": Decimal("119.00"),
        "tax_case": "sale_domestic",
        "tax_rate": Decimal(19),
        "text": "Montage",
    }
    return EntryLine(**{**fields, **changed})


def entry(*lines: EntryLine, **changed: Any) -> Entry:
    """An invoice of 14 July 2026."""
    fields: dict[str, Any] = {
        "voucher": "invoice/1",
        "revision": "r1",
        "kind": "original",
        "turn": 1,
        "document_date": date(2026, 7, 14),
        "number": "RE-2026-0001",
        "currency": "EUR",
        "lines": lines or (line(),),
    }
    return Entry(**{**fields, **changed})


def booked(given: Entry, **options: Any) -> BookingRows:
    """The rows of an entry, without Festschreibung unless asked for."""
    chosen: dict[str, Any] = {"account_length": ACCOUNT_LENGTH, "festschreibung": False, **options}
    return booking_rows(given, **chosen)


def july() -> tuple[Entry, ...]:
    """What a small firm books in a month: one of each kind of thing."""
    return (
        entry(
            line(text="Montage Küche"),
            line(amount=Decimal("53.50"), contra_account="8300", text="Fachbuch", cost_centre_1="100"),
            due_date=date(2026, 8, 13),
            document=DOCUMENT,
        ),
        entry(
            line(amount=Decimal("-119.00"), text="Gutschrift zu RE-2026-0001"),
            voucher="credit_note/2",
            number="GU 2026.07/1",
            document_date=date(2026, 7, 20),
        ),
        entry(
            line(account="1200", contra_account="10001", amount=Decimal("172.50"), text="Zahlung"),
            voucher="payment/3",
            number="RE-2026-0001",
            document_date=date(2026, 7, 31),
        ),
        entry(
            line(amount=Decimal("1024.00"), account="10002", contra_account="8120", text="Export nach Basel"),
            voucher="invoice/4",
            number="RE-2026-0002",
            currency="CHF",
            exchange_rate=Decimal("0.953100"),
        ),
        entry(
            line(amount=Decimal("2000.00"), account="10003", contra_account="8125", eu_vat_id="ATU12345678"),
            voucher="invoice/5",
            number="RE-2026-0003",
            service_date=date(2026, 7, 10),
        ),
        entry(
            line(
                account="70001",
                contra_account="4980",
                amount=Decimal("-23.80"),
                tax_key="9",
                text="Büromaterial",
            ),
            voucher="direct_cost/6",
            number="4711",
        ),
    )


def bookings_file() -> bytes:
    """The month as a file; it has no findings."""
    rows = [row for each in july() for row in booked(each).rows]
    return write(header(), rows).content


def as_bytes(file: ExtfFile) -> bytes:
    """The bytes of a file that was read: the same ones, if nothing of it was lost."""
    text = "".join(record.text + record.ending for record in file.records)
    return BYTE_ORDER_MARKS.get(file.encoding, b"") + text.encode(CODECS[file.encoding])


def parties() -> tuple[tuple[Party, str], ...]:
    """A company, a person and somebody of whom only the name is known, with their accounts."""
    company = Party(
        external_id="c-1",
        name="Möbelhaus Straßer GmbH",
        is_business=True,
        vat_id="DE 133 546 770",
        country="DE",
        street="Nelkenweg 12",
        postal_code="90482",
        city="Nürnberg",
        email="buchhaltung@strasser.example",
    )
    person = Party(
        external_id="c-2", name="Erika Musterfrau", is_business=False, city="Köln", postal_code="50667"
    )
    return (company, "10001"), (person, "10002"), (Party(external_id="c-3", name="Laufkundschaft"), "10003")


def parties_file() -> bytes:
    """Those parties as a file; it has no findings."""
    rows = [person_row(party, account, customer_number=party.external_id).row for party, account in parties()]
    return write(master_data_header(), rows).content


texts = st.text(max_size=90) | st.sampled_from(
    [
        'Rohr 5"; lang',
        "a\nb\r\nc",
        "\u202eRTL",
        "u\u0308ber",
        "🚀 Start",
        "Łódź – Kraków…",
        '";";"',
        "日本",
        "x" * 80,
    ]
)
amounts = st.decimals("0.01", "99999.99", places=2).flatmap(lambda amount: st.sampled_from([amount, -amount]))
lines = st.builds(
    line,
    amount=amounts,
    account=st.integers(10_000, 99_999).map(str) | st.sampled_from(["1200", "1000"]),
    contra_account=st.sampled_from(["8400", "8300", "4980", "980"]),
    tax_key=st.sampled_from(["", "9", "40", "0003", "501"]),
    text=texts,
    cost_centre_1=st.sampled_from(["", "100", "Halle 3"]),
    eu_vat_id=st.sampled_from(["", "ATU12345678", "gr 123.456.789"]),
)
foreign_money = st.one_of(
    st.just(("EUR", None)),
    st.tuples(st.sampled_from(["CHF", "GBP", "USD"]), st.decimals("0.2", "200", places=6)),
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any entry of July 2026 that a file of the client can hold."""
    currency, rate = draw(foreign_money)
    # below 100 a foreign amount may round to nothing in EUR
    allowed = lines if currency == "EUR" else lines.filter(lambda each: abs(each.amount) > 100)
    return entry(
        *draw(st.lists(allowed, min_size=1, max_size=4)),
        number=draw(st.text(max_size=50)),
        document_date=draw(st.dates(date(2026, 7, 1), date(2026, 7, 31))),
        due_date=draw(st.none() | st.dates(date(2026, 7, 1), date(2027, 12, 31))),
        service_date=draw(st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31))),
        document=draw(st.none() | st.uuids()),
        kind=draw(st.sampled_from(["original", "reversal"])),
        currency=currency,
        exchange_rate=rate,
    )
