"""Overviews: what became of everything, in numbers and words, for commands and the web."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mlconnector.flow.services import Services
from mlconnector.flow.tokens import token_name
from mlconnector.store import batches, connections, documents, httplog, inbox, runs, vouchers
from mlconnector.texts.catalogue import explain

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def states(services: Services, name: str) -> dict[str, int]:
    """How many vouchers of a connection are in which state."""
    with services.database.read() as db:
        return vouchers.states(db, name).get(name, {})


def hints(services: Services, name: str) -> int:
    """How many webhook hints wait."""
    with services.database.read() as db:
        return inbox.counts(db, name).waiting


def connection(services: Services, name: str) -> dict[str, Any]:
    """One connection: state, login, vouchers by state, batches, causes that wait, and the latest run."""
    with services.database.read() as db:
        row = connections.read(db, name)
        latest = runs.latest(db, name)
        listed = batches.listed(db, name)
        found = vouchers.states(db, name).get(name, {})
    return {
        "connection": name,
        "source": row.source,
        "client": row.client,
        "state": row.state,
        "state_reason": row.state_reason,
        "login_until": services.vault.expires(name, token_name("datev")),
        "vouchers": found,
        "batches": [batch_summary(one) for one in listed],
        "problems": problems(services, name),
        "latest_run": None
        if not latest
        else {
            "trigger": latest[0].trigger,
            "started_at": latest[0].started_at,
            "finished_at": latest[0].finished_at,
            "outcome": latest[0].outcome,
            "counts": latest[0].counts,
        },
    }


def batch_summary(row: batches.BatchRow) -> dict[str, Any]:
    """A batch as people and machines ask for it."""
    return {
        "id": row.id,
        "file": row.file_name,
        "period": row.period,
        "rows": row.rows,
        "vouchers": row.vouchers,
        "sha256": row.sha256,
        "state": "parked" if row.parked and row.state == "submitted" else row.state,
        "job_id": row.job_id,
        "cause": row.cause,
    }


def problems(services: Services, name: str | None = None) -> list[dict[str, Any]]:
    """Why vouchers wait, in words, the most frequent cause first."""
    with services.database.read() as db:
        counted = vouchers.causes(db, name)
    found = []
    for one in counted:
        words = explain(one.key, one.facts, services.settings.language)
        found.append(
            {
                "connection": one.connection,
                "cause": one.cause,
                "count": one.count,
                "what": words.what,
                "why": words.why,
                "do": words.do,
                "who": words.who,
            }
        )
    return found


def filed_documents(services: Services) -> int:
    """How many documents are filed in DATEV."""
    with services.database.read() as db:
        return documents.counts(db).get("filed", 0)


def requests(services: Services, name: str, system: str) -> dict[str, int]:
    """How many requests of each kind the technical log has for a system."""
    services.http_log.flush()
    counted = httplog.shares(services.database, name, _BEGINNING, system).by_method
    return {f"{method.lower()}s": counted.get(method, 0) for method in ("GET", "PUT", "POST")}
