"""What the API gives of warehouses: their tables, the loads into them, and files that are taken in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field


class Told(BaseModel):
    """A problem in words: what happened, why it matters, what to do, and who does it."""

    key: str
    facts: dict[str, str]
    what: str
    why: str
    do: str
    who: str


class TableState(BaseModel):
    """A table of a warehouse."""

    table: str
    rows: int
    deleted: int = Field(description="rows that do not hold any more, among them")
    version: int | None = Field(description="null where the warehouse does not say it")
    files: int | None


class Load(BaseModel):
    """Everything of one source, as it was carried into the tables."""

    load: str = Field(description="its id: a hash of place, kind, source and content")
    kind: str
    source: str
    file: str
    state: Literal["planned", "staged", "applied", "verified", "failed"]
    attempt: int
    changed_at: datetime
    source_rows: int | None = Field(default=None, description="rows that were sent; null before")
    target_rows: int | None = Field(default=None, description="rows that were read back")
    source_amount: Decimal | None = None
    target_amount: Decimal | None = None
    left_out: int | None = Field(default=None, description="records that a table cannot take")


class FailedLoad(Load):
    """A load that did not arrive."""

    problem: Told
    next_try: datetime | None = Field(
        description="when it is tried again, which waits for a person; null where it goes with the next load"
    )


class LeftOut(BaseModel):
    """A record that its table cannot take, so that sums are without it."""

    load: str
    problem: Told


class WarehouseState(BaseModel):
    """A warehouse, what it holds, and what has not arrived."""

    warehouse: str
    place: str
    problem: Told | None = Field(description="why its tables cannot be seen; null where they can")
    tables: list[TableState]
    loads: dict[str, int] = Field(description="how many loads are in which state")
    failed: list[FailedLoad]
    left_out: list[LeftOut]
    recent: list[Load] = Field(description="the loads that changed last")


class WarehouseStates(BaseModel):
    """All warehouses."""

    warehouses: list[WarehouseState]


class TakenFile(BaseModel):
    """What became of a file that was to be taken in."""

    file: str
    outcome: Literal["taken", "known", "held"]
    client: str
    load: str
    problem: Told | None


class LoadsEnded(BaseModel):
    """How loads ended."""

    verified: int
    unchanged: int
    failed: int
    later: int = Field(description="tried again by themselves")
    reasons: list[str] = Field(description="why some go later")
    problems: list[Told]
    left_out: list[Told]
    files: list[TakenFile]
