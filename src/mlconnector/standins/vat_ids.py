"""VAT identification numbers of invented companies whose check digits are right.

Structure and check digits: European Commission, VIES "VAT identification numbers: structure" and the
published algorithms of the member states.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random


def vat_id(country: str, random: Random) -> str:
    """A well-formed number of `country` (DE, AT, FR, NL, IT, PL), with its prefix; KeyError for others."""
    return country + _MAKERS[country](random)


def wrong_check_digit(number: str) -> str:
    """The number with a last digit that cannot be right (not for NL: its check digit is not last)."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def _digits(random: Random, count: int) -> str:
    return str(random.randrange(10 ** (count - 1), 10**count))


def _luhn_sum(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total


def _luhn_digit(digits: str) -> str:
    return str(-_luhn_sum(digits + "0") % 10)


def _weighted(digits: str, weights: range | tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11


def _germany(random: Random) -> str:
    digits = _digits(random, 8)
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return digits + str((11 - product) % 10)


def _austria(random: Random) -> str:
    digits = _digits(random, 7)
    return "U" + digits + str((6 - _luhn_sum(digits)) % 10)


def _france(random: Random) -> str:
    stem = _digits(random, 8)
    siren = stem + _luhn_digit(stem)
    return f"{int(siren + '12') % 97:02d}{siren}"


def _netherlands(random: Random) -> str:
    while True:
        digits = _digits(random, 8)
        check = _weighted(digits, range(9, 1, -1))
        if check < 10:
            return f"{digits}{check}B{random.randrange(1, 100):02d}"


def _italy(random: Random) -> str:
    digits = _digits(random, 7) + f"{random.randrange(1, 101):03d}"
    return digits + _luhn_digit(digits)


def _poland(random: Random) -> str:
    while True:
        digits = _digits(random, 9)
        check = _weighted(digits, (6, 5, 7, 2, 3, 4, 5, 6, 7))
        if check < 10:
            return f"{digits}{check}"


_MAKERS: dict[str, Callable[[Random], str]] = {
    "DE": _germany,
    "AT": _austria,
    "FR": _france,
    "NL": _netherlands,
    "IT": _italy,
    "PL": _poland,
}
