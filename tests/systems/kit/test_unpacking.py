"""Answers are unpacked no further than sensible ones go: a megabyte may become a gigabyte."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import httpx
import pytest

from mlconnector.errors import Broken
from mlconnector.systems.kit import unpacking
from tests.systems.kit.test_http import answers, client
from tests.systems.wire import Wiring


@pytest.fixture
def wiring() -> Iterator[Wiring]:
    wiring = Wiring()
    yield wiring
    wiring.close()


class Pieces(httpx.SyncByteStream):
    """A body that comes in pieces, as from a network, and how many of them were taken."""

    def __init__(self, body: bytes, size: int = 1024) -> None:
        self.body, self.size, self.taken = body, size, 0

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.body), self.size):
            self.taken += 1
            yield self.body[start : start + self.size]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "LARGEST_ANSWER", 2 * 1024 * 1024)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "GZIP", ""])
def test_an_answer_is_read_as_it_is_meant(wiring: Wiring, coding: str) -> None:
    meant = b'{"id": 1}' * 1000
    packed = {"gzip": gzip.compress(meant), "deflate": zlib.compress(meant), "": meant}[coding.lower()]
    headers = {"content-encoding": coding} if coding else {}
    handle, seen = answers(httpx.Response(200, headers=headers, stream=Pieces(packed)))
    assert client(wiring, handle).request("GET", "/deals").content == meant
    assert seen[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.usefixtures("small")
def test_a_packed_answer_without_end_is_left_where_it_is_too_large(wiring: Wiring) -> None:
    bomb = Pieces(gzip.compress(bytes(64 * 1024 * 1024)))
    handle, _ = answers(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=bomb))
    with pytest.raises(Broken, match="shop answered with more than 2 MB"):
        client(wiring, handle).request("GET", "/deals")
    assert bomb.taken < len(bomb.body) / bomb.size / 4
    assert [one.error for one in wiring.log.exchanges] == ["shop answered with more than 2 MB"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("status", [200, 500])
def test_a_plain_answer_without_end_is_left_too(wiring: Wiring, status: int) -> None:
    handle, _ = answers(httpx.Response(status, stream=Pieces(bytes(3 * 1024 * 1024))))
    with pytest.raises(Broken, match="more than 2 MB"):
        client(wiring, handle).request("GET", "/deals")


def test_a_packed_file_is_unpacked_no_further_than_its_limit(wiring: Wiring) -> None:
    bomb = Pieces(gzip.compress(bytes(64 * 1024 * 1024)))
    handle, _ = answers(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=bomb))
    assert client(wiring, handle).download("/files/1", limit=1000) is None
    assert bomb.taken < 5


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "zstd", "identity, gzip, deflate"])
def test_what_is_packed_as_nobody_asked_for_is_not_unpacked(wiring: Wiring, coding: str) -> None:
    body = Pieces(gzip.compress(gzip.compress(b"{}")))
    handle, _ = answers(httpx.Response(200, headers={"content-encoding": coding}, stream=body))
    with pytest.raises(Broken, match="nobody asked for"):
        client(wiring, handle).request("GET", "/deals")
    assert body.taken == 0
