"""What goes to a sink, and what it says: of its client, and of what became of documents and batches."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem


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
    files that may be filed on their own, and of those that may go with suggestions. `services` are the data
    services that were ordered for the client, by the sink's names.
    """

    client: str
    name: str
    fiscal_years: tuple[FiscalYear, ...] | None
    document_types: tuple[DocumentType, ...]
    allowed_extensions: tuple[str, ...]
    suggestion_extensions: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutgoingDocument:
    """A document ready to be filed under our GUID, with the ledger and month (`YYYY-MM`) of its bookings.

    `attempted` is True when an earlier attempt with the same GUID and bytes is on record, so that a
    conflict means that it arrived.
    """

    guid: uuid.UUID
    file_name: str
    media_type: str
    content: bytes
    ledger: Ledger
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
