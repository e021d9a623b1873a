"""Texts, numbers and days from outside, read in one way whatever source they come from."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mlconnector.model.money import exact

_GERMAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?")
_NO_NUMBER = frozenset({"n/a", "na", "tbd", "none", "ka", "ohne", "keine", "x"})
"""What people write into a field that must not stay empty, in lower case without spaces and full stops."""


def clean(text: str | None) -> str:
    """NFC without spaces around it; empty for None."""
    return unicodedata.normalize("NFC", text or "").strip()


def document_number(text: str | None) -> str | None:
    """The number of a document; None where a source writes nothing, nought or a placeholder instead."""
    said = re.sub(r"[\s.]", "", text or "").casefold()
    is_one = any(one.isalnum() for one in said) and said.strip("0") and said not in _NO_NUMBER
    return text if is_one else None


def number_in(text: str) -> Decimal:
    """A number that people wrote: `19`, `1,0842` or `1.0842`. Raises ValueError.

    A sign for thousands is none: `1.234` would be two numbers.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text} is no number")
    return exact(Decimal(text.replace(",", ".")))


def day_in(text: str, zone: ZoneInfo | None = None) -> date:
    """A day that people or programs wrote: `2026-11-03` or `3.11.2026`. Raises ValueError.

    With `zone` also the day of a moment, as people there see it; a moment without an offset is meant there.
    """
    german = _GERMAN_DAY.fullmatch(text)
    if german:
        return date(int(german[3]), int(german[2]), int(german[1]))
    if zone is None or "T" not in text:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    return moment.astimezone(zone).date() if moment.tzinfo else moment.date()


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day of a moment of a system that keeps its times in UTC, as people in `zone` see it."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone).date()


def same_days(one: str, other: str) -> bool:
    """Whether two time zones have the same days in winter and in summer; False where one is unknown."""
    try:
        zones = ZoneInfo(one), ZoneInfo(other)
    except (ZoneInfoNotFoundError, ValueError):
        return one == other
    moments = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    return all(len({moment.astimezone(zone).utcoffset() for zone in zones}) == 1 for moment in moments)
