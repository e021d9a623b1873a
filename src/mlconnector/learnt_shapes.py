"""The shapes that are read, made known to msgspec by one thread at a time.

msgspec looks at a Struct when it is first read into. While one thread does so, another one finds it half
known and the whole process dies of a segmentation fault (msgspec 0.22).
"""

from __future__ import annotations

from threading import Lock
from typing import TypeVar

import msgspec

Shape = TypeVar("Shape")

_learning = Lock()
_learnt: set[object] = set()


def learnt(shape: Shape) -> Shape:
    """The shape itself, from now on safe to be read into by any thread.

    >>> msgspec.convert([1], learnt(list[int]))
    [1]
    """
    if shape not in _learnt:
        with _learning:
            msgspec.json.Decoder(shape)
            _learnt.add(shape)
    return shape
