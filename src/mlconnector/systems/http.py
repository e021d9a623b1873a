"""The HTTP seam that all systems share: retries, rate limits, the technical log, and no secrets in it.

A system translates answers into the four errors with its own `explain`; here live only the rules that
hold for HTTP itself.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import httpx

from mlconnector.errors import Broken, ConnectorError, RetryLater

_SECRET_HEADERS = frozenset(
    {"authorization", "x-api-token", "api-auth-applicationkey", "cookie", "set-cookie"}
)
_SECRET_PARAMETERS = frozenset(
    {"code", "access_token", "refresh_token", "api_token", "token", "client_secret", "state"}
    | {"signature", "sig", "x-amz-signature", "x-amz-security-token", "x-amz-credential", "x-goog-signature"}
)
_LOGGED_BODY = 4000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer as the technical log keeps them; `status` is None when none came."""

    system: str
    at: datetime
    method: str
    url: str
    status: int | None
    seconds: float
    request_headers: Mapping[str, str]
    response_headers: Mapping[str, str]
    body: str
    error: str


class ExchangeLog(Protocol):
    """Where exchanges are written down."""

    def write(self, exchange: Exchange) -> None:
        """Keep one exchange; it may be stored together with others a little later."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long the seam itself waits before it raises RetryLater.

    `attempts` counts all tries. Waits are drawn at random between zero and a doubling cap ("full
    jitter") and never fall below what the other side asked for; a wait above `longest_wait` is left to
    the durable flow.
    """

    attempts: int = 3
    first_wait: float = 0.5
    longest_wait: float = 20.0


@dataclass
class Waiting:
    """The seam's time: tests put a clock here that does not sleep."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = random.random
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


class Http:
    """A client of one outside system; safe to share between threads."""

    def __init__(
        self,
        system: str,
        base_url: str,
        *,
        log: ExchangeLog,
        explain: Callable[[httpx.Response], ConnectorError | None],
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        patience: Patience | None = None,
        waiting: Waiting | None = None,
        after_answer: Callable[[httpx.Response], float] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.system = system
        self._log = log
        self._explain = explain
        self._patience = patience or Patience()
        self._waiting = waiting or Waiting()
        self._after_answer = after_answer
        self._not_before = 0.0
        self._client = httpx.Client(
            base_url=base_url,
            auth=auth,
            headers=dict(headers or {}),
            timeout=httpx.Timeout(timeout, connect=10.0),
            transport=transport,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
            event_hooks={"request": [self._note_start], "response": [self._note_answer]},
        )

    def request(self, method: str, url: str, *, repeat: bool = True, **arguments: Any) -> httpx.Response:
        """Send a request and return its successful answer.

        With `repeat` the seam tries again where the answer says "later" or none came; requests that must
        not be sent twice set it to False and then get RetryLater with `outcome_unknown`.
        Raises one of the four errors.
        """
        return self._persist(method, url, repeat, lambda: self._client.request(method, url, **arguments))

    def download(self, url: str, limit: int, **arguments: Any) -> bytes | None:
        """The body behind `url`, or None when it has more than `limit` bytes; never reads further.

        Follows one redirect, as file stores behind an API need it; another host gets no credentials.
        Raises one of the four errors.
        """
        body: bytes | None = None

        def fetch() -> httpx.Response:
            nonlocal body
            with self._client.stream("GET", url, **arguments) as answer:
                if not answer.has_redirect_location:
                    body = _up_to(limit, answer)
                    return answer
            with self._follow(answer) as moved:
                body = _up_to(limit, moved)
                return moved

        self._persist("GET", url, True, fetch)
        return body

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def _persist(
        self, method: str, url: str, repeat: bool, send: Callable[[], httpx.Response]
    ) -> httpx.Response:
        for attempt in range(1, self._patience.attempts + 1):
            self._wait_for_limit()
            failure = self._try(method, url, send)
            if isinstance(failure, httpx.Response):
                return failure
            may_repeat = repeat and isinstance(failure, RetryLater) and attempt < self._patience.attempts
            wait = self._wait_before(attempt, failure) if may_repeat else None
            if wait is None:
                raise failure
            self._waiting.sleep(wait)
        raise Broken("the number of attempts must be at least one")

    def _try(
        self, method: str, url: str, send: Callable[[], httpx.Response]
    ) -> httpx.Response | ConnectorError:
        started = self._waiting.monotonic()
        try:
            answer = send()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self._note_silence(method, url, started, error)
            return RetryLater(f"{self.system} cannot be reached: {error}")
        except httpx.TransportError as error:
            self._note_silence(method, url, started, error)
            return RetryLater(f"{self.system} did not answer: {error}", outcome_unknown=True)
        if answer.is_success:
            return answer
        return self._explain(answer) or default_explanation(self.system, answer)

    @contextmanager
    def _follow(self, answer: httpx.Response) -> Iterator[httpx.Response]:
        source = answer.request.url
        target = source.join(answer.headers["location"])
        if source.scheme == "https" and target.scheme != "https":
            raise Broken(f"{self.system} redirects a download from HTTPS to {target.scheme}")
        request = self._client.build_request("GET", target)
        auth: Any = httpx.USE_CLIENT_DEFAULT
        if target.netloc != source.netloc:
            auth = None
            for name in _SECRET_HEADERS:
                request.headers.pop(name, None)
        moved = self._client.send(request, auth=auth, stream=True)
        try:
            yield moved
        finally:
            moved.close()

    def _wait_before(self, attempt: int, failure: ConnectorError) -> float | None:
        asked = failure.after if isinstance(failure, RetryLater) else None
        wait = self._waiting.draw() * self._patience.first_wait * 2 ** (attempt - 1)
        wait = max(wait, asked or 0.0)
        return wait if wait <= self._patience.longest_wait else None

    def _wait_for_limit(self) -> None:
        wait = self._not_before - self._waiting.monotonic()
        if wait > 0:
            self._waiting.sleep(wait)

    def _note_start(self, request: httpx.Request) -> None:
        request.extensions["started"] = self._waiting.monotonic()

    def _note_answer(self, answer: httpx.Response) -> None:
        if self._after_answer is not None:
            pause = self._after_answer(answer)
            if pause > 0:
                self._not_before = max(self._not_before, self._waiting.monotonic() + pause)
        if answer.is_error:
            answer.read()
        self._log.write(
            Exchange(
                system=self.system,
                at=self._waiting.now(),
                method=answer.request.method,
                url=without_secrets(answer.request.url),
                status=answer.status_code,
                seconds=self._waiting.monotonic() - answer.request.extensions["started"],
                request_headers=_public(answer.request.headers),
                response_headers=_public(answer.headers),
                body=answer.text[:_LOGGED_BODY] if answer.is_error else "",
                error="",
            )
        )

    def _note_silence(self, method: str, url: str, started: float, error: Exception) -> None:
        seconds = self._waiting.monotonic() - started
        address = without_secrets(self._client.base_url.join(url))
        reason = f"{type(error).__name__}: {error}"
        self._log.write(
            Exchange(self.system, self._waiting.now(), method, address, None, seconds, {}, {}, "", reason)
        )


class HttpFactory(Protocol):
    """Makes clients that are wired to the technical log; given to systems by the application."""

    def __call__(
        self,
        system: str,
        base_url: str,
        *,
        explain: Callable[[httpx.Response], ConnectorError | None],
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        after_answer: Callable[[httpx.Response], float] | None = None,
    ) -> Http:
        """A client of `system` at `base_url`."""


def retry_after(answer: httpx.Response, now: datetime | None = None) -> float | None:
    """Seconds of the Retry-After header, given as a number or as an HTTP date; None without it."""
    value = answer.headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.replace(".", "", 1).isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def default_explanation(system: str, answer: httpx.Response) -> ConnectorError:
    """What an answer means by HTTP alone, for everything that a system does not explain itself."""
    status = answer.status_code
    if status == 429 or status in {502, 503, 504}:
        return RetryLater(
            f"{system} answered {status}", retry_after(answer), outcome_unknown=status in {502, 504}
        )
    return Broken(
        f"{system} answered {status} to {answer.request.method} {without_secrets(answer.request.url)}"
    )


def without_secrets(url: httpx.URL) -> str:
    """The address with the values of secret query parameters replaced."""
    if not url.query:
        return str(url)
    shown = [
        (name, "***" if name.lower() in _SECRET_PARAMETERS else value)
        for name, value in url.params.multi_items()
    ]
    return str(url.copy_with(params=httpx.QueryParams(tuple(shown))))


def _public(headers: httpx.Headers) -> dict[str, str]:
    shown = {name: value for name, value in headers.items() if name.lower() not in _SECRET_HEADERS}
    if "location" in shown:
        shown["location"] = without_secrets(httpx.URL(shown["location"]))
    return shown


def _up_to(limit: int, answer: httpx.Response) -> bytes | None:
    if answer.is_error or int(answer.headers.get("content-length", 0)) > limit:
        return None
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)
