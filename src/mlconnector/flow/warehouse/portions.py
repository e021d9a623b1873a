"""Records as portions that are loaded as a whole: what fits its table, what is left out, what is no more.

A load remembers what it was made of, so that the next one can tell which records are no more in the source.
Those go as rows that are marked as deleted: whoever sums the tables must not count them any longer.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from mlconnector.flow.warehouse.target import Target
from mlconnector.model.problems import Problem
from mlconnector.store import loads
from mlconnector.systems.warehouse import Row

Rows = dict[str, list[Row]]
Key = tuple[object, ...]

# Raised when the same content gives other rows, so that it is loaded again.
READING = "4"
_KEYS: Mapping[str, tuple[str, ...]] = {
    "clients": ("client_id",),
    "accounts": ("client_id", "account"),
    "vouchers": ("voucher_id",),
    "documents": ("document_id",),
}
_READ: Mapping[str, Callable[[str], object]] = {
    "decimal": Decimal,
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class Source:
    """Something that is loaded as a whole: its kind, its name, a hash of its content, and its rows.

    `left_out` says of each record that its table cannot take why; `keeps` gives what its load keeps of what
    it was made of, None for a source that can always be read again.
    """

    kind: str
    name: str
    content_sha256: str
    rows: Callable[[], Rows]
    file_name: str = ""
    left_out: tuple[Problem, ...] = ()
    keeps: Callable[[], bytes] | None = None

    def load_id(self, place: str) -> str:
        """The identity of its load: the same content of the same source at one place is one load for ever."""
        return hashlib.sha256(f"{place}|{self.kind}|{self.name}|{self.content_sha256}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Fit:
    """Records of a table: rows that it can take, and why it cannot take the others."""

    table: str
    rows: tuple[Row, ...]
    left_out: tuple[Problem, ...]

    @property
    def keys(self) -> frozenset[Key]:
        """The keys of what it can take."""
        return frozenset(key_of(self.table, row) for row in self.rows)


def fitted(target: Target, table: str, rows: Iterable[Row]) -> Fit:
    """Tell the records that the warehouse can take from those that it cannot."""
    fit: list[Row] = []
    left_out: list[Problem] = []
    for row in rows:
        problem = target.refusal(table, row)
        if problem is None:
            fit.append(row)
        else:
            left_out.append(problem)
    return Fit(table, tuple(fit), tuple(left_out))


def portion(target: Target, kind: str, name: str, fit: Fit, alive: Collection[Key] | None = None) -> Source:
    """Records as a source. `alive` are the keys that stand in any portion, where there are several."""
    said = [
        READING,
        fit.table,
        sorted(json.dumps(row, sort_keys=True, default=str) for row in fit.rows),
        sorted(json.dumps(dict(one.facts), sort_keys=True) for one in fit.left_out),
    ]
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    rows = partial(_with_vanished, target, kind, name, fit, fit.keys if alive is None else alive)
    return Source(kind, name, digest, rows, left_out=fit.left_out, keeps=lambda: _remembered(rows()))


def key_of(table: str, row: Row) -> Key:
    """What tells a record apart."""
    return tuple(row[name] for name in _KEYS[table])


def _remembered(rows: Rows) -> bytes:
    """Rows as a load keeps them."""
    return zlib.compress(json.dumps(rows, default=_tagged).encode())


def _recalled(content: bytes) -> Rows:
    """The rows that a load has kept."""
    return dict(json.loads(zlib.decompress(content), object_hook=_untagged))


def _with_vanished(target: Target, kind: str, name: str, fit: Fit, alive: Collection[Key]) -> Rows:
    with target.services.database.read() as db:
        newest = loads.latest_of(db, target.name, kind, name)
        content = None if newest is None else loads.content(db, newest.id)
    before = _recalled(content).get(fit.table, []) if content is not None else []
    vanished = [{**row, "is_deleted": True} for row in before if key_of(fit.table, row) not in alive]
    rows = [*fit.rows, *vanished]
    return {fit.table: rows} if rows else {}


def _tagged(value: Any) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return {"moment" if isinstance(value, datetime) else "day": value.isoformat()}


def _untagged(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        ((name, value),) = found.items()
        if name in _READ:
            return _READ[name](value)
    return found
