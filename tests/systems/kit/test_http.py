from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.http import Http, default_explanation, retry_after
from mlconnector.systems.kit.pacing import TooMany
from mlconnector.systems.kit.secrecy import Secrecy
from tests.systems.wire import START, FakeTime, Wiring, unexplained

Handler = Callable[[httpx.Request], httpx.Response]
HOME = "https://api.example.com/v1"

SHOP = Secrecy(headers=frozenset({"X-Api-Token"}), parameters=frozenset({"api_token"}))


@pytest.fixture
def wiring() -> Iterator[Wiring]:
    wiring = Wiring()
    yield wiring
    wiring.close()


def client(wiring: Wiring, handler: Handler, base_url: str = HOME, **options: Any) -> Http:
    wiring.transport = httpx.MockTransport(handler)
    return wiring("shop", base_url, **options)


def answers(*given: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """A handler that gives these answers one after the other, and the requests it saw."""
    waiting, seen = list(given), []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handle, seen


class Breaking(httpx.SyncByteStream):
    """A body that breaks off after its first bytes."""

    def __iter__(self) -> Iterator[bytes]:
        yield b'{"half'
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def test_a_successful_answer_is_returned_and_logged(wiring: Wiring) -> None:
    handle, seen = answers(httpx.Response(201, json={"id": 1}))
    answer = client(wiring, handle).request("POST", "/things", json={"name": "x"})
    assert answer.json() == {"id": 1}
    assert str(seen[0].url) == "https://api.example.com/v1/things"
    (exchange,) = wiring.log.exchanges
    assert (exchange.system, exchange.method, exchange.status) == ("shop", "POST", 201)
    assert exchange.url == "https://api.example.com/v1/things"
    assert exchange.at == START
    assert exchange.body == ""


def test_later_answers_are_waited_for_with_growing_random_waits(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(503), httpx.Response(429), httpx.Response(200))
    assert client(wiring, handle).request("GET", "/things").status_code == 200
    assert wiring.time.slept == [0.25, 0.5]
    assert [exchange.status for exchange in wiring.log.exchanges] == [503, 429, 200]


def test_a_wait_is_never_shorter_than_what_was_asked_for(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200))
    client(wiring, handle).request("GET", "/things")
    assert wiring.time.slept == [7.0]


def test_a_long_wait_is_left_to_the_flow(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(503, headers={"Retry-After": "60"}))
    with pytest.raises(RetryLater) as raised:
        client(wiring, handle).request("GET", "/things")
    assert raised.value.after == 60.0
    assert not raised.value.outcome_unknown
    assert wiring.time.slept == []


def test_the_last_failure_is_raised_when_all_attempts_are_used(wiring: Wiring) -> None:
    handle, seen = answers(*(httpx.Response(503) for _ in range(3)))
    with pytest.raises(RetryLater):
        client(wiring, handle).request("GET", "/things")
    assert len(seen) == 3


def test_when_the_process_ends_nothing_is_tried_again(wiring: Wiring) -> None:
    wiring.time.ends = True
    handle, seen = answers(httpx.Response(503))
    with pytest.raises(RetryLater):
        client(wiring, handle).request("GET", "/things")
    assert (len(seen), wiring.time.slept) == (1, [])


def test_when_the_process_ends_during_a_pause_for_the_rate_limit_nothing_is_sent(wiring: Wiring) -> None:
    handle, seen = answers(httpx.Response(200))
    shop = client(wiring, handle, after_answer=lambda _: 30.0)
    shop.request("GET", "/things")
    wiring.time.ends = True
    with pytest.raises(RetryLater, match="the process ends"):
        shop.request("GET", "/things")
    assert len(seen) == 1


def test_what_must_not_be_repeated_is_sent_once_and_its_outcome_is_unknown(wiring: Wiring) -> None:
    handle, seen = answers(httpx.ReadTimeout("no answer"))
    with pytest.raises(RetryLater) as raised:
        client(wiring, handle).request("POST", "/things", repeat=False)
    assert raised.value.outcome_unknown
    assert len(seen) == 1


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("busy"),
        httpx.ProxyError("407"),
    ],
)
def test_what_was_never_sent_has_a_known_outcome(wiring: Wiring, error: Exception) -> None:
    handle, _ = answers(error)
    with pytest.raises(RetryLater) as raised:
        client(wiring, handle).request("POST", "/things", repeat=False)
    assert not raised.value.outcome_unknown


@pytest.mark.parametrize("status", [408, 502, 504])
def test_an_answer_in_place_of_the_system_leaves_the_outcome_unknown(wiring: Wiring, status: int) -> None:
    handle, _ = answers(httpx.Response(status))
    with pytest.raises(RetryLater) as raised:
        client(wiring, handle).request("POST", "/things", repeat=False)
    assert raised.value.outcome_unknown


def test_a_request_that_cannot_be_sent_is_a_bug(wiring: Wiring) -> None:
    handle, _ = answers(httpx.LocalProtocolError("illegal header value"))
    with pytest.raises(Broken, match="cannot be sent"):
        client(wiring, handle).request("GET", "/things")


def test_an_unreadable_address_is_a_bug(wiring: Wiring) -> None:
    handle, _ = answers()
    with pytest.raises(Broken, match="cannot be read"):
        client(wiring, handle).request("GET", "https://api.example.com:port/things")


def test_silence_is_logged_with_the_full_address(wiring: Wiring) -> None:
    handle, _ = answers(httpx.ReadTimeout("no answer"))
    with pytest.raises(RetryLater):
        client(wiring, handle).request("GET", "/things", params={"page": "2"}, repeat=False)
    (exchange,) = wiring.log.exchanges
    assert exchange.url == "https://api.example.com/v1/things?page=2"
    assert exchange.status is None
    assert exchange.error == "ReadTimeout: no answer"


def test_an_answer_that_breaks_off_counts_as_none_and_is_logged_once(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(200, stream=Breaking()))
    with pytest.raises(RetryLater) as raised:
        client(wiring, handle).request("POST", "/things", repeat=False)
    assert raised.value.outcome_unknown
    assert [exchange.status for exchange in wiring.log.exchanges] == [None]


def test_the_system_explains_its_answers_and_http_explains_the_rest(wiring: Wiring) -> None:
    def explain(answer: httpx.Response) -> ConnectorError | None:
        return NeedsHuman(Problem("gone")) if answer.status_code == 410 else None

    handle, _ = answers(httpx.Response(410), httpx.Response(418))
    http = client(wiring, handle, explain=explain)
    with pytest.raises(NeedsHuman):
        http.request("GET", "/things")
    with pytest.raises(Broken, match="418"):
        http.request("GET", "/things")


def test_a_pause_that_the_rate_limit_needs_is_kept_before_the_next_request(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(200), httpx.Response(200))
    pauses = iter([3.0, 0.0])
    http = client(wiring, handle, after_answer=lambda _: next(pauses))
    http.request("GET", "/things")
    assert wiring.time.slept == []
    http.request("GET", "/things")
    assert wiring.time.slept == [3.0]


def test_a_very_long_pause_is_left_to_the_flow(wiring: Wiring) -> None:
    handle, seen = answers(httpx.Response(200))
    http = client(wiring, handle, after_answer=lambda _: 3600.0)
    http.request("GET", "/things")
    with pytest.raises(RetryLater) as raised:
        http.request("GET", "/things")
    assert raised.value.after == 3600.0
    assert len(seen) == 1


class Counted(httpx.SyncByteStream):
    """Ten chunks of a hundred bytes, counting how many were taken."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(10):
            self.taken += 1
            yield b"x" * 100


def test_a_download_gives_the_bytes(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(200, content=b"pdf"))
    assert client(wiring, handle).download("/file", 3) == b"pdf"


def test_a_download_is_read_no_further_than_its_limit(wiring: Wiring) -> None:
    body = Counted()
    handle, _ = answers(httpx.Response(200, stream=body))
    assert client(wiring, handle).download("/file", 250) is None
    assert body.taken == 3


def test_a_download_that_is_announced_too_large_is_not_read(wiring: Wiring) -> None:
    body = Counted()
    handle, _ = answers(httpx.Response(200, stream=body, headers={"Content-Length": "1000"}))
    assert client(wiring, handle).download("/file", 250) is None
    assert body.taken == 0


def test_a_download_that_breaks_off_is_tried_again(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(200, stream=Breaking()), httpx.Response(200, content=b"pdf"))
    assert client(wiring, handle).download("/file", 100) == b"pdf"


def test_a_download_follows_one_redirect_to_a_file_store_without_credentials(wiring: Wiring) -> None:
    wiring.secrecy = SHOP
    stored = "https://files.example.org/a.pdf?X-Amz-Signature=topsecretsignature"
    handle, seen = answers(
        httpx.Response(302, headers={"Location": stored}), httpx.Response(200, content=b"pdf")
    )
    http = client(
        wiring, handle, auth=httpx.BasicAuth("u", "p"), headers={"x-api-token": "tok", "X-App": "a"}
    )
    assert http.download("/file", 100) == b"pdf"
    assert "authorization" in seen[0].headers
    assert "authorization" not in seen[1].headers
    assert "x-api-token" not in seen[1].headers
    assert "topsecretsignature" not in wiring.log.text


def test_a_download_is_not_led_from_https_to_http(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(302, headers={"Location": "http://files.example.org/a.pdf"}))
    with pytest.raises(Broken, match="from HTTPS to http"):
        client(wiring, handle).download("/file", 100)


def test_a_second_redirect_is_not_followed(wiring: Wiring) -> None:
    handle, _ = answers(*(httpx.Response(302, headers={"Location": "/elsewhere"}) for _ in range(2)))
    with pytest.raises(Broken, match="302"):
        client(wiring, handle).download("/file", 100)


@pytest.mark.parametrize(
    "address",
    ["https://other.example.com/v1/x", "http://api.example.com/v1/x", "https://api.example.com:444/x"],
)
def test_credentials_do_not_leave_the_origin_they_are_for(wiring: Wiring, address: str) -> None:
    wiring.secrecy = SHOP
    handle, seen = answers(httpx.Response(200))
    http = client(wiring, handle, auth=httpx.BasicAuth("u", "p"), headers={"x-api-token": "tok"})
    http.request("GET", address)
    assert "authorization" not in seen[0].headers
    assert "x-api-token" not in seen[0].headers


def test_credentials_that_a_request_brings_itself_are_sent(wiring: Wiring) -> None:
    handle, seen = answers(httpx.Response(200), httpx.Response(200))
    http = client(wiring, handle)
    http.request("GET", "https://other.example.com/x", auth=("u", "p"))
    http.request("GET", "https://other.example.com/x", headers={"Authorization": "Bearer b"})
    assert seen[0].headers["authorization"].startswith("Basic ")
    assert seen[1].headers["authorization"] == "Bearer b"


def test_an_error_is_logged_with_its_body_cut_to_size(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(400, text="x" * 9000))
    with pytest.raises(Broken):
        client(wiring, handle).request("GET", "/things")
    assert wiring.log.exchanges[0].body == "x" * 4000


def test_the_body_of_a_success_is_logged_where_that_is_asked_for(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(200, text="state: done"))
    client(wiring, handle).request("GET", "/job", keep_body=True)
    assert wiring.log.exchanges[0].body == "state: done"


def test_no_secret_reaches_the_technical_log(wiring: Wiring) -> None:
    wiring.secrecy = SHOP
    secrets = ["bearertoken1", "apitoken234", "cookie56789", "refresh01234", "query567890", "basicpass123"]
    echo = httpx.Response(400, text=" ".join(secrets), headers={"Set-Cookie": "sid=cookie56789"})
    handle, _ = answers(echo, echo, httpx.ReadTimeout("t"))
    http = client(wiring, handle, headers={"x-api-token": "apitoken234", "Cookie": "cookie56789"})
    form = {"refresh_token": "refresh01234"}
    for given in ({"headers": {"Authorization": "Bearer bearertoken1"}}, {"auth": ("u", "basicpass123")}):
        with pytest.raises(Broken):
            http.request("POST", "/t?api_token=query567890", data=form, **given)
    with pytest.raises(RetryLater):
        http.request("POST", "/t?token=query567890", data=form, repeat=False)
    assert len(wiring.log.exchanges) == 3
    first, second, _ = (exchange.body for exchange in wiring.log.exchanges)
    assert first == "*** *** *** *** *** basicpass123"
    assert second == "bearertoken1 *** *** *** *** ***"
    for exchange in wiring.log.exchanges:
        shown = repr(replace(exchange, body=""))
        assert not [secret for secret in secrets if secret in shown]


def test_no_secret_reaches_the_log_of_the_http_library(
    wiring: Wiring, caplog: pytest.LogCaptureFixture
) -> None:
    wiring.secrecy = SHOP
    handle, _ = answers(httpx.Response(200))
    with caplog.at_level(logging.INFO, logger="httpx"):
        client(wiring, handle).request("GET", "/things?api_token=topsecret&page=2&token=nobodys")
    assert "page=2" in caplog.text
    assert "topsecret" not in caplog.text
    assert "nobodys" not in caplog.text


def test_an_error_names_no_secret_of_the_system(wiring: Wiring) -> None:
    wiring.secrecy = SHOP
    handle, _ = answers(httpx.Response(404))
    with pytest.raises(Broken) as raised:
        client(wiring, handle).request("GET", "/things?api_token=topsecret&page=2")
    assert str(raised.value).endswith("/things?api_token=***&page=2")


def test_what_one_system_calls_a_secret_is_none_of_another(wiring: Wiring) -> None:
    handle, seen = answers(httpx.Response(200))
    http = client(wiring, handle, headers={"x-api-token": "tok"})
    http.request("GET", "https://other.example.com/x?api_token=a")
    assert seen[0].headers["x-api-token"] == "tok"
    assert wiring.log.exchanges[0].url.endswith("api_token=a")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        (" 2.5 ", 2.5),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("9" * 400, 86400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str, seconds: float | None) -> None:
    answer = httpx.Response(503, headers={"Retry-After": value})
    assert retry_after(answer, datetime(2026, 11, 21, 12, 0, tzinfo=UTC)) == seconds


def test_retry_after_may_be_missing_or_no_digits_at_all() -> None:
    assert retry_after(httpx.Response(503)) is None
    assert retry_after(httpx.Response(503, headers=[(b"Retry-After", "²".encode("latin-1"))])) is None


def test_http_alone_calls_an_unknown_refusal_a_bug_and_names_the_request_without_secrets() -> None:
    request = httpx.Request("GET", "https://api.example.com/x?token=abcdefgh")
    error = default_explanation("shop", httpx.Response(403, request=request))
    assert isinstance(error, Broken)
    assert str(error) == "shop answered 403 to GET https://api.example.com/x?token=***"


def test_waits_are_full_jitter(wiring: Wiring) -> None:
    handle, _ = answers(httpx.Response(503), httpx.Response(503), httpx.Response(200))
    wiring.time = FakeTime(drawn=0.0)
    client(wiring, handle, explain=unexplained).request("GET", "/things")
    assert wiring.time.slept == [0.0, 0.0]


@pytest.mark.parametrize(("status", "too_many"), [(429, True), (503, False), (408, False)])
def test_too_many_requests_are_told_from_other_reasons_to_wait(status: int, too_many: bool) -> None:
    request = httpx.Request("GET", "https://api.example.com/x")
    error = default_explanation("shop", httpx.Response(status, request=request, headers={"Retry-After": "7"}))
    assert isinstance(error, RetryLater)
    assert isinstance(error, TooMany) == too_many
    assert (error.after, error.outcome_unknown) == (7.0, status == 408)
