"""Refusals: how the latest requests to an outside system ended, for the limit that DATEV sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from mlconnector.store.tables import http_log


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one request ended, and whether it carried a single document."""

    status: int | None
    of_a_document: bool

    @property
    def refused(self) -> bool:
        """Whether the answer was 4xx."""
        return self.status is not None and 400 <= self.status < 500


def outcomes(connection: Connection, name: str, system: str, since: datetime, limit: int) -> list[Outcome]:
    """How the latest requests of a connection to a system about its clients ended, the last one first.

    What belongs to a login is left out: each process begins with a look at the login server, so that no two
    refusals would ever follow each other.
    """
    columns = http_log.c
    query = (
        select(columns.status, columns.method, columns.url)
        .where(columns.connection == name, columns.system == system, columns.at >= since)
        .where(columns.url.contains("/clients"))
        .order_by(columns.at.desc(), columns.id.desc())
        .limit(limit)
    )
    return [
        Outcome(status, method == "PUT" and "/documents/" in url)
        for status, method, url in connection.execute(query)
    ]
