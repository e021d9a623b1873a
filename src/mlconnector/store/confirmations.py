"""Confirmations of seeds: by whom and on which day, for each client; and which seeds bookings rest on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from mlconnector.store.tables import confirmations, seed_uses
from mlconnector.store.upsert import add_row, put_row


@dataclass(frozen=True, slots=True)
class Confirmation:
    """That somebody confirmed a seed; `fingerprint` is that of what it said then.

    `noted_by` is who wrote it down: a person at a terminal, or the connection file that says so.
    """

    seed: str
    fingerprint: str
    confirmed_by: str
    confirmed_on: date
    noted_by: str
    noted_at: datetime


def read(connection: Connection, client: str) -> dict[str, Confirmation]:
    """The latest confirmation of each seed, by its name."""
    columns = [confirmations.c[name] for name in Confirmation.__dataclass_fields__]
    query = select(*columns).where(confirmations.c.client == client)
    return {row.seed: Confirmation(*row) for row in connection.execute(query)}


def put(connection: Connection, client: str, one: Confirmation, content: Mapping[str, Any]) -> None:
    """Note a confirmation in place of an earlier one of the same seed, which the audit trail keeps."""
    row = {name: getattr(one, name) for name in Confirmation.__dataclass_fields__}
    text = json.dumps(dict(content), sort_keys=True, ensure_ascii=False)
    put_row(connection, confirmations, {**row, "client": client, "content": text})


def used(connection: Connection, name: str) -> frozenset[str]:
    """The seeds that bookings of a connection rest on."""
    query = select(seed_uses.c.seed).where(seed_uses.c.connection == name)
    return frozenset(connection.execute(query).scalars())


def note_used(connection: Connection, name: str, seeds: Iterable[str], now: datetime) -> None:
    """Note that bookings of a connection rest on these seeds."""
    for one in sorted(set(seeds) - used(connection, name)):
        add_row(connection, seed_uses, {"connection": name, "seed": one, "first_at": now})
