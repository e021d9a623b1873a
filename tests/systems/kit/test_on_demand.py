from __future__ import annotations

import pytest

from mlconnector.errors import NeedsLogin
from mlconnector.systems.kit.on_demand import OnDemand


class Line:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_a_client_is_made_at_its_first_use_and_only_once() -> None:
    made: list[Line] = []

    def make() -> Line:
        made.append(Line())
        return made[-1]

    client = OnDemand(make)
    client.close()
    assert made == []
    assert client() is client()
    assert len(made) == 1


def test_what_was_closed_is_made_anew() -> None:
    client = OnDemand(Line)
    first = client()
    client.close()
    client.close()
    assert first.closed == 1
    assert client() is not first


def test_a_client_that_cannot_be_made_yet_is_tried_again() -> None:
    answers = iter([NeedsLogin("shop", "nobody has logged in"), None])

    def make() -> Line:
        if (error := next(answers)) is not None:
            raise error
        return Line()

    client = OnDemand(make)
    with pytest.raises(NeedsLogin):
        client()
    assert isinstance(client(), Line)
