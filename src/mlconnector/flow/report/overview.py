"""Overviews: what became of everything, in numbers and words, for commands and the web."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mlconnector.flow.agree.confirmation import unconfirmed
from mlconnector.flow.connect.oauth_login import logins_of
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.processes import anybody_works
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
    outages,
    person_records,
    runs,
    vouchers,
)
from mlconnector.store import hints as webhook_hints
from mlconnector.texts.catalogue import explain, problem_keys

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def states(context: Context) -> dict[str, int]:
    """How many vouchers of a connection are in which state."""
    with context.read() as db:
        return vouchers.states(db, context.name).get(context.name, {})


def hints(context: Context) -> int:
    """How many webhook hints wait."""
    with context.read() as db:
        return webhook_hints.counts(db, context.name).waiting


def connection(context: Context) -> dict[str, Any]:
    """One connection: state, login, vouchers by state, batches, causes that wait, and the latest run.

    `trouble` says in words why the state is not `ready`; None where it is, or where a login is all it needs.
    A run that no living process works on any more is `interrupted`; the next one goes on with it.
    """
    with context.read() as db:
        row = connections.read(db, context.name)
        latest = runs.latest(db, context.name)
        listed = batches.listed(db, context.name)
        found = vouchers.states(db, context.name).get(context.name, {})
        noted = audit.latest(db, context.name, "connection_state")
        persons = person_records.counts(db, context.name)
        out_of_reach = outages.of(db, context.name)
        works = anybody_works(context.services, db)
    return {
        "connection": context.name,
        "source": row.source,
        "client": row.client,
        "state": row.state,
        "state_reason": row.state_reason,
        "trouble": _trouble(context.services, row, {} if noted is None else noted.detail),
        "login_until": context.vault.expires(context.name, token_name(context.settings.sink_system.name)),
        "logins": [asdict(one) for one in logins_of(context)],
        "sink_requests": sink_requests(context),
        "vouchers": found,
        "batches": [batch_summary(one) for one in listed],
        "problems": problems(context.services, context.name),
        "unconfirmed": [one.seed.name for one in unconfirmed(context)],
        "persons": persons,
        "out_of_reach": [
            asdict(one if works else replace(one, next_at=None, until=None)) for one in out_of_reach
        ],
        "latest_run": None
        if not latest
        else {
            "state": "ended" if latest[0].finished_at else "under_way" if works else "interrupted",
            "trigger": latest[0].trigger,
            "started_at": latest[0].started_at,
            "finished_at": latest[0].finished_at,
            "outcome": latest[0].outcome,
            "counts": latest[0].counts,
        },
    }


def sink_requests(context: Context) -> dict[str, Any]:
    """What was asked of the sink in the last day, and whether that keeps its limits.

    `alarms` may have `gets` (more GET requests for a transfer than it wants) and `errors` (more requests
    answered with 4xx or 5xx).
    """
    context.http_log.flush()
    since = context.now() - timedelta(days=1)
    sink = context.settings.sink_system
    shares = httplog.shares(context.database, context.name, since, sink.name)
    with context.read() as db:
        transfers = figures.transfer_counts(db, since, context.name).total
    gets = shares.by_method.get("GET", 0)
    wanted = sink.courtesy
    too_many = gets > (wanted.gets_for_a_transfer * transfers or wanted.gets_without_one)
    errors = shares.requests >= wanted.of_at_least and shares.error_share > wanted.refused_share
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


def sent_requests(context: Context) -> dict[str, int]:
    """How many requests of each kind to the sink the technical log has."""
    system = context.settings.sink_system.name
    context.http_log.flush()
    counted = httplog.shares(context.database, context.name, _BEGINNING, system).by_method
    return {f"{method.lower()}s": counted.get(method, 0) for method in ("GET", "PUT", "POST")}
