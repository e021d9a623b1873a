"""Overviews: what became of everything, in numbers and words, for commands and the web."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from mlconnector.flow.agree.confirmation import unconfirmed
from mlconnector.flow.connect.setup import logins_of
from mlconnector.flow.context import breaker
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.tokens import token_name
from mlconnector.store import (
    audit,
    batches,
    connections,
    documents,
    figures,
    httplog,
    lookup,
    person_records,
    runs,
    vouchers,
)
from mlconnector.store import hints as webhook_hints
from mlconnector.texts.catalogue import explain, problem_keys

GETS_FOR_A_TRANSFER = 5
# One transfer followed by thirty queries is DATEV's own example of what not to do.
GETS_WITHOUT_ONE = 30
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def states(services: Services, name: str) -> dict[str, int]:
    """How many vouchers of a connection are in which state."""
    with services.database.read() as db:
        return vouchers.states(db, name).get(name, {})


def hints(services: Services, name: str) -> int:
    """How many webhook hints wait."""
    with services.database.read() as db:
        return webhook_hints.counts(db, name).waiting


def connection(services: Services, name: str) -> dict[str, Any]:
    """One connection: state, login, vouchers by state, batches, causes that wait, and the latest run.

    `trouble` says in words why the state is not `ready`; None where it is, or where a login is all it needs.
    """
    with services.database.read() as db:
        row = connections.read(db, name)
        latest = runs.latest(db, name)
        listed = batches.listed(db, name)
        found = vouchers.states(db, name).get(name, {})
        noted = audit.latest(db, name, "connection_state")
        persons = person_records.counts(db, name)
    return {
        "connection": name,
        "source": row.source,
        "client": row.client,
        "state": row.state,
        "state_reason": row.state_reason,
        "trouble": _trouble(services, row, {} if noted is None else noted.detail),
        "login_until": services.vault.expires(name, token_name("datev")),
        "logins": [asdict(one) for one in logins_of(services, name)],
        "datev_requests": datev_requests(services, name),
        "vouchers": found,
        "batches": [batch_summary(one) for one in listed],
        "problems": problems(services, name),
        "unconfirmed": [one.seed.name for one in unconfirmed(services, name)],
        "persons": persons,
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


def datev_requests(services: Services, name: str) -> dict[str, Any]:
    """What was asked of DATEV in the last day, and whether that keeps DATEV's limits.

    `alarms` may have `gets` (more than five GET requests for a transfer) and `errors` (more than a tenth of
    at least fifty requests answered with 4xx or 5xx).
    """
    services.http_log.flush()
    since = services.now() - timedelta(days=1)
    shares = httplog.shares(services.database, name, since, "datev")
    with services.database.read() as db:
        transfers = figures.transfer_counts(db, since, name).total
    gets = shares.by_method.get("GET", 0)
    too_many = gets > GETS_FOR_A_TRANSFER * transfers if transfers else gets > GETS_WITHOUT_ONE
    errors = shares.requests >= breaker.AT_LEAST and shares.error_share > breaker.SHARE
    return {
        "requests": shares.requests,
        "gets": gets,
        "transfers": transfers,
        "gets_per_transfer": round(gets / transfers, 2) if transfers else None,
        "error_share": round(shares.error_share, 4),
        "alarms": [alarm for alarm, rings in (("gets", too_many), ("errors", errors)) if rings],
    }


def _trouble(
    services: Services, row: connections.ConnectionRow, noted: Mapping[str, Any]
) -> dict[str, str] | None:
    """The words for a disturbed connection; the facts of its problem are those that were noted with it."""
    key = row.state_reason.partition(":")[0]
    if row.state != "degraded" or key not in problem_keys():
        return None
    facts = noted.get("facts", {}) if noted.get("reason") == row.state_reason else {}
    return asdict(explain(key, facts, services.settings.language))


def batch_summary(row: batches.BatchRow) -> dict[str, Any]:
    """A batch as people and machines ask for it; `answer` is DATEV's last one, as it came."""
    return {
        "id": row.id,
        "file": row.file_name,
        "format": row.format,
        "period": row.period,
        "rows": row.rows,
        "vouchers": row.vouchers,
        "sha256": row.sha256,
        "state": "parked" if row.parked and row.state == "submitted" else row.state,
        "job_id": row.job_id,
        "cause": row.cause,
        "answer": json.loads(row.answer) if row.answer else None,
    }


def problems(services: Services, name: str | None = None) -> list[dict[str, Any]]:
    """Why vouchers wait, in words, the most frequent cause first; with the first vouchers of each cause."""
    with services.database.read() as db:
        counted = vouchers.causes(db, name)
        examples = lookup.examples(db, name) if counted else {}
    found = []
    for one in counted:
        words = explain(one.key, one.facts, services.settings.language)
        waiting = examples.get((one.connection, one.cause), [])
        found.append(
            {
                "connection": one.connection,
                "cause": one.cause,
                "count": one.count,
                **asdict(words),
                "vouchers": [
                    {"voucher": row.id, "number": row.number, "external_id": row.external_id}
                    for row in waiting
                ],
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
