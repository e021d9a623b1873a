"""The ping of a DATEV connection, step by step: each failed step names its cause and who can cure it.

Causes are the keys of the problems that DATEV's answers stand for, those of `kit/check_steps.py`, and besides
`client_secret_missing`, `service_not_ordered`, `scope_not_granted`,
`document_store_missing`, `documents_not_used`, `ledgers_missing`, `no_fiscal_year`,
`fiscal_year_not_current`, `account_length_differs`, `no_document_types`, `document_type_unknown`,
`document_type_outgoing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.model.entries import Ledger
from mlconnector.systems.datev import clients, extf_files
from mlconnector.systems.datev.clients import Basics, Client
from mlconnector.systems.datev.connection import Connection
from mlconnector.systems.datev.scopes import SERVICE_SCOPES
from mlconnector.systems.datev.settings import TITLE, Service
from mlconnector.systems.kit.check_steps import CheckStep, Who, failed_step, login_needed
from mlconnector.systems.kit.oauth import Tokens
from mlconnector.systems.transfers import FiscalYear

SERVICE_NAMES: dict[Service, str] = {
    "documents": "Belegbilderservice",
    "dxso": "Rechnungsdatenservice 1.0",
    "extf": "Buchungsdatenservice",
}
"""What DATEV calls the data services, to everybody who orders them."""

LEDGER_NAMES: dict[Ledger, str] = {
    "payable": "Rechnungseingangsbuch",
    "receivable": "Rechnungsausgangsbuch",
}
"""What DATEV calls the ledgers that take invoices."""

_OF_BOOKS = ("datev.fiscal_year", "datev.account_length")


def check(connection: Connection) -> Iterator[CheckStep]:
    """Every step in its order; what cannot be tried because an earlier step failed is skipped."""
    services = sorted(connection.settings.services)
    of_services = [f"datev.service.{service}" for service in services]
    of_ledgers = ["datev.ledgers"] if "dxso" in services else []
    rest = [*of_services, "datev.right", *_OF_BOOKS, *of_ledgers, "datev.document_type"]
    try:
        tokens = connection.tokens.current()
    except ConnectorError as error:
        yield _not_logged_in(error)
        yield from _skipped(["datev.client", *rest])
        return
    try:
        client = clients.client(connection.clients, connection.settings.client)
    except ConnectorError as error:
        if isinstance(error, NeedsLogin) or error.unsent:
            yield _not_logged_in(error)
            yield from _skipped(["datev.client", *rest])
            return
        yield _login(connection, tokens)
        yield _failed("datev.client", error)
        yield from _skipped(rest)
        return
    yield _login(connection, tokens)
    yield CheckStep("datev.client", "ok", facts={"name": client.name, "client": client.id})
    usable = []
    for service in services:
        cause = missing(service, client, tokens)
        yield _service(service, cause)
        if not cause:
            usable.append(service)
    yield from _rights(connection, usable)


def service_names(services: Iterable[Service]) -> list[str]:
    """What DATEV calls the data services, in a stable order."""
    return [SERVICE_NAMES[service] for service in sorted(services)]


def missing(service: Service, client: Client, tokens: Tokens) -> str:
    """Why the data service cannot be used: `service_not_ordered`, `scope_not_granted`, or empty."""
    if SERVICE_SCOPES[service][0] not in client.scopes:
        return "service_not_ordered"
    # A login that does not say what it granted is taken at its word until a service refuses it.
    if tokens.scopes and not set(SERVICE_SCOPES[service]) <= set(tokens.scopes):
        return "scope_not_granted"
    return ""


def _not_logged_in(error: ConnectorError) -> CheckStep:
    if isinstance(error, NeedsLogin):
        return login_needed("datev.login", TITLE, error)
    return _failed("datev.login", error)


def _login(connection: Connection, tokens: Tokens) -> CheckStep:
    facts = {"valid_until": tokens.refresh_expires_at.isoformat(timespec="minutes")}
    if connection.has_secret:
        return CheckStep("datev.login", "ok", facts=facts)
    return CheckStep("datev.login", "warning", "client_secret_missing", facts, "it")


def _service(service: Service, cause: str) -> CheckStep:
    key = f"datev.service.{service}"
    facts = {"service": SERVICE_NAMES[service], "scopes": " ".join(SERVICE_SCOPES[service])}
    if not cause:
        return CheckStep(key, "ok", facts=facts)
    return CheckStep(key, "failed", cause, facts, "adviser" if cause == "service_not_ordered" else "you")


def _rights(connection: Connection, usable: Sequence[Service]) -> Iterator[CheckStep]:
    with_ledgers = ["datev.ledgers"] if "dxso" in connection.settings.services else []
    after = [*_OF_BOOKS, *with_ledgers, "datev.document_type"]
    if not usable:
        yield from _skipped(["datev.right", *after])
        return
    found: dict[Service, Basics] = {}
    client_id = connection.settings.client
    service: Service = usable[0]
    try:
        for service in usable:
            if service == "documents":
                found[service] = clients.basics(connection.documents, client_id)
            elif service == "dxso":
                found[service] = clients.basics(connection.dxso_jobs, client_id)
            else:
                extf_files.probe(connection.extf_files, client_id)
    except ConnectorError as error:
        yield _failed("datev.right", error, {"service": SERVICE_NAMES[service]})
        yield from _skipped(after)
        return
    if any(not basics.has_document_store for basics in found.values()):
        yield CheckStep("datev.right", "failed", "document_store_missing", {"client": client_id}, "adviser")
    else:
        yield CheckStep("datev.right", "ok")
    yield from _told(connection, found, with_ledgers)


def _told(
    connection: Connection, found: Mapping[Service, Basics], with_ledgers: Sequence[str]
) -> Iterator[CheckStep]:
    """The steps that need what Belege online says of the client's books."""
    services = connection.settings.services
    unused = "" if services & {"documents", "dxso"} else "documents_not_used"
    basics = found.get("documents") or found.get("dxso")
    if basics is None:
        yield from _skipped(_OF_BOOKS, unused)
    else:
        yield from _books(connection, basics.fiscal_years)
    if "dxso" in found:
        yield _ledgers(connection, found["dxso"])
    else:
        yield from _skipped(with_ledgers)
    if "documents" in found:
        yield _document_type(connection)
    else:
        yield from _skipped(["datev.document_type"], "" if "documents" in services else "documents_not_used")


def _ledgers(connection: Connection, basics: Basics) -> CheckStep:
    """Whether the newest fiscal year that has begun takes invoices of both kinds."""
    key, today = "datev.ledgers", connection.today()
    begun = [
        ledgers
        for year, ledgers in zip(basics.fiscal_years, basics.ledgers, strict=True)
        if year.first <= today
    ]
    there = begun[-1] if begun else frozenset[Ledger]()
    missing_ones = [name for ledger, name in LEDGER_NAMES.items() if ledger not in there]
    if not missing_ones:
        return CheckStep(key, "ok")
    facts = {"ledgers": ", ".join(missing_ones), "client": connection.settings.client}
    return CheckStep(key, "failed", "ledgers_missing", facts, "adviser")


def _books(connection: Connection, years: Sequence[FiscalYear]) -> Iterator[CheckStep]:
    if not years:
        yield CheckStep("datev.fiscal_year", "failed", "no_fiscal_year", who="adviser")
        yield from _skipped(["datev.account_length"])
        return
    today = connection.today()
    current = [year for year in years if year.first <= today <= year.last]
    facts = {"fiscal_years": ", ".join(f"{year.first}–{year.last}" for year in years)}
    if current:
        yield CheckStep("datev.fiscal_year", "ok", facts=facts)
    else:
        yield CheckStep("datev.fiscal_year", "warning", "fiscal_year_not_current", facts, "adviser")
    found = (current or years)[-1].account_length
    lengths = {"expected": str(connection.account_length), "found": str(found)}
    if found == connection.account_length:
        yield CheckStep("datev.account_length", "ok", facts=lengths)
    else:
        yield CheckStep("datev.account_length", "failed", "account_length_differs", lengths, "you")


def _document_type(connection: Connection) -> CheckStep:
    key, settings = "datev.document_type", connection.settings
    incoming = settings.incoming_type if "payable" in connection.ledgers else ""
    named = [one for one in (settings.document_type, settings.incoming.document_type) if one]
    told = {"document_type": settings.document_type, "incoming": incoming}
    if not named:
        return CheckStep(key, "ok", facts=told)
    try:
        known = clients.document_types(connection.documents, connection.settings.client)
    except ConnectorError as error:
        return _failed(key, error)
    names = [kind.name for kind in known]
    unknown = next((one for one in named if one not in names), None)
    if unknown is not None:
        facts = {"document_type": unknown, "known": ", ".join(names)}
        if not known:
            return CheckStep(key, "failed", "no_document_types", facts, "adviser")
        return CheckStep(key, "failed", "document_type_unknown", facts, "you")
    if clients.is_outgoing(incoming, known):
        received = ", ".join(one for one in names if not clients.is_outgoing(one, known))
        facts = {"document_type": incoming, "known": received}
        return CheckStep(key, "warning", "document_type_outgoing", facts, "you")
    return CheckStep(key, "ok", facts={**told, "known": ", ".join(names)})


def _skipped(keys: Sequence[str], cause: str = "") -> Iterator[CheckStep]:
    return (CheckStep(key, "skipped", cause) for key in keys)


def _failed(key: str, error: ConnectorError, facts: Mapping[str, str] | None = None) -> CheckStep:
    """The step that an error ends; DATEV's answers say themselves who can help."""
    asked = error.problem.facts.get("who") if isinstance(error, NeedsHuman) else None
    step = failed_step(key, TITLE, error, cast("Who | None", asked or None))
    return replace(step, facts={**step.facts, **(facts or {})})
