"""What a sink is to the rest of the product: it takes documents and batches, and says what became of them.

A sink is a package `mlconnector.systems.<name>` with a `describe_sink() -> SinkSystem`; the registry
(`systems/registry.py`) finds it by its folder. Its table in a connection's file has its name.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.oauth import OAuthModel, TokenKeeper, Tokens
from mlconnector.systems.kit.secrecy import Secrecy

Takes = Literal["documents", "booking_files", "suggestions", "loads"]
"""What a sink can take: Belegbilder, files of bookings and master data, booking suggestions, loads."""


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """A fiscal year of the client as the sink knows it, both days included."""

    first: date
    last: date
    account_length: int


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A document type that the client has defined; `category` e.g. `outgoing_invoices`."""

    name: str
    category: str


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What the sink says of the client just before a run; read once for each run.

    `fiscal_years` is None where no data service is used that would tell them. The extensions are those of
    files that may be filed on their own, and of those that may go with suggestions.
    """

    client: str
    name: str
    fiscal_years: tuple[FiscalYear, ...] | None
    document_types: tuple[DocumentType, ...]
    allowed_extensions: tuple[str, ...]
    suggestion_extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutgoingDocument:
    """A document ready to be filed under our GUID, with its bookings' month (`YYYY-MM`).

    `attempted` is True when an earlier attempt with the same GUID and bytes is on record, so that a
    conflict means that it arrived.
    """

    guid: uuid.UUID
    file_name: str
    media_type: str
    content: bytes
    period: str
    attempted: bool


@dataclass(frozen=True, slots=True)
class OutgoingBatch:
    """A frozen batch: the bytes, and the identity they have outside."""

    reference_id: str
    file_name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The job that took the batch, and the least number of seconds before its state may be asked for."""

    job_id: str
    retry_after: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """An open transfer of booking suggestions, which takes files until it is made ready.

    `folder` is the ledger folder that the sink wants named; `account_length` is None where it says none.
    """

    job_id: str
    account_length: int | None
    folder: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A line of the sink's protocol of a transfer: `kind` is information, warning or error."""

    kind: str
    text: str
    file_name: str
    context: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """The state of a job; `problem` says why it failed, `answer` is what the sink said, word for word.

    `open` and `partial` are only of transfers: one that still takes files, and one of which some documents
    were taken and others not; `remarks` are its protocol. `again` is True when the sink asks for the same
    bytes to be sent once more (its own internal error).
    """

    result: Literal["open", "pending", "succeeded", "partial", "failed"]
    problem: Problem | None = None
    answer: Mapping[str, object] = field(default_factory=dict)
    again: bool = False
    remarks: tuple[Remark, ...] = ()


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
    accounts that bookings are made for.
    """

    settings: Any
    secrets: Mapping[str, str]
    tokens: TokenKeeper
    http: HttpFactory
    account_length: int
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
