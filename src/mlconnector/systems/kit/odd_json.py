"""JSON with values that nobody can keep: each is replaced, so that the rest of the answer can be read.

Half a surrogate is no character, and PostgreSQL keeps no NUL; numbers may have any number of digits, and
lists may stand in lists without end. What stands in their place fits no shape that is read: where the value
was wanted, its record is held, and where it was not, nothing is lost.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal

_DEEPEST = 64
_HIGHEST_MAGNITUDE = 18
_LOWEST_MAGNITUDE = -28
_MOST_DIGITS = 40
# The parts of JSON that may be odd: texts with the colon that makes them names, brackets, and numbers.
_PART = re.compile(
    rb'(?P<text>"(?:[^"\\]|\\.)*+")(?P<colon>\s*+:)?|(?P<bracket>[\[\]{}])|(?P<number>-?\d[-+.\w]*+)',
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_SUSPICIOUS = re.compile(rb"\\u0000|\d{20}")


def is_suspicious(content: bytes) -> bool:
    """Whether an answer may have a value that can be read and yet not be kept."""
    return _SUSPICIOUS.search(content) is not None


def is_sensible(number: Decimal) -> bool:
    """Whether a number can be an amount, a rate or an id."""
    if not number.is_finite() or len(number.as_tuple().digits) > _MOST_DIGITS:
        return False
    return not number or _LOWEST_MAGNITUDE <= number.adjusted() <= _HIGHEST_MAGNITUDE


def without_odd_values(content: bytes) -> bytes:
    """The same JSON in which values that cannot be kept are replaced by what they were called."""
    pieces: list[bytes] = []
    depth, copied, hidden = 0, 0, 0
    for part in _PART.finditer(content):
        bracket = part["bracket"]
        if bracket in {b"[", b"{"}:
            depth += 1
            if depth == _DEEPEST:
                pieces.append(content[copied : part.start()])
                hidden = part.start()
        elif bracket is not None:
            if depth == _DEEPEST:
                pieces.append(_in_place_of("nested too deep"))
                copied, hidden = part.end(), 0
            depth -= 1
        elif not hidden and (odd := _oddity(part)):
            is_name = part["colon"] is not None
            pieces.append(content[copied : part.start()])
            pieces.append(b'"%s":' % odd.encode() if is_name else _in_place_of(odd))
            copied = part.end()
    pieces.append(content[copied : hidden or None])
    return b"".join(pieces)


def _oddity(part: re.Match[bytes]) -> str:
    """What is odd about a text or a number; empty for what can be kept."""
    if part["number"] is None:
        return _odd_escape(part["text"])
    try:
        number = Decimal(part["number"].decode())
    except ArithmeticError:
        return "no number"
    return "" if is_sensible(number) else "a number beyond any amount"


def _odd_escape(text: bytes) -> str:
    high, end = False, 0
    for escape in _ESCAPE.finditer(text):
        code = int(escape[1], 16) if escape[1] else 0x20
        if code == 0:
            return "a text with NUL"
        if high != (0xDC00 <= code < 0xE000) or (high and escape.start() != end):
            return "half a surrogate"
        high, end = 0xD800 <= code < 0xDC00, escape.end()
    return "half a surrogate" if high else ""


def _in_place_of(odd: str) -> bytes:
    """A list of lists: nothing that is read is one."""
    return json.dumps([[odd]]).encode()
