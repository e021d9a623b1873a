"""Answers in which one value of one record is odd: what no system should say, and some do."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

ODD_VALUES = {
    "a number beyond any amount": "1e30",
    "digits without end": "9" * 5000,
    "an amount of twenty digits": "12345678901234567890",
    "half a surrogate": r'"\ud800"',
    "NUL": r'"a\u0000b"',
    "nothing": "null",
    "a list": "[1, [2]]",
    "an object": '{"value": {"value": 1}}',
    "no end of lists": "[" * 1000 + "]" * 1000,
    "a truth": "true",
    "a text": '"\\u001b]0;odd\\u0007 1,5"',
}
Path = tuple[str, ...]
_HERE = "\uf8ff"


def first_records(answers: Sequence[bytes]) -> list[tuple[int, dict[str, Any]]]:
    """The first record of each kind in the answers of a listing, and in which answer it stands."""
    found: dict[frozenset[str], tuple[int, dict[str, Any]]] = {}
    for number, answer in enumerate(answers):
        for record in _records(json.loads(answer))[:1]:
            found.setdefault(frozenset(record), (number, record))
    return list(found.values())


def places_in(record: dict[str, Any], but: Collection[str]) -> list[Path]:
    """Where a value of a record may be an odd one, except the values `but`, which are ids."""
    return [place for place, value in _values(record, ()) if str(value) not in but]


def altered(answer: bytes, place: Path, value: str) -> bytes:
    """The same answer with another value, given in JSON, at a place in its first record."""
    content = json.loads(answer)
    inner: Any = _records(content)[0]
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = _HERE
    return json.dumps(content).replace(json.dumps(_HERE), value).encode()


def _records(content: Any) -> list[dict[str, Any]]:
    """The records of an answer: the longest list of objects in it."""
    lists = [each for each in _lists(content) if each and all(isinstance(one, dict) for one in each)]
    return max(lists, key=len, default=[])


def _lists(content: Any) -> Iterator[list[Any]]:
    if isinstance(content, list):
        yield content
    inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    for each in inner:
        yield from _lists(each)


def _values(content: Any, place: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _values(value, (*place, name))
        return
    yield place, content
