"""Answers of outside systems, unpacked no further than sensible ones go.

A megabyte of compressed nothing becomes a gigabyte; whoever reads such an answer whole has no memory left.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from mlconnector.errors import Broken

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer after unpacking; a page of a thousand records has a few megabytes."""

PACKED_AS = {"Accept-Encoding": "gzip, deflate"}
"""The only ways of packing that are asked for: a piece becomes a thousand times as much at most."""
_READ = frozenset({"gzip", "deflate"})


def unpack_within_bounds(system: str, answer: httpx.Response) -> None:
    """Let an answer that was not read yet break off where it is too large for any record.

    Reading it then raises Broken. Raises Broken at once where it is packed otherwise than was asked for, or
    more than once.
    """
    packed = [one.strip().lower() for one in answer.headers.get("content-encoding", "").split(",")]
    packed = [one for one in packed if one not in {"", "identity"}]
    if len(packed) > 1 or not set(packed) <= _READ:
        raise Broken(f"{system} answered packed as {', '.join(packed)}, which nobody asked for")
    as_sent = httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)
    answer.stream = _Unpacked(system, as_sent)
    for name in ("content-encoding", "content-length") if packed else ():
        answer.headers.pop(name, None)


class _Unpacked(httpx.SyncByteStream):
    """The bytes of an answer as they are meant, up to the largest sensible number of them."""

    def __init__(self, system: str, as_sent: httpx.Response) -> None:
        self._system = system
        self._as_sent = as_sent

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for piece in self._as_sent.iter_bytes():
            read += len(piece)
            if read > LARGEST_ANSWER:
                raise Broken(f"{self._system} answered with more than {LARGEST_ANSWER // 1024**2} MB")
            yield piece

    def close(self) -> None:
        self._as_sent.close()
