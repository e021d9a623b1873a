"""JSON and texts of sources in one normal form, so that the same content is the same revision."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

import msgspec

_HIGHEST_MAGNITUDE = 28


def parsed(content: bytes) -> Any:
    """JSON with exact decimals in place of floats. Raises ValueError when it is none, or not sensible."""
    try:
        return _decoder.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def clean(text: str | None) -> str:
    """NFC without spaces around it; empty for None."""
    return unicodedata.normalize("NFC", text or "").strip()


def document_number(text: str | None) -> str | None:
    """The number of a document; None where a source writes nothing or nought for one that has none."""
    return text if text and text.strip("0") else None


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > _HIGHEST_MAGNITUDE:
        raise ValueError(f"{text} is no amount")
    return number


_decoder = msgspec.json.Decoder(float_hook=_decimal)
