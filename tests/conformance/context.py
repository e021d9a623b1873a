"""What a source needs to run in a test: a clock that never sleeps, memory, tokens, and the technical log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import httpx

from mlconnector.errors import ConnectorError, NeedsLogin
from mlconnector.standins.base import Clock
from mlconnector.systems.kit import call_limits, issuer
from mlconnector.systems.kit.call_limits import CallLimit, CallsLeft, Spent
from mlconnector.systems.kit.exchanges import Exchange
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.oauth import OAuthModel, TokenKeeper, Tokens
from mlconnector.systems.kit.pacing import Waiting
from mlconnector.systems.kit.secrecy import IN_GENERAL, Secrecy
from mlconnector.systems.source import Source, SourceContext, SourceSystem


class FakeTime:
    """Time that both sides share: sleeping moves the stand-in's clock, so that no test waits for a limit."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Called instead of time.sleep by what is tested."""
        self.slept.append(seconds)
        self.clock.advance(seconds)

    def pass_by(self, seconds: float) -> None:
        """Let time pass between two steps of a test."""
        self.clock.advance(seconds)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def waiting(self) -> Waiting:
        return Waiting(sleep=self.sleep, monotonic=self.clock, draw=lambda: 0.5, now=self.now)


@dataclass
class ListedLog:
    """A technical log that keeps everything in a list."""

    exchanges: list[Exchange] = field(default_factory=list)

    def write(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    def text(self) -> str:
        return "\n".join(repr(exchange) for exchange in self.exchanges)


class JsonMemory:
    """A memory that keeps JSON texts, as the database does."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def recall(self, key: str) -> Any:
        return json.loads(self.texts[key]) if key in self.texts else None

    def remember(self, key: str, value: Any) -> None:
        self.texts[key] = json.dumps(value, allow_nan=False)


class NoTokens:
    """For sources without a login, and for those where nobody has logged in yet."""

    def current(self) -> Tokens:
        raise NeedsLogin("test", "nobody has logged in")

    def renewed(self, rejected: str) -> Tokens:
        raise NeedsLogin("test", "nobody has logged in")


class KeptTokens:
    """Tokens in memory, refreshed with the source's own OAuth model; `history` holds all there were."""

    def __init__(self, model: OAuthModel, http: Http, secret: str, first: Tokens, time: FakeTime) -> None:
        self._model, self._http, self._secret, self._time = model, http, secret, time
        self._lock = Lock()
        self.history = [first]

    def current(self) -> Tokens:
        with self._lock:
            left = (self.history[-1].expires_at - self._time.now()).total_seconds()
            return self.history[-1] if left > self._model.margin else self._refreshed()

    def renewed(self, rejected: str) -> Tokens:
        with self._lock:
            return self.history[-1] if self.history[-1].access_token != rejected else self._refreshed()

    def _refreshed(self) -> Tokens:
        tokens = issuer.refresh(self._model, self._http, self._secret, self.history[-1], self._time.now())
        self.history.append(tokens)
        return tokens


class KeptBudget:
    """Limits on calls in memory, shared by all sources that are opened from the same outside."""

    def __init__(self, time: FakeTime) -> None:
        self._time = time
        self._spent: dict[str, Spent] = {}
        self._lock = Lock()

    def take(self, limit: CallLimit) -> float:
        with self._lock:
            spent = self._spent.get(limit.name, Spent())
            self._spent[limit.name], wait = call_limits.take(spent, limit, self._time.clock())
        return wait

    def close(self, limit: CallLimit, seconds: float) -> None:
        with self._lock:
            spent = self._spent.get(limit.name, Spent())
            self._spent[limit.name] = call_limits.close(spent, self._time.clock(), seconds)

    def left(self, limit: CallLimit) -> CallsLeft:
        return call_limits.left(self._spent.get(limit.name, Spent()), limit, self._time.clock())


@dataclass
class Outside:
    """Everything beside the source itself; sources opened from the same one share it, as after a restart."""

    time: FakeTime
    log: ListedLog = field(default_factory=ListedLog)
    memory: JsonMemory = field(default_factory=JsonMemory)
    tokens: TokenKeeper = field(default_factory=NoTokens)
    clients: list[Http] = field(default_factory=list)
    secrecy: Secrecy = IN_GENERAL
    budget: KeptBudget = field(init=False)

    def __post_init__(self) -> None:
        self.budget = KeptBudget(self.time)

    def http(
        self,
        system: str,
        base_url: str,
        *,
        explain: Callable[[httpx.Response], ConnectorError | None],
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        before_call: Callable[[], float] | None = None,
        after_answer: Callable[[httpx.Response], float] | None = None,
    ) -> Http:
        """The HttpFactory of the test."""
        client = Http(
            system,
            base_url,
            log=self.log,
            explain=explain,
            auth=auth,
            headers=headers,
            timeout=timeout,
            before_call=before_call,
            after_answer=after_answer,
            secrecy=self.secrecy,
            waiting=self.time.waiting(),
        )
        self.clients.append(client)
        return client

    def close(self) -> None:
        """Let go of all connections that were ever opened."""
        for client in self.clients:
            client.close()

    def log_in(
        self, system: SourceSystem, settings: Any, secret: str, token_url: str, redirect_uri: str
    ) -> KeptTokens:
        """Log in as a user's browser would at a stand-in that agrees at once, and keep the tokens."""
        self.secrecy = system.secrecy
        model = system.oauth(settings, self.http)
        assert model is not None, "the settings say that no login is needed"
        http = self.http(
            system.name, token_url, explain=lambda answer: issuer.explain_token_answer(model.system, answer)
        )
        pending, address = issuer.begin_login(model, redirect_uri)
        back = httpx.URL(httpx.get(address, follow_redirects=False).headers["location"])
        assert back.params["state"] == pending.state
        first = issuer.finish_login(model, http, secret, pending, back.params["code"], self.time.now())
        self.tokens = kept = KeptTokens(model, http, secret, first, self.time)
        return kept

    def open(self, system: SourceSystem, settings: Any, secrets: Mapping[str, str]) -> Source:
        """A source that was opened anew."""
        self.secrecy = system.secrecy
        return system.open(
            SourceContext(
                settings=settings,
                secrets=secrets,
                tokens=self.tokens,
                http=self.http,
                memory=self.memory,
                now=self.time.now,
                budget=self.budget,
            )
        )


def texts_of(values: Iterable[str]) -> list[str]:
    """The values that are long enough to be looked for in a log."""
    return [value for value in values if len(value) >= 6]
