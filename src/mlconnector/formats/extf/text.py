"""Text for DATEV's fields: what has to be changed is changed deliberately, and every change is listed.

DATEV allows no control characters inside a field, and its importers cut or refuse what is too long. In
windows-1252 a character that does not exist there is transliterated or dropped, never written as `?`.
Bringing text to the Unicode form NFC is not listed: it reads the same.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from mlconnector.formats.booking_text import fitted
from mlconnector.formats.extf.columns import Bookings, HeaderFields

Encoding = Literal["utf-8-bom", "windows-1252"]
Reason = Literal[
    "control_characters", "outside_bmp", "transliterated", "replaced", "shortened", "dropped", "rounded"
]

DOCUMENT_FIELD_LENGTH = 36
LABEL_LENGTH = 30
_DIGEST_LENGTH = 8
# Control characters, line separators, marks that turn the reading direction, halves of surrogate pairs,
# the byte order mark and non-characters: none of them is text.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff\ud800-\udfff]"
)
# Printable characters that both encodings have and that cannot combine with each other.
_ORDINARY = re.compile("[ -~\xa0-\xff€–—„“”‚‘’…]*")
_OUTSIDE_BMP = re.compile("[\U00010000-\U0010ffff]")
_BLANK_CONTROLS = frozenset("\t\n\v\f\r\x85\u2028\u2029")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS"}
)
_NOT_IN_DOCUMENT_FIELD = re.compile(r"[^A-Za-z0-9$&%*+\-/]")
_NOT_IN_LABEL = re.compile(r"[^A-Za-z0-9_.\-/ ]")


_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Change:
    """A value that is written otherwise than it was given; `line` is its line in the file, once known."""

    field: str
    before: str
    after: str
    reason: Reason
    line: int | None = None


def has_control_characters(text: str) -> bool:
    """Whether the text has control characters (C0, DEL or C1), which no field may have."""
    return _HARMFUL.search(text) is not None


def has_doubtful_characters(text: str) -> bool:
    """Whether the text has marks that turn the reading direction, or characters beyond the BMP."""
    return _CONTROL.search(text) is not None or _OUTSIDE_BMP.search(text) is not None


def clean(value: str, field: str, max_length: int, encoding: Encoding) -> tuple[str, tuple[Change, ...]]:
    """The text as it may be written, with everything that had to be changed, in order.

    In UTF-8 only control characters, characters beyond the Basic Multilingual Plane (DATEV's text is not
    known to hold them) and what exceeds `max_length` go; windows-1252 is transliterated as well.
    """
    if len(value) <= max_length and _ORDINARY.fullmatch(value):
        return value, ()
    changes: list[Change] = []
    text = unicodedata.normalize("NFC", value)
    steps: tuple[tuple[Reason, Callable[[str], str]], ...] = (
        ("control_characters", _without_controls),
        ("outside_bmp", _without_astral),
        ("transliterated", _as_windows_1252 if encoding == "windows-1252" else _unchanged),
    )
    for reason, step in steps:
        text = _noted(field, text, step(text), reason, changes)
    return _noted(field, text, _cut(text, max_length), "shortened", changes), tuple(changes)


def booking_text(
    text: str, party: str, numbers: Sequence[str], max_length: int, field: str = Bookings.TEXT.name
) -> tuple[str, tuple[Change, ...]]:
    """A Buchungstext as it may be written in either encoding, with everything that had to be changed.

    `party` is the name in it, which is shortened before anything else; `numbers` are those that it may have.
    """
    if len(text) <= max_length and _ORDINARY.fullmatch(text):
        return text, ()
    whole, cleaned = clean(text, field, len(text), "utf-8-bom")
    name, _ = clean(party, field, len(party), "utf-8-bom")
    changes = list(cleaned)
    short = fitted(whole, name, numbers, max_length, _widest)
    return _noted(field, whole, short, "shortened", changes), tuple(changes)


def _widest(text: str) -> int:
    """How long a text is in the encoding in which it is longer: transliterated, one character may be two."""
    return max(len(text), len(_as_windows_1252(text)))


def document_field(
    number: str, field: str = Bookings.DOCUMENT_FIELD_1.name
) -> tuple[str, tuple[Change, ...]]:
    """A document number as Belegfeld 1: at most 36 of `A-Z a-z 0-9 $ & % * + - /`; the case is kept.

    Umlauts become `ae`, `oe`, `ue`, `ss`; other letters lose their accents; every other character
    becomes `-`. Of a number that is too long its end stays, which tells it apart from others, behind a digest
    of the whole number, so that two long numbers do not become one. Numbers that differ only in replaced
    characters still meet.
    """
    changes: list[Change] = []
    text = unicodedata.normalize("NFC", number).strip()
    plain = _as_ascii(text.translate(_UMLAUTS))
    text = _noted(field, text, plain, "transliterated", changes)
    text = _noted(field, text, _NOT_IN_DOCUMENT_FIELD.sub("-", text), "replaced", changes)
    if len(text) > DOCUMENT_FIELD_LENGTH:
        digest = hashlib.sha256(number.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
        short = f"{digest}-{text[_DIGEST_LENGTH + 1 - DOCUMENT_FIELD_LENGTH :]}"
        text = _noted(field, text, short, "shortened", changes)
    return text, tuple(changes)


def label_field(value: str) -> tuple[str, tuple[Change, ...]]:
    """A text as Bezeichnung of the batch (header field 17): at most 30 of letters, digits and `_ . - /`."""
    field = HeaderFields.LABEL.name
    changes: list[Change] = []
    text = unicodedata.normalize("NFC", value)
    text = _noted(field, text, _as_ascii(text.translate(_UMLAUTS)), "transliterated", changes)
    text = _noted(field, text, _NOT_IN_LABEL.sub("-", text), "replaced", changes)
    return _noted(field, text, _cut(text, LABEL_LENGTH), "shortened", changes), tuple(changes)


def _noted(field: str, before: str, after: str, reason: Reason, changes: list[Change]) -> str:
    if after != before:
        changes.append(Change(field, before, after, reason))
    return after


def _unchanged(text: str) -> str:
    return text


def _without_controls(text: str) -> str:
    if _CONTROL.search(text) is None:
        return text
    blanked = _CONTROL.sub(
        lambda match: " " if match[0] in _BLANK_CONTROLS else "", text.replace("\r\n", "\n")
    )
    return unicodedata.normalize("NFC", blanked)


def _without_astral(text: str) -> str:
    if _OUTSIDE_BMP.search(text) is None:
        return text
    return unicodedata.normalize("NFC", _OUTSIDE_BMP.sub("", text))


def _cut(text: str, max_length: int) -> str:
    return text if len(text) <= max_length else text[:max_length].rstrip()


def _as_windows_1252(text: str) -> str:
    if _fits(text, "cp1252"):
        return text
    return "".join(each if _fits(each, "cp1252") else _replacement(each, "cp1252") for each in text)


def _as_ascii(text: str) -> str:
    # characters without any Latin spelling stay, so that the caller replaces each of them visibly
    if text.isascii():
        return text
    return "".join(each if each.isascii() else _replacement(each, "ascii") or each for each in text)


def _replacement(character: str, codec: str) -> str:
    listed = _transliterations().get(character)
    if listed is not None:
        return listed
    decomposed = unicodedata.normalize("NFKD", character)
    kept = (_transliterations().get(each, each) for each in decomposed if not unicodedata.combining(each))
    return "".join(each for each in kept if _fits(each, codec) and each.isprintable())


def _fits(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _transliterations() -> Mapping[str, str]:
    text = (files(__package__) / "transliteration.csv").read_text(encoding="utf-8")
    return {row["character"]: row["replacement"] for row in csv.DictReader(text.split("\n"))}
