"""What a warehouse is to the rest of the product: it takes loads into tables, and says what they hold.

A warehouse is a package `mlconnector.systems.<name>` with a `describe_warehouse() -> WarehouseSystem`; the
registry (`systems/registry.py`) finds it by its folder. It serves the whole installation, not one connection:
its table in the settings file has its name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mlconnector.errors import RetryLater
from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem

if TYPE_CHECKING:
    from mlconnector.systems.kit.check_steps import CheckStep

Row = Mapping[str, Any]
"""A row by its columns: texts, Decimals, days, aware moments, whole numbers, flags, or None."""

Reached = Literal["staged", "applied"]
"""How far a load is while it is carried: its rows lie beside the tables, or they are in them."""


@dataclass(frozen=True, slots=True)
class OutgoingLoad:
    """Rows of one source, with the identity they have outside.

    `id` derives from the place, `kind`, `source` and `content_sha256`, so that the same content is the same
    load; `attempt` counts from 1. `rows` are those of each table; of two rows with one key that with the
    later `revised_at` counts, which is no column but may stand in every row. `left_out` records of the source
    are not among them, because a table cannot take them.
    """

    id: str
    attempt: int
    kind: str
    source: str
    content_sha256: str
    planned_at: datetime
    rows: Mapping[str, Sequence[Row]]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Carried:
    """What a load had, and what was read back of it before its audit row: rows, and the sum of amounts."""

    source_rows: int
    target_rows: int
    source_amount: Decimal = ZERO
    target_amount: Decimal = ZERO

    @property
    def agrees(self) -> bool:
        """Whether everything arrived, to the cent."""
        return (self.source_rows, self.source_amount) == (self.target_rows, self.target_amount)


@dataclass(frozen=True, slots=True)
class TableStatus:
    """A table as it stands: its rows, those marked as deleted among them; its version and files if known."""

    name: str
    rows: int
    deleted: int
    version: int | None = None
    files: int | None = None


class AttemptOver(RetryLater):
    """An attempt came to an end outside and did not succeed: what follows is the load's next attempt.

    A RetryLater that is none leaves open whether the attempt goes on outside; it is asked for again.
    """


class Warehouse(Protocol):
    """An opened warehouse; every answer is one of these types or one of the four errors."""

    def check(self) -> Iterator[CheckStep]:
        """Does it work, step by step: the place, the right to write, each table with what it needs."""

    def missing(self) -> Sequence[str]:
        """The tables that are not there, without making them and without waking anything up."""

    def ready(self) -> None:
        """See to it that loads can be carried: the place, its tables and views; makes what is missing.

        Raises NeedsHuman for what is missing and must not be made, and RetryLater.
        """

    def load(self, load: OutgoingLoad, reached: Callable[[Reached], None]) -> Carried:
        """Carry a load into the tables that are ready; repeating it changes nothing.

        `reached` is told how far it is.

        Raises NeedsHuman for a row that a table cannot take, before anything of the load is staged,
        RetryLater where others write at the same time or no answer came, and AttemptOver where what was
        begun ended without success.
        """

    def status(self) -> Sequence[TableStatus]:
        """What every table holds."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class WarehouseContext:
    """All that a warehouse may touch of the outside: its settings, a folder of its own, the clock.

    `secrets` are its credentials by their names, without those that nobody has given. `doze` waits so many
    seconds, or less when the process ends; `is_over` says whether it does.
    """

    settings: Any
    data_dir: Path
    now: Callable[[], datetime]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    doze: Callable[[float], None] = time.sleep
    is_over: Callable[[], bool] = bool


@dataclass(frozen=True, slots=True)
class WarehouseSystem:
    """A warehouse as the product knows it before it is opened.

    `settings_model` is the pydantic model of the table in the settings file that has the warehouse's name.
    `in_folder` gives settings for a warehouse that lives in a folder of this machine. `place` says where it
    is, for people. `imports` is the folder in which files of others are looked for, None where there is none;
    `entities` says what clients are called who stand for more than their numbers, by client. `refusal` says
    why a table cannot take a row, None where it can. `secrets` are the names of the credentials that the
    settings want; the first step of `check` proves them, and fails with the cause `refused` where nobody
    accepts them. `example` is the table with everything that may stand in it, explained.
    """

    name: str
    title: str
    settings_model: type[Any]
    open: Callable[[WarehouseContext], Warehouse]
    in_folder: Callable[[Path], Any]
    place: Callable[[Any, Path], str]
    imports: Callable[[Any], Path | None]
    entities: Callable[[Any], Mapping[str, str]] = field(default=lambda _settings: {})
    refusal: Callable[[str, Row], Problem | None] = field(default=lambda _table, _row: None)
    secrets: Callable[[Any], tuple[str, ...]] = field(default=lambda _settings: ())
    refused: str = ""
    example: Callable[[], str] = field(default=lambda: "")
