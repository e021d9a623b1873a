"""What a kind of batch is to the rest of the flow: it freezes, sends, follows and settles its batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from mlconnector.flow.context.context import Context
from mlconnector.model.problems import Problem
from mlconnector.store.batches import BatchFormat, BatchRow, BatchState
from mlconnector.systems.sink import Takes
from mlconnector.systems.transfers import JobStatus, Receipt


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended: what the sink said, what keeps the rest from having arrived, whether anything did."""

    status: JobStatus
    problem: Problem
    arrived: bool


class BatchKind(Protocol):
    """One kind of batch, from what waits to what became of it at the sink."""

    @property
    def format(self) -> BatchFormat:
        """What its batches are stored as."""

    @property
    def needs(self) -> Takes:
        """What a sink has to take for it."""

    @property
    def links_documents(self) -> bool:
        """Whether its documents are filed on their own, before it is sent."""

    @property
    def is_recognised(self) -> bool:
        """Whether the sink recognises what it has got before, so that sending it again is of no use."""

    @property
    def bound_in(self) -> frozenset[BatchState]:
        """States in which only the service that this kind needs can say what became of a batch."""

    @property
    def unsent_in(self) -> frozenset[BatchState]:
        """States in which nothing of a batch was taken unless a job of it is on record."""

    def freeze(self, context: Context) -> str | None:
        """Freeze the next of what waits into a batch; returns its id, None when nothing waits."""

    def send(self, context: Context, row: BatchRow) -> Receipt | None:
        """Hand a batch over once, whatever is known of earlier attempts; None when it was taken apart.

        Raises one of the four errors.
        """

    def status(self, context: Context, row: BatchRow) -> JobStatus:
        """How far the job of a batch is. Raises one of the four errors."""

    def settle(self, context: Context, db: Connection, row: BatchRow, ended: Ended) -> None:
        """Note what became of what only this kind has."""

    def release(self, db: Connection, row: BatchRow, now: datetime) -> None:
        """Let what an answered batch holds go out once more. Raises NeedsHuman where it has moved on."""
