"""Sixty calls in a sliding minute, three ways of saying so, and no header that helps."""

from __future__ import annotations

import re

import pytest

from mlconnector.standins.base import Clock
from mlconnector.standins.cin7 import Cin7StandIn
from tests.standins.cin7.conftest import Api

BODY = re.compile("60 calls per (60 seconds|minute)")


@pytest.fixture
def extra() -> dict[str, str]:
    return {"per_minute": "60"}


def test_the_sixty_first_call_of_a_minute_is_refused(api: Api) -> None:
    codes = [api.get("me").status_code for _ in range(62)]
    assert codes == [200] * 60 + [429, 503]


def test_the_minute_slides(api: Api, clock: Clock) -> None:
    for _ in range(30):
        api.get("me")
    clock.advance(40)
    for _ in range(30):
        api.get("me")
    assert api.get("me").status_code == 429
    clock.advance(21)
    assert [api.get("me").status_code for _ in range(31)] == [200] * 30 + [503]


def test_it_is_said_by_429_with_a_body_then_by_503_without_one(api: Api) -> None:
    used_up(api)
    first, second, third = (api.get("saleList") for _ in range(3))
    assert (first.status_code, second.status_code, third.status_code) == (429, 503, 429)
    assert BODY.search(first.text)
    assert second.content == b""


def test_purchases_say_it_by_another_status_as_well(api: Api) -> None:
    used_up(api)
    answers = [api.get("purchaseList"), api.get("advanced-purchase", ID="x"), api.get("purchase/attachment")]
    assert [answer.status_code for answer in answers] == [400, 429, 503]
    assert BODY.search(answers[0].text)


def test_no_answer_says_when_to_come_again_or_how_many_calls_are_left(api: Api) -> None:
    answers = [api.get("purchaseList") for _ in range(65)]
    names = {name.lower() for answer in answers for name in answer.headers}
    assert "retry-after" not in names
    assert not any(name.startswith("x-ratelimit") for name in names)


def test_every_call_of_the_key_is_noted_and_those_refused_are_marked(api: Api, standin: Cin7StandIn) -> None:
    used_up(api)
    api.get("me")
    assert (len(standin.calls), len(standin.refused_calls)) == (61, 1)
    assert standin.limits.busiest_minute() == 61


def test_refused_calls_do_not_keep_the_minute_full(api: Api, clock: Clock) -> None:
    used_up(api)
    clock.advance(30)
    api.get("me")
    clock.advance(31)
    assert api.get("me").status_code == 200


def test_the_busiest_minute_is_found_wherever_it_lies(api: Api, standin: Cin7StandIn, clock: Clock) -> None:
    for wait in (30.0, 20.0, 12.0, 40.0):
        for _ in range(5):
            api.get("me")
        clock.advance(wait)
    assert standin.limits.busiest_minute() == 15


def used_up(api: Api) -> None:
    for _ in range(60):
        api.get("me")
