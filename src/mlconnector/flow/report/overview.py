"""Overviews: what became of everything, in numbers and words, for commands and the web."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree import released
from mlconnector.flow.agree.confirmation import unconfirmed
from mlconnector.flow.connect.standing import Login, logins_of
from mlconnector.flow.context.call_budget import StoredBudget
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.leftovers import token_name
from mlconnector.flow.context.processes import anybody_works
from mlconnector.flow.context.services import STORED_SETTINGS_REFUSED, Services
from mlconnector.flow.report import waiting
from mlconnector.model.problems import Problem
from mlconnector.store import (
    approvals,
    audit,
    batches,
    connections,
    figures,
    httplog,
    outages,
    person_records,
    runs,
    vouchers,
)
from mlconnector.texts.catalogue import explain, problem_keys, step_cause, step_people
from mlconnector.texts.language import Language

FIRST_VOUCHERS = 5
"""So many vouchers of each cause are told where nobody asks for more."""
_NO_REQUESTS: Mapping[str, Any] = {
    "requests": 0,
    "gets": 0,
    "transfers": 0,
    "gets_per_transfer": None,
    "error_share": 0.0,
    "alarms": [],
}


def connection(
    context: Context, language: Language | None = None, *, first_vouchers: int = FIRST_VOUCHERS
) -> dict[str, Any]:
    """One connection: state, login, vouchers by state, batches, causes that wait, and the latest run.

    Each cause comes with as many of its vouchers as `first_vouchers` says.
    `trouble` says in words why the state is not `ready`; None where it is, or where a login is all it needs.
    `waits_for_release` counts what waits for nothing but a release; None where none is missing.
    `waits_for_approval` is what one person has asked for and another one has to approve.
    A run that no living process works on any more is `interrupted`; the next one goes on with it.
    The words are in the language of the installation where no other is named.
    """
    spoken = language or context.services.settings.language
    with context.read() as db:
        row = connections.read(db, context.name)
        latest = runs.latest(db, context.name)
        listed = batches.listed(db, context.name)
        found = vouchers.states(db, context.name).get(context.name, {})
        taken_back = vouchers.reversed_counts(db, context.name).get(context.name, 0)
        noted = audit.latest(db, context.name, "connection_state")
        persons = person_records.counts(db, context.name)
        out_of_reach = outages.of(db, context.name)
        works = anybody_works(context.services, db)
        given = released.released(row)
        waits = None if given is not None or row.is_disconnected else released.waiting(db, context.name)
        asked = approvals.every(db, context.name)
    refused = _refused_settings(context)
    if refused is not None and row.state != "paused":
        row = replace(row, state="degraded", state_reason=refused.cause)
        detail: Mapping[str, Any] = {"reason": refused.cause, "facts": refused.facts}
    else:
        detail = {} if noted is None else noted.detail
    return {
        "connection": context.name,
        "source": row.source,
        "client": row.client,
        "state": row.state,
        "state_reason": row.state_reason,
        "trouble": _trouble(row, detail, spoken),
        "released": None if given is None else asdict(given),
        "waits_for_release": None if waits is None else asdict(waits),
        "waits_for_approval": [
            {"kind": one.kind, "about": one.title, "by": one.by, "at": one.at} for one in asked
        ],
        "login_until": None
        if refused
        else context.vault.expires(context.name, token_name(context.settings.sink_system.name)),
        "logins": [] if refused else [login(context.services, one, spoken) for one in logins_of(context)],
        "sink_requests": _NO_REQUESTS if refused else sink_requests(context),
        "calls_left": None if refused else calls_left(context),
        "vouchers": found,
        "reversed": taken_back,
        "batches": [batch_summary(one) for one in listed],
        "problems": problems(context.services, context.name, spoken, first=first_vouchers),
        "unconfirmed": [] if refused else [one.seed.name for one in unconfirmed(context)],
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


def _refused_settings(context: Context) -> Problem | None:
    """The problem of a connection whose stored settings are refused: then nothing else can be told of it."""
    try:
        context.settings  # noqa: B018  # reading them is the question
    except NeedsHuman as error:
        if error.problem.key == STORED_SETTINGS_REFUSED:
            return error.problem
        raise
    return None


def login(services: Services, one: Login, spoken: Language | None = None) -> dict[str, Any]:
    """How a connection is logged in to a system; the latest failure in words."""
    failure = one.failure
    told = None
    if failure is not None:
        language = spoken or services.settings.language
        words = step_cause(failure.cause, failure.facts, language)
        who = step_people(failure.cause, failure.who, failure.facts, language)
        told = {"at": failure.at, "cause": failure.cause, "words": words, "who": who}
    return {**asdict(one), "failure": told}


def calls_left(context: Context) -> dict[str, Any] | None:
    """What is left of the limit on calls of the source's key; None for a source without one."""
    settings = context.settings
    limit_of = settings.source_system.call_limit
    if limit_of is None:
        return None
    limit = limit_of(settings.source, context.secrets(settings.source_system.name))
    left = StoredBudget(context.database, context.now).left(limit)
    return {"per_minute": limit.per_minute, "per_day": limit.per_day, **asdict(left)}


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
    row: connections.ConnectionRow, noted: Mapping[str, Any], language: Language
) -> dict[str, str] | None:
    """The words for a disturbed connection; the facts of its problem are those that were noted with it."""
    key = row.state_reason.partition(":")[0]
    if row.state != "degraded" or key not in problem_keys():
        return None
    facts = noted.get("facts", {}) if noted.get("reason") == row.state_reason else {}
    return asdict(explain(key, facts, language))


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


def problems(
    services: Services,
    name: str | None = None,
    language: Language | None = None,
    *,
    first: int = FIRST_VOUCHERS,
) -> list[dict[str, Any]]:
    """Why vouchers wait, in words, the most frequent cause first; with the first vouchers of each cause."""
    return waiting.causes(services, name, limit=first, language=language)
