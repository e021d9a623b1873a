"""The HTTP seam that all systems share: retries, rate limits, the technical log, and no secrets in it.

A system translates answers into the four errors with its own `explain`; here live only the rules that
hold for HTTP itself.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx

from mlconnector.errors import Broken, ConnectorError, RetryLater
from mlconnector.systems.kit import redaction
from mlconnector.systems.kit.exchanges import Exchange, ExchangeLog
from mlconnector.systems.kit.no_answer import silence
from mlconnector.systems.kit.pacing import Pace, Patience, TooMany, Waiting
from mlconnector.systems.kit.redaction import public_headers
from mlconnector.systems.kit.secrecy import IN_GENERAL, Secrecy
from mlconnector.systems.kit.silence import Kind, origin
from mlconnector.systems.kit.unpacking import PACKED_AS, unpack_within_bounds

_LOGGED_BODY = 4000
_LONGEST_RETRY_AFTER = 86400.0


class Http:
    """A client of one outside system; safe to share between threads.

    `auth` and secret `headers` go to the origin of `base_url` only; `secrecy` says what is secret, and
    `setting_of` which setting of the user has an address.
    """

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
        before_call: Callable[[], float] | None = None,
        after_answer: Callable[[httpx.Response], float] | None = None,
        secrecy: Secrecy = IN_GENERAL,
        setting_of: Callable[[str], str] = lambda _address: "",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.system = system
        self._secrecy = secrecy
        self._log = log
        self._explain = explain
        self._waiting = waiting or Waiting()
        self._pace = Pace(system, patience or Patience(), self._waiting)
        self._before_call = before_call
        self._after_answer = after_answer
        self._setting_of = setting_of
        self._client = httpx.Client(
            base_url=base_url,
            auth=auth,
            headers=PACKED_AS | dict(headers or {}),
            timeout=httpx.Timeout(timeout, connect=10.0),
            transport=transport,
            verify=_trusted(),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32),
            event_hooks={"request": [self._note_start], "response": [self._note_answer]},
        )

    def request(
        self, method: str, url: str, *, repeat: bool = True, keep_body: bool = False, **arguments: Any
    ) -> httpx.Response:
        """Send a request and return its successful answer.

        With `repeat` the seam tries again where the answer says "later" or none came; requests that must
        not be sent twice set it to False and then get RetryLater with `outcome_unknown`. With `keep_body`
        the technical log keeps the body of a successful answer too, as it keeps that of an error.
        Raises one of the four errors.
        """

        def send() -> httpx.Response:
            return self._send(method, url, {**arguments, "extensions": {"keep_body": keep_body}})

        return self._persist(repeat, send)

    def download(self, url: str, limit: int, **arguments: Any) -> bytes | None:
        """The body behind `url`, or None when it has more than `limit` bytes; never reads further.

        Follows one redirect, as file stores behind an API need it; another origin gets no credentials.
        Raises one of the four errors.
        """
        body: bytes | None = None

        def fetch() -> httpx.Response:
            nonlocal body
            with closing(self._stream(url, arguments)) as answer:
                if not answer.has_redirect_location:
                    body = _up_to(limit, answer)
                    return answer
                target = self._redirected(answer)
            with closing(self._stream(target, {})) as moved:
                body = _up_to(limit, moved)
                return moved

        self._persist(True, fetch)
        return body

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def _send(
        self, method: str, url: str, arguments: Mapping[str, Any], stream: bool = False
    ) -> httpx.Response:
        given = {**arguments, "extensions": {**arguments.get("extensions", {}), **self._secrecy.extension()}}
        auth = given.pop("auth", httpx.USE_CLIENT_DEFAULT)
        try:
            request = self._client.build_request(method, url, **given)
            # In one piece: httpx would write every part of a multipart body on its own.
            request.read()
        except httpx.InvalidURL as error:
            raise Broken(f"{self.system}: the address of a request cannot be read: {error}") from error
        if self._is_elsewhere(request.url):
            own = set(self._client.headers) - set(httpx.Headers(given.get("headers")))
            for name in self._secrecy.all_headers & own:
                del request.headers[name]
            auth = None if auth is httpx.USE_CLIENT_DEFAULT else auth
        with self._secrecy.kept():
            return self._client.send(request, auth=auth, stream=stream)

    def _stream(self, url: str, arguments: Mapping[str, Any]) -> httpx.Response:
        return self._send("GET", url, {**arguments, "extensions": {"streamed": True}}, stream=True)

    def _is_elsewhere(self, url: httpx.URL) -> bool:
        home = self._client.base_url
        return bool(home.host) and (url.scheme, url.host, url.port) != (home.scheme, home.host, home.port)

    def _redirected(self, answer: httpx.Response) -> str:
        source = answer.request.url
        try:
            target = source.join(answer.headers["location"])
        except httpx.InvalidURL as error:
            raise Broken(f"{self.system} redirects a download to an unreadable address: {error}") from error
        if source.scheme == "https" and target.scheme != "https":
            raise Broken(f"{self.system} redirects a download from HTTPS to {target.scheme}")
        return str(target)

    def _persist(self, repeat: bool, send: Callable[[], httpx.Response]) -> httpx.Response:
        attempt = 0
        while True:
            attempt += 1
            self._pace.keep(self._before_call)
            answer = self._try(send)
            if isinstance(answer, httpx.Response):
                return answer
            if not (repeat and isinstance(answer, RetryLater)):
                raise answer
            if not self._pace.wait_before_repeating(attempt, answer):
                raise answer

    def _try(self, send: Callable[[], httpx.Response]) -> httpx.Response | ConnectorError:
        try:
            answer = send()
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            self._note_silence(error)
            return Broken(f"{self.system}: the request cannot be sent: {error}")
        except httpx.RequestError as error:
            silent = silence(self.system, error, self._setting_of(origin(str(error.request.url))))
            self._note_silence(error, silent.kind)
            return silent
        if answer.is_success:
            return answer
        return self._explain(answer) or default_explanation(self.system, answer)

    def _note_start(self, request: httpx.Request) -> None:
        request.extensions["started"] = self._waiting.monotonic()

    def _note_answer(self, answer: httpx.Response) -> None:
        asked = answer.request.extensions
        if self._after_answer is not None:
            self._pace.pause(self._after_answer(answer))
        try:
            unpack_within_bounds(self.system, answer)
            if answer.is_error or not asked.get("streamed"):
                # An answer that breaks off counts as none, so it must be complete before it is noted.
                answer.read()
        except Broken as error:
            self._note(answer.request, answer, error=str(error))
            raise
        body = (
            redaction.without_echo(answer.text, answer.request)
            if answer.is_error or asked.get("keep_body")
            else ""
        )
        self._note(answer.request, answer, body=body[:_LOGGED_BODY])

    def _note_silence(self, error: httpx.RequestError, kind: Kind = "other") -> None:
        self._note(error.request, None, error=f"{type(error).__name__}: {error}", silence=kind)

    def _note(
        self,
        request: httpx.Request,
        answer: httpx.Response | None,
        *,
        body: str = "",
        error: str = "",
        silence: Kind | None = None,
    ) -> None:
        self._log.write(
            Exchange(
                system=self.system,
                at=self._waiting.now(),
                method=request.method,
                url=redaction.without_secrets(request.url, self._secrecy),
                status=None if answer is None else answer.status_code,
                seconds=self._waiting.monotonic() - request.extensions["started"],
                request_headers=public_headers(request.headers, self._secrecy),
                response_headers={} if answer is None else public_headers(answer.headers, self._secrecy),
                body=body,
                error=error,
                silence=silence,
            )
        )


def retry_after(answer: httpx.Response, now: datetime | None = None) -> float | None:
    """Seconds of the Retry-After header, given as a number or as an HTTP date; None without a readable one.

    Never more than a day, so that a nonsensical value cannot put a transfer off for ever.
    """
    value = answer.headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return min(float(value), _LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - (now or datetime.now(UTC))).total_seconds()), _LONGEST_RETRY_AFTER)


def default_explanation(system: str, answer: httpx.Response) -> ConnectorError:
    """What an answer means by HTTP alone, for everything that a system does not explain itself."""
    status = answer.status_code
    if status == 429:
        return TooMany(f"{system} answered {status}", retry_after(answer))
    if status in {408, 502, 503, 504}:
        return RetryLater(f"{system} answered {status}", retry_after(answer), outcome_unknown=status != 503)
    return Broken(f"{system} answered {status} to {redaction.shown(answer.request)}")


@cache
def _trusted() -> ssl.SSLContext:
    """The trusted authorities, read once: reading them for each client takes longer than most requests."""
    return httpx.create_ssl_context()


def _up_to(limit: int, answer: httpx.Response) -> bytes | None:
    if answer.is_error or int(answer.headers.get("content-length", 0)) > limit:
        return None
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)
