"""What a sink is to the rest of the product: it takes documents and batches, and says what became of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.check_steps import CheckStep


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

    `fiscal_years` is None where no data service is used that would tell them.
    """

    client: str
    name: str
    fiscal_years: tuple[FiscalYear, ...] | None
    document_types: tuple[DocumentType, ...]
    allowed_extensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutgoingDocument:
    """A document ready to be filed under our GUID.

    `attempted` is True when an earlier attempt with the same GUID and bytes is on record, so that a
    conflict means that it arrived. `category`, `folder` and `register` are given all three or not at all.
    """

    guid: uuid.UUID
    file_name: str
    media_type: str
    content: bytes
    document_type: str
    note: str
    category: str
    folder: str
    register: str
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
