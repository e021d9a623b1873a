"""JSON of outside systems: with exact decimals, in the shapes that are read, and Broken where it is neither.

`system` is the name of the system, for the error; `path` says what was asked.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from mlconnector.errors import Broken
from mlconnector.learnt_shapes import learnt
from mlconnector.systems.kit.odd_json import is_sensible, is_suspicious, without_odd_values
from mlconnector.systems.kit.shapes import UnknownShape

Shape = TypeVar("Shape")
Raw = dict[str, Any]


def parsed(content: bytes) -> Any:
    """JSON with exact decimals in place of floats. Raises ValueError when it is none.

    A value that cannot be kept costs itself alone: in its place stands what no shape expects.
    """
    try:
        if not is_suspicious(content):
            return _decoder.decode(content)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return _decoder.decode(without_odd_values(content))
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def object_or_nothing(content: bytes) -> Raw:
    """The JSON object of an answer; an empty one where it is anything else, as errors on the way may be."""
    try:
        found = parsed(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def object_in(content: bytes, system: str, path: str) -> Raw:
    """The JSON object of an answer. Raises Broken when there is none."""
    try:
        found = parsed(content)
    except ValueError as error:
        raise Broken(f"{system} answered {path} with something else than JSON: {error}") from error
    if not isinstance(found, dict):
        raise Broken(f"{system} answered {path} with something else than an object")
    return found


def records_in(found: object, system: str) -> list[Raw]:
    """A list of records. Raises Broken when it is something else."""
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Broken(f"{system} answered with something else than a list of records")
    return found


def shaped(content: object, shape: type[Shape], system: str) -> Shape:
    """Records in the shapes that are read. Raises UnknownShape when the system answers in others."""
    try:
        return msgspec.convert(content, learnt(shape))
    except msgspec.ValidationError as error:
        raise UnknownShape(f"{system} answered in an unknown shape: {error}") from error


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not is_sensible(number):
        raise ValueError(f"{text} is no amount")
    return number


_decoder = msgspec.json.Decoder(float_hook=_decimal)
