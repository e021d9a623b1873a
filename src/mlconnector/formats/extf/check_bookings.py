"""Rules across the columns of one booking (category 21): companions, amounts, dates, tax key and accounts.

What repeats is worked out once: rules that look at which columns are filled once for each combination,
rules on accounts and tax key once for each pair of accounts with its key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from mlconnector.formats.extf.check_accounts import account_faults, key_faults
from mlconnector.formats.extf.client import PERSONS, ClientAccounts
from mlconnector.formats.extf.columns import Bookings, Column
from mlconnector.formats.extf.facts import HeaderFacts
from mlconnector.formats.extf.header import last_day
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.tax_keys import INDIVIDUAL, known_key

_FOREIGN = (Bookings.CURRENCY, Bookings.EXCHANGE_RATE, Bookings.BASE_AMOUNT, Bookings.BASE_CURRENCY)
_CONVERSION = _FOREIGN[1:]
_PAIRS = (
    *((pair, "EXTF-B-214") for pair in (*Bookings.DOCUMENT_INFORMATION, *Bookings.FURTHER_INFORMATION)),
    ((Bookings.PARTNER_BANK, Bookings.MANDATE), "EXTF-B-215"),
    ((Bookings.SERVICE_DATE, Bookings.TAX_PERIOD), "EXTF-B-218"),
)
_EU_PAIRS = ((Bookings.EU_VAT_ID, Bookings.EU_RATE), (Bookings.ORIGIN_VAT_ID, Bookings.ORIGIN_RATE))
_OPEN_ITEM_COLUMNS = frozenset(
    {
        Bookings.ITEM_BLOCK,
        Bookings.ADDRESS_NUMBER,
        Bookings.DUNNING,
        Bookings.INTEREST_BLOCK,
        Bookings.ITEM_BLOCK_UNTIL,
        Bookings.DUE_DATE,
    }
)
_KEY_49_COLUMNS = frozenset(Bookings.KEY_49)
_PREPAYMENT_COLUMNS = (
    Bookings.PREPAYMENT_KEY,
    Bookings.PREPAYMENT_COUNTRY,
    Bookings.PREPAYMENT_MATTER,
    Bookings.PREPAYMENT_RATE,
    Bookings.PREPAYMENT_ACCOUNT,
)
_COST_CENTRES = frozenset({Bookings.COST_CENTRE_1, Bookings.COST_CENTRE_2})
_NO_VALUE = frozenset("0,")
_RATE_TOLERANCE = Decimal("0.005")
_CENTS_TOLERANCE = Decimal("0.05")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
_REMEMBERED_BOOKINGS = 20_000
_LONGEST_AFTER_SERVICE = timedelta(days=730)
_MONTH_DAY = len("TTMM")
_ACCOUNT, _CONTRA = Bookings.ACCOUNT.place, Bookings.CONTRA_ACCOUNT.place
_KEY, _DATE, _DUE = Bookings.TAX_KEY.place, Bookings.DOCUMENT_DATE.place, Bookings.DUE_DATE.place

Check = Callable[[Sequence[str]], Iterator[Fault]]


class BookingCheck:
    """Checks the bookings of one file line by line; made anew for each file."""

    def __init__(self, facts: HeaderFacts, client: ClientAccounts) -> None:
        self._facts = facts
        self._client = client
        self._known: dict[tuple[str, str, str, frozenset[Column]], tuple[Fault, ...]] = {}
        self._days: dict[str, date | None] = {}

    def together(self, filled: frozenset[Column]) -> Iterator[Fault]:
        """Faults that follow from which columns are filled, whatever they say."""
        foreign = [column for column in _FOREIGN if column in filled]
        if foreign not in ([], [Bookings.CURRENCY], list(_FOREIGN)):
            missing = [column for column in _FOREIGN if column not in filled]
            yield "EXTF-B-205", missing[0], numbers(missing)
        for pair, rule in _PAIRS:
            present = [column for column in pair if column in filled]
            if len(present) == 1:
                yield rule, pair[0] if present[0] is pair[1] else pair[1], ""
        if Bookings.ORDER_NUMBER in filled and Bookings.PREPAYMENT_TYPE not in filled:
            yield "EXTF-B-216", Bookings.PREPAYMENT_TYPE, ""
        if Bookings.DOCUMENT_FIELD_2 in filled and Bookings.DUE_DATE in filled:
            yield "EXTF-B-223", Bookings.DOCUMENT_FIELD_2, ""
        if Bookings.LOCK not in filled:
            yield "EXTF-B-220", Bookings.LOCK, "0 / 1"
        for country, rate in _EU_PAIRS:
            if rate in filled and country not in filled:
                yield "EXTF-B-230", country, "ATU12345678"
        if Bookings.COST_QUANTITY in filled and _COST_CENTRES.isdisjoint(filled):
            yield "EXTF-B-249", Bookings.COST_CENTRE_1, ""

    def checks(self, filled: frozenset[Column]) -> tuple[Check, ...]:
        """What has to look at values in lines with these columns filled."""
        keyed = Bookings.TAX_KEY in filled
        foreign = Bookings.CURRENCY in filled
        converted = Bookings.EXCHANGE_RATE in filled
        wanted: tuple[tuple[bool, Check], ...] = (
            (converted and Bookings.BASE_AMOUNT in filled, _base_amount),
            (foreign and filled.isdisjoint(_CONVERSION), self._missing_rate),
            (foreign and converted, self._rate_of_base_currency),
            (not _OPEN_ITEM_COLUMNS.isdisjoint(filled), self._open_items(filled)),
            (not _KEY_49_COLUMNS.isdisjoint(filled), _individual_function(filled)),
            (
                not filled.isdisjoint(_PREPAYMENT_COLUMNS) and Bookings.PREPAYMENT_TYPE not in filled,
                _prepayment,
            ),
            (Bookings.DISCOUNT in filled, _discount),
            (Bookings.DUE_DATE in filled, self._due_date),
            (Bookings.SERVICE_DATE in filled, self._service_date),
            (keyed, self._lowered_rate(filled)),
            (keyed and Bookings.KEY_RATE in filled, _rate_of_key),
            (keyed and Bookings.EU_VAT_ID in filled, _vat_id_of_key),
            (keyed and Bookings.REVERSAL in filled, _marked_twice),
        )
        return tuple(check for applies, check in wanted if applies)

    def accounts(self, filled: frozenset[Column], cells: Sequence[str]) -> tuple[Fault, ...]:
        """Faults that follow from both accounts, the tax key and which columns are filled."""
        signature = (cells[_ACCOUNT], cells[_CONTRA], cells[_KEY], filled)
        known = self._known.get(signature)
        if known is None:
            account, contra, key = (value_of(cell) for cell in signature[:3])
            known = (
                *account_faults(self._client, account, contra, key, filled),
                *key_faults(key, filled, cells),
            )
            if Bookings.MATTER_RATE not in filled:
                if len(self._known) >= _REMEMBERED_BOOKINGS:
                    self._known.clear()
                self._known[signature] = known
        return known

    def day(self, day_and_month: str) -> date | None:
        """The day of a Belegdatum (TTMM) in the file's fiscal year; None where there is none."""
        if day_and_month not in self._days:
            start = self._facts.fiscal_year_start
            self._days[day_and_month] = within_year(day_and_month, start) if start is not None else None
        return self._days[day_and_month]

    def _document_day(self, cells: Sequence[str]) -> date | None:
        return self.day(value_of(cells[_DATE]))

    def _missing_rate(self, cells: Sequence[str]) -> Iterator[Fault]:
        if self._facts.currency not in (None, value_of(cells[Bookings.CURRENCY.place])):
            yield "EXTF-B-205", Bookings.CURRENCY, numbers(_CONVERSION)

    def _rate_of_base_currency(self, cells: Sequence[str]) -> Iterator[Fault]:
        if self._facts.currency == value_of(cells[Bookings.CURRENCY.place]):
            yield "EXTF-B-231", Bookings.EXCHANGE_RATE, ""

    def _open_items(self, filled: frozenset[Column]) -> Check:
        columns = sorted(_OPEN_ITEM_COLUMNS & filled)

        def check(cells: Sequence[str]) -> Iterator[Fault]:
            if self._client.length is None:
                return
            accounts = (value_of(cells[_ACCOUNT]), value_of(cells[_CONTRA]))
            if PERSONS.isdisjoint({self._client.kind(account) for account in accounts}):
                for column in columns:
                    if value_of(cells[column.place]) != "0":
                        yield "EXTF-B-222", column, ""

        return check

    def _due_date(self, cells: Sequence[str]) -> Iterator[Fault]:
        due, document = full_day(value_of(cells[_DUE])), self._document_day(cells)
        if due is not None and document is not None and due < document:
            yield "EXTF-B-247", Bookings.DUE_DATE, f"≥ {document:%d%m%Y}"

    def _service_date(self, cells: Sequence[str]) -> Iterator[Fault]:
        service, document = full_day(value_of(cells[Bookings.SERVICE_DATE.place])), self._document_day(cells)
        if service is not None and document is not None and abs(document - service) > _LONGEST_AFTER_SERVICE:
            yield "EXTF-B-248", Bookings.SERVICE_DATE, f"± 2 Jahre / years, {document:%d%m%Y}"

    def _lowered_rate(self, filled: frozenset[Column]) -> Check:
        def check(cells: Sequence[str]) -> Iterator[Fault]:
            key = known_key(value_of(cells[_KEY]))
            if key is None or "lowered" not in key.needs:
                return
            if Bookings.SERVICE_DATE in filled:
                day = full_day(value_of(cells[Bookings.SERVICE_DATE.place]))
            else:
                day = self._document_day(cells)
            if day is not None and not date(2020, 7, 1) <= day <= date(2020, 12, 31):
                yield "EXTF-B-250", Bookings.TAX_KEY, "07/2020-12/2020"

        return check


def within_year(day_and_month: str, start: date) -> date | None:
    """The day TTMM in the fiscal year that begins on `start`; None where the year has no such day."""
    if len(day_and_month) != _MONTH_DAY or not (day_and_month.isascii() and day_and_month.isdigit()):
        return None
    for year in (start.year, start.year + 1):
        try:
            day = date(year, int(day_and_month[2:]), int(day_and_month[:2]))
        except ValueError:
            continue
        if start <= day <= last_day(start):
            return day
    return None


def full_day(text: str) -> date | None:
    """The day written as TTMMJJJJ, or None where it is none."""
    if len(text) != len("TTMMJJJJ") or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        return None


def _base_amount(cells: Sequence[str]) -> Iterator[Fault]:
    amount, rate, base = (
        decimal_of(cells[column.place])
        for column in (Bookings.AMOUNT, Bookings.EXCHANGE_RATE, Bookings.BASE_AMOUNT)
    )
    if amount is None or rate is None or base is None or not rate:
        return
    computed = amount / rate
    if abs(computed - base) > max(computed * _RATE_TOLERANCE, _CENTS_TOLERANCE):
        yield "EXTF-B-206", Bookings.BASE_AMOUNT, f"{computed:.2f}".replace(".", ",")


def _individual_function(filled: frozenset[Column]) -> Check:
    column = min(_KEY_49_COLUMNS & filled, default=min(_KEY_49_COLUMNS))

    def check(cells: Sequence[str]) -> Iterator[Fault]:
        if value_of(cells[_KEY]).lstrip("0") != INDIVIDUAL and any(
            says_something(cells[each.place]) for each in _KEY_49_COLUMNS
        ):
            yield "EXTF-B-217", column, INDIVIDUAL

    return check


def _prepayment(cells: Sequence[str]) -> Iterator[Fault]:
    for column in _PREPAYMENT_COLUMNS:
        if says_something(cells[column.place]):
            yield "EXTF-B-246", Bookings.PREPAYMENT_TYPE, ""
            return


def _discount(cells: Sequence[str]) -> Iterator[Fault]:
    amount = decimal_of(cells[Bookings.AMOUNT.place])
    discount = decimal_of(cells[Bookings.DISCOUNT.place])
    if amount is not None and discount is not None and discount >= amount:
        yield "EXTF-B-238", Bookings.DISCOUNT, f"< {value_of(cells[Bookings.AMOUNT.place])}"


def _rate_of_key(cells: Sequence[str]) -> Iterator[Fault]:
    key, rate = known_key(value_of(cells[_KEY])), decimal_of(cells[Bookings.KEY_RATE.place])
    if key is not None and key.rate and rate and rate != Decimal(key.rate):
        yield "EXTF-B-233", Bookings.KEY_RATE, f"{key.rate},00"


def _vat_id_of_key(cells: Sequence[str]) -> Iterator[Fault]:
    key, vat_id = known_key(value_of(cells[_KEY])), value_of(cells[Bookings.EU_VAT_ID.place])
    if key is not None and "vat_id" in key.needs and len(vat_id) == len("AT"):
        yield "EXTF-B-228", Bookings.EU_VAT_ID, f"{vat_id}…"


def _marked_twice(cells: Sequence[str]) -> Iterator[Fault]:
    key = known_key(value_of(cells[_KEY]))
    if value_of(cells[Bookings.REVERSAL.place]) in ("1", "G") and key is not None and key.is_correction:
        yield "EXTF-B-242", Bookings.REVERSAL, "0"


def numbers(columns: Iterable[Column]) -> str:
    """The numbers of columns, as people name them."""
    return ", ".join(str(column.number) for column in columns)


def says_something(cell: str) -> bool:
    """Whether a number or flag is filled with something else than zero."""
    return not _NO_VALUE.issuperset(value_of(cell))


def decimal_of(cell: str) -> Decimal | None:
    """The amount in a raw cell, or None where it is none."""
    digits = value_of(cell).replace(",", ".", 1)
    return Decimal(digits) if _AMOUNT.fullmatch(digits) else None
