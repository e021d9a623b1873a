"""Numbers, days and moments as a language writes them; English days are ISO days, as programs write them."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, localcontext

from mlconnector.texts.language import Language
from mlconnector.texts.zone import shown_in

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_GERMAN_ZONES = {"CET": "MEZ", "CEST": "MESZ"}


def number(value: Decimal, language: Language, places: int | None = None, *, grouped: bool = True) -> str:
    """A number with as many decimal places as it has, or at least `places`: `1.234,50` or `1,234.50`."""
    if not value.is_finite():
        return str(value)
    # Hardly a command prints numbers with decimal places, and all would wait for the library.
    from babel.numbers import format_decimal  # noqa: PLC0415

    places = decimal_places(value) if places is None else places
    whole = "#,##0" if grouped else "0"
    pattern = f"{whole}.{'0' * places}" if places else whole
    # Babel rounds to the pattern, for which a number with more digits than the context's is no number.
    with localcontext(prec=max(28, value.adjusted() + 1 + places)):
        return format_decimal(value, pattern, language, decimal_quantization=False)


def decimal_places(value: Decimal) -> int:
    """How many decimal places a number is written with: 2 for `1.50`, none for `1E+3`."""
    return max(0, -int(value.as_tuple().exponent))


def amount_places(value: Decimal) -> int:
    """Decimal places of an amount or a rate: two, or more where the number has them."""
    return max(2, decimal_places(value.normalize()))


def day(value: date, language: Language) -> str:
    """A day: `31.10.2026` or `2026-10-31`."""
    if language == "de":
        return f"{value.day:02}.{value.month:02}.{value.year:04}"
    return f"{value.year:04}-{value.month:02}-{value.day:02}"


def month(value: str, language: Language) -> str:
    """A month in ISO form: `Juli 2026` or `July 2026`; as it is where it is none."""
    named = _MONTH.fullmatch(value)
    if named is None:
        return value
    from babel.dates import format_date  # noqa: PLC0415 - as above

    return str(format_date(date(int(named[1]), int(named[2]), 1), "LLLL y", language))


def moment(value: datetime, language: Language) -> str:
    """A moment to the minute, in our zone: `31.10.2026 14:05 MEZ` or `2026-10-31 14:05 CET`."""
    return _moment(value, language, "%H:%M")


def exact_moment(value: datetime, language: Language) -> str:
    """A moment to the second, in our zone."""
    return _moment(value, language, "%H:%M:%S")


def _moment(value: datetime, language: Language, clock: str) -> str:
    local = value.astimezone(shown_in())
    zone = local.tzname() or ""
    zone = _GERMAN_ZONES.get(zone, zone) if language == "de" else zone
    return f"{day(local, language)} {local:{clock}} {zone}"


def country(code: str, language: Language) -> str:
    """The name of a country by its ISO 3166 alpha-2 code; the code itself where there is none."""
    from babel import Locale  # noqa: PLC0415 - as above

    return str(Locale.parse(language).territories.get(code, code))
