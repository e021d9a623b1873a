from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.systems.kit.pacing import TooMany
from mlconnector.systems.pipedrive.answers import Forbidden, NotFound, Pace


class Moment:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def answer(status: int, text: str = "{}", **headers: str) -> httpx.Response:
    request = httpx.Request("GET", "https://firma.pipedrive.com/api/v2/deals?limit=1")
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(
        status, text=text, request=request, headers={"content-type": "application/json", **given}
    )


def explained(status: int, text: str = "{}", **headers: str) -> ConnectorError | None:
    return Pace(Moment()).explain(answer(status, text, **headers))


class TestMeanings:
    def test_a_refused_token_needs_a_login_and_says_why(self) -> None:
        error = explained(401, '{"success":false,"error":"unauthorized access","errorCode":401}')
        assert isinstance(error, NeedsLogin)
        assert error.reason == "HTTP 401: unauthorized access"

    def test_a_closed_account_needs_a_human(self) -> None:
        error = explained(402)
        assert isinstance(error, NeedsHuman)
        assert error.problem.key == "account_closed"

    def test_a_missing_permission_says_for_what(self) -> None:
        error = explained(403, '{"error":"Scope and URL mismatch"}')
        assert isinstance(error, Forbidden)
        assert error.problem.facts["path"] == "/api/v2/deals"
        assert error.problem.facts["answer"] == "HTTP 403: Scope and URL mismatch"

    def test_a_page_of_the_network_is_no_missing_permission(self) -> None:
        error = explained(403, "<html>Attention Required!</html>", content_type="text/html; charset=UTF-8")
        assert isinstance(error, RetryLater)
        assert (error.after or 0) >= 600

    @pytest.mark.parametrize("status", [404, 410])
    def test_what_is_not_there_is_told_from_other_contracts_that_broke(self, status: int) -> None:
        assert isinstance(explained(status), NotFound)

    def test_a_failure_of_theirs_is_tried_again(self) -> None:
        assert isinstance(explained(500), RetryLater)

    @pytest.mark.parametrize("status", [400, 422, 501, 503])
    def test_the_rest_is_left_to_http(self, status: int) -> None:
        assert explained(status) is None

    def test_an_answer_that_is_no_json_is_told_by_its_status(self) -> None:
        error = explained(401, "<html>", content_type="text/html")
        assert isinstance(error, NeedsLogin)
        assert error.reason == "HTTP 401"


class TestPace:
    def test_nothing_is_paused_while_enough_requests_are_left(self) -> None:
        pace = Pace(Moment())
        assert pace.after_answer(answer(200)) == 0
        assert pace.after_answer(answer(200, x_ratelimit_remaining="8", x_ratelimit_reset="2")) == 0

    def test_it_pauses_to_the_end_of_the_window_before_the_limit_is_reached(self) -> None:
        pace = Pace(Moment())
        assert pace.after_answer(answer(200, x_ratelimit_remaining="7", x_ratelimit_reset="1")) == 1
        assert pace.after_answer(answer(200, x_ratelimit_remaining="0")) == 2
        assert pace.after_answer(answer(200, x_ratelimit_remaining="many")) == 0

    def test_a_refusal_is_as_long_as_it_says(self) -> None:
        for headers, seconds in (
            ({"retry_after": "7", "x_ratelimit_reset": "2"}, 7),
            ({"x_ratelimit_reset": "1"}, 1),
            ({}, 2),
        ):
            error = explained(429, **headers)
            assert isinstance(error, TooMany)
            assert error.after == seconds

    def test_a_refusal_that_does_not_end_is_the_daily_budget(self) -> None:
        now = Moment()
        pace = Pace(now)
        first = pace.explain(answer(429))
        now.now += timedelta(seconds=59)
        second = pace.explain(answer(429))
        now.now += timedelta(seconds=2)
        third = pace.explain(answer(429))
        assert [error.after for error in (first, second, third) if isinstance(error, RetryLater)] == [
            2,
            2,
            3600,
        ]

    def test_a_good_answer_ends_a_refusal(self) -> None:
        now = Moment()
        pace = Pace(now)
        pace.explain(answer(429))
        now.now += timedelta(seconds=120)
        pace.after_answer(answer(200))
        error = pace.explain(answer(429))
        assert isinstance(error, RetryLater)
        assert error.after == 2
