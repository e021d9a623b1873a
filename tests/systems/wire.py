"""HTTP for tests: exchanges are kept in a list, and time passes without sleeping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from mlconnector.errors import ConnectorError
from mlconnector.systems.kit.exchanges import Exchange
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.pacing import Patience, Waiting
from mlconnector.systems.kit.secrecy import IN_GENERAL, Secrecy

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class Log:
    """An exchange log that remembers."""

    exchanges: list[Exchange] = field(default_factory=list)

    def write(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    @property
    def text(self) -> str:
        return "\n".join(map(repr, self.exchanges))


@dataclass
class FakeTime:
    """Time that passes by sleeping only; `slept` are the waits in their order."""

    passed: float = 0.0
    drawn: float = 0.5
    slept: list[float] = field(default_factory=list)
    ends: bool = False

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds

    def waiting(self) -> Waiting:
        return Waiting(
            sleep=self.sleep,
            monotonic=lambda: self.passed,
            draw=lambda: self.drawn,
            now=lambda: START + timedelta(seconds=self.passed),
            over=lambda: self.ends,
        )


def unexplained(_answer: httpx.Response) -> ConnectorError | None:
    return None


@dataclass
class Wiring:
    """An HttpFactory as the application has one; `transport` None is the real network."""

    log: Log = field(default_factory=Log)
    time: FakeTime = field(default_factory=FakeTime)
    transport: httpx.BaseTransport | None = None
    patience: Patience = field(default_factory=Patience)
    secrecy: Secrecy = IN_GENERAL
    setting_of: Callable[[str], str] = lambda _address: ""
    opened: list[Http] = field(default_factory=list)

    def __call__(
        self,
        system: str,
        base_url: str,
        *,
        explain: Callable[[httpx.Response], ConnectorError | None] = unexplained,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        before_call: Callable[[], float] | None = None,
        after_answer: Callable[[httpx.Response], float] | None = None,
    ) -> Http:
        http = Http(
            system,
            base_url,
            log=self.log,
            explain=explain,
            auth=auth,
            headers=headers,
            timeout=timeout,
            patience=self.patience,
            waiting=self.time.waiting(),
            before_call=before_call,
            after_answer=after_answer,
            secrecy=self.secrecy,
            setting_of=self.setting_of,
            transport=self.transport,
        )
        self.opened.append(http)
        return http

    def close(self) -> None:
        for http in self.opened:
            http.close()
