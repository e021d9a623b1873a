"""What a sink is to the rest of the product: it takes documents and batches, and says what became of them.

A sink is a package `mlconnector.systems.<name>` with a `describe_sink() -> SinkSystem`; the registry
(`systems/registry.py`) finds it by its folder. Its table in a connection's file has its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlconnector.model.entries import Ledger
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.oauth import OAuthModel, TokenKeeper, Tokens
from mlconnector.systems.kit.secrecy import Secrecy

if TYPE_CHECKING:
    # Only who transfers something needs what goes to a sink and comes back.
    from mlconnector.systems.kit.check_steps import CheckStep
    from mlconnector.systems.transfers import (
        ClientFacts,
        JobStatus,
        OutgoingBatch,
        OutgoingDocument,
        Receipt,
        Transfer,
    )

Takes = Literal["documents", "booking_files", "suggestions", "loads"]
"""What a sink can take: Belegbilder, files of bookings and master data, booking suggestions, loads."""


class Sink(Protocol):
    """A connected client of the books; every answer is one of these types or one of the four errors."""

    def check(self) -> Iterator[CheckStep]:
        """Does it work, step by step: login, client, each data service, fiscal year, account length."""

    def client_facts(self) -> ClientFacts:
        """Check the permission, read what a run needs; raises NeedsHuman when a right is missing."""

    def file_document(self, document: OutgoingDocument) -> Literal["filed", "already_filed"]:
        """File one document; repeating it with the same GUID and bytes changes nothing."""

    def submit(self, batch: OutgoingBatch) -> Receipt:
        """Send a batch once, never twice; RetryLater with `outcome_unknown` when no answer came."""

    def find(self, reference_id: str) -> Receipt | None:
        """The job that carries our reference, if the sink has one: asked after an unknown outcome."""

    def status(self, job_id: str) -> JobStatus:
        """How far the job is."""

    def open_transfer(self, ledger: Ledger, month: str) -> Transfer:
        """Open a transfer of booking suggestions for a ledger and a month; processed after `finish`."""

    def attach(self, job_id: str, file_name: str, media_type: str, content: bytes) -> None:
        """Add a file to an open transfer; repeating it changes nothing."""

    def finish(self, job_id: str) -> None:
        """Let the transfer be processed, once; RetryLater with `outcome_unknown` when no answer came."""

    def drop_transfer(self, job_id: str) -> None:
        """Remove an open transfer with its files."""

    def transfer_status(self, job_id: str) -> JobStatus:
        """How far a transfer is, with its protocol at its end."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class SinkContext:
    """All that a sink may touch of the outside: its settings, secrets, tokens, HTTP and the calendar.

    `settings` is the validated table of the connection. `account_length` is the length of general ledger
    accounts that bookings are made for, `ledgers` are those whose documents the rules book.
    """

    settings: Any
    secrets: Mapping[str, str]
    tokens: TokenKeeper
    http: HttpFactory
    account_length: int
    ledgers: frozenset[Ledger]
    today: Callable[[], date]


@dataclass(frozen=True, slots=True)
class LoginRules:
    """What a sink demands of a login beyond OAuth.

    `link` is where people see and end what they allowed applications to do. `objection` says why a login may
    not return to an address, as facts of a problem; None where it may. `bound_client` is the only client that
    a login with these scopes is good for, empty for any. `first` is the login that has to reach the client
    before one that lasts may be asked for. `issued_by` is the full name of the person who logged in.
    """

    link: str
    objection: Callable[[Any, str], Mapping[str, str] | None]
    bound_client: Callable[[Sequence[str]], str]
    first: Callable[[OAuthModel], OAuthModel]
    issued_by: Callable[[OAuthModel, HttpFactory, Tokens], str]


@dataclass(frozen=True, slots=True)
class Courtesy:
    """How a sink wants to be treated by programs.

    Work rests after `refused_in_a_row` refusals, or when more than `refused_share` of `of_at_least` requests
    or more were refused. More GETs than so many for a transfer, or without one, are an alarm. `wait` gives
    the seconds before a job is asked after for that time (counted from 1), from what the sink asked for and
    a random number from 0 to 1; None when it is not to be asked any more.
    """

    wait: Callable[[int, float | None, float], float | None]
    refused_in_a_row: int = 10
    refused_share: float = 0.10
    of_at_least: int = 50
    gets_for_a_transfer: int = 5
    gets_without_one: int = 30


@dataclass(frozen=True, slots=True)
class SinkSystem:
    """A sink as the product knows it before any client is connected.

    `settings_model` is the pydantic model of the connection's table that has the sink's name; `template` is
    such a table, commented. `client` is the client in the settings, as people name it; `takes` is what the
    sink can take as it is set, and `services` what the sink itself calls that. `secrets` names the
    credentials to ask for, and `oauth` says how to log in, None where no login is needed.
    """

    name: str
    title: str
    settings_model: type[Any]
    secrets: Callable[[Any], Sequence[str]]
    oauth: Callable[[Any, HttpFactory], OAuthModel | None]
    open: Callable[[SinkContext], Sink]
    template: str
    client: Callable[[Any], str]
    takes: Callable[[Any], frozenset[Takes]]
    services: Callable[[Any], Sequence[str]]
    login: LoginRules
    courtesy: Courtesy
    secret_headers: frozenset[str] = frozenset()
    secret_parameters: frozenset[str] = frozenset()

    @property
    def secrecy(self) -> Secrecy:
        """What is secret about its requests."""
        return Secrecy(self.secret_headers, self.secret_parameters)
