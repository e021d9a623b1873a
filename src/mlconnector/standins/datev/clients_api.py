"""accounting:clients, and the client data that documents and dxso-jobs offer as well."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from mlconnector.standins.datev.answers import JSON_UTF8, Refusal, json_answer, problem
from mlconnector.standins.datev.clients import DOCUMENTS_SERVICE, INVOICES_SERVICE, SERVICE_SCOPES, Client
from mlconnector.standins.datev.gateway import Call, Gateway
from mlconnector.standins.datev.pages import page

SCOPE = "datev:accounting:clients"
READ_SCOPE = "accounting:clients:read"
_TERM = re.compile(r"(\S+)\s+(\S+)\s+(\S+)")
_FIELDS = ("consultant_number", "client_number")


def routes(gateway: Gateway) -> list[Route]:
    """The operations of accounting:clients."""

    def listed(call: Call) -> Response:
        clients = list(gateway.directory.clients.values())
        query = call.request.query_params
        if "filter" in query:
            clients = _filtered(clients, query["filter"])
        items, headers = page(clients, query)
        return json_answer(
            [_with_services(client) for client in items], media_type=JSON_UTF8, headers=headers
        )

    def one(_call: Call, client: Client) -> Response:
        return json_answer(_with_services(client), media_type=JSON_UTF8)

    return [gateway.of_all("/clients", SCOPE, listed), gateway.of_client("GET", "", SCOPE, one)]


def basics_routes(gateway: Gateway, media_type: str) -> list[Route]:
    """The client data of documents and dxso-jobs: names of all, basic accounting data of one."""

    def listed(_call: Call) -> Response:
        clients = gateway.directory.clients.values()
        return json_answer([_summary(client) for client in clients], media_type=JSON_UTF8)

    def one(_call: Call, client: Client) -> Response:
        return json_answer(_basics(client), media_type=media_type)

    return [gateway.of_all("/clients", READ_SCOPE, listed), gateway.of_client("GET", "", READ_SCOPE, one)]


def _summary(client: Client) -> dict[str, Any]:
    return {
        "client_number": client.client_number,
        "consultant_number": client.consultant_number,
        "id": client.id,
        "name": client.name,
    }


def _with_services(client: Client) -> dict[str, Any]:
    services = [{"name": name, "scopes": [SERVICE_SCOPES[name]]} for name in sorted(client.services)]
    return {**_summary(client), "services": services}


def _basics(client: Client) -> dict[str, Any]:
    truth: Callable[[bool], Any] = (
        (lambda value: "true" if value else "false") if client.numbers_as_text else bool
    )
    ledgers = {
        f"is_{name}_ledger_available": truth(INVOICES_SERVICE in client.services)
        for name in ("accounts_payable", "accounts_receivable", "cash")
    }
    midnight = "T00:00:00.000Z" if client.numbers_as_text else ""
    years = [
        {
            "fiscal_year_start": f"{year}-01-01{midnight}",
            "fiscal_year_end": f"{year}-12-31{midnight}",
            "account_length": str(client.account_length) if client.numbers_as_text else client.account_length,
            "ledgers": ledgers,
        }
        for year in client.fiscal_years
    ]
    return {
        **_summary(client),
        "is_document_management_available": truth(DOCUMENTS_SERVICE in client.services),
        "basic_accounting_information": years,
    }


def _filtered(clients: list[Client], expression: str) -> list[Client]:
    for term in re.split(r"\s+and\s+", expression.strip()):
        match = _TERM.fullmatch(term)
        if match is None:
            raise _invalid(
                'The combination of filters is invalid. Supported logical operator "and"'
                if re.search(r"\s(or|not)\s", term)
                else "Filter syntax is invalid"
            )
        name, operator, value = match.groups()
        if name not in _FIELDS:
            raise _invalid("Filter parameters are invalid", name, "is not supported")
        if operator != "eq":
            raise _invalid("Filter operators are invalid", name, 'only supports the operator "eq"')
        if re.fullmatch(r"[1-9]\d{0,9}", value, re.ASCII) is None:
            raise _invalid(
                "Filter parameters are invalid", name, "must be a positive integer from 1 to 9999999999"
            )
        clients = [client for client in clients if getattr(client, name) == int(value)]
    return clients


def _invalid(detail: str, name: str = "filter", reason: str = "") -> Refusal:
    elements = [(name, reason)] if reason else ()
    return problem(400, "Invalid query parameters", number=1008828, detail=detail, elements=elements)
