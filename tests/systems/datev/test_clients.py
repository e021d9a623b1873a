from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import httpx
import pytest

from mlconnector.errors import Broken, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.standins.datev import APP, SECRET
from mlconnector.standins.faults import Fault
from mlconnector.systems.datev import clients
from mlconnector.systems.datev.connection import connect
from mlconnector.systems.datev.pages import pages
from mlconnector.systems.kit.http import Http
from mlconnector.systems.transfers import DocumentType, FiscalYear
from tests.systems.datev.rig import MUSTERHOLZ, TODAY, Rig
from tests.systems.wire import Wiring


def clients_api(rig: Rig) -> Http:
    return connect(rig.settings, {}, rig.keeper, rig.wiring, 4, frozenset(), lambda: TODAY).clients


def test_all_clients_are_listed_page_by_page(rig: Rig) -> None:
    listed = clients.clients(clients_api(rig))
    assert len(listed) == 138
    assert len({client.id for client in listed}) == 138
    assert rig.standin.statistics.by_path["GET /accounting-clients/clients"] == 2


def test_a_long_term_login_may_not_list_clients(rig: Rig) -> None:
    with pytest.raises(NeedsLogin, match="offline access token"):
        clients.clients(clients_api(rig.with_settings(long_term_token=True)))


@pytest.mark.parametrize("client", [MUSTERHOLZ, "455148-1"], ids=["numbers as text", "numbers"])
def test_what_a_run_needs_to_know_is_read_in_four_queries(rig: Rig, client: str) -> None:
    facts = rig.with_settings(client=client).sink.client_facts()
    assert facts.client == client
    assert facts.fiscal_years is not None
    assert FiscalYear(date(2026, 1, 1), date(2026, 12, 31), 4) in facts.fiscal_years
    assert list(facts.fiscal_years) == sorted(facts.fiscal_years, key=lambda year: year.first)
    assert DocumentType("Rechnungsausgang", "outgoing_invoices") in facts.document_types
    assert {"pdf", "xml"} <= set(facts.allowed_extensions)
    assert rig.standin.statistics.gets == 4


def test_without_documents_only_the_permission_is_checked(rig: Rig) -> None:
    facts = rig.with_settings(client="455148-2", services=["extf"]).sink.client_facts()
    assert facts.name == "C.o.d. Bürobedarf & Söhne"
    assert (facts.fiscal_years, facts.document_types, facts.allowed_extensions) == (None, (), ())
    assert rig.standin.statistics.gets == 1


def test_a_service_that_was_not_ordered_needs_the_adviser(rig: Rig) -> None:
    with pytest.raises(NeedsHuman) as raised:
        rig.with_settings(client="29098-55004").sink.client_facts()
    problem = raised.value.problem
    assert problem.cause == "datev_service_missing:client=29098-55004,service=Buchungsdatenservice"
    assert problem.facts["who"] == "adviser"


def test_a_scope_that_was_not_granted_needs_a_login(rig: Rig) -> None:
    narrow = rig.with_settings(services=["extf"]).keeper
    wide = rig.with_settings()
    wide.keeper.tokens = narrow.tokens
    with pytest.raises(NeedsLogin, match="Belegbilderservice"):
        wide.sink.client_facts()


def test_a_client_without_right_needs_the_adviser(rig: Rig) -> None:
    with pytest.raises(NeedsHuman) as raised:
        rig.with_settings(client="29098-55007").sink.client_facts()
    assert raised.value.problem.cause == "datev_right_missing:client=29098-55007"


def test_an_unknown_client_is_said_to_be_unknown(rig: Rig) -> None:
    with pytest.raises(NeedsHuman) as raised:
        rig.with_settings(client="29098-1").sink.client_facts()
    assert raised.value.problem.cause == "datev_client_unknown:client=29098-1"


def test_an_expired_access_token_is_renewed_once_and_nobody_notices(rig: Rig) -> None:
    assert rig.keeper.renewals == 0
    rig.standin.expire_access_tokens()
    assert rig.sink.client_facts().name == "Musterholz GmbH"
    assert rig.keeper.renewals == 1
    assert rig.standin.tokens.refreshes == 1


def test_an_ended_session_needs_a_login_after_one_refresh(rig: Rig) -> None:
    assert rig.keeper.tokens
    for session in rig.standin.sessions:
        rig.standin.tokens.end(session)
    with pytest.raises(NeedsLogin, match="invalid_grant"):
        rig.sink.client_facts()
    assert rig.statuses()[-2:] == [401, 400]


def test_a_renewed_token_that_is_refused_again_needs_a_login(rig: Rig) -> None:
    for _ in range(2):
        rig.standin.faults.add(Fault("status", path="/accounting-clients", status=401))
    with pytest.raises(NeedsLogin, match="401"):
        rig.sink.client_facts()
    assert rig.keeper.renewals == 1


def test_an_app_that_datev_does_not_know_needs_it(rig: Rig) -> None:
    other = rig.with_keeper(client_id="another-app")
    with pytest.raises(NeedsHuman) as raised:
        other.sink.client_facts()
    assert raised.value.problem.key == "datev_app_unknown"


def test_every_call_carries_the_headers_that_datev_asks_for(rig: Rig) -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(httpx.Request(request.method, request.url, headers=request.headers))
        return httpx.Response(503)

    assert rig.keeper.tokens
    rig.wiring.transport = httpx.MockTransport(handle)
    with pytest.raises(RetryLater):
        rig.sink.client_facts()
    assert seen[0].headers["authorization"] == f"Bearer {rig.keeper.tokens.access_token}"
    assert seen[0].headers["x-datev-client-id"] == APP
    assert seen[0].headers["accept"] == "application/json;charset=utf-8"
    assert SECRET not in repr(seen[0].headers.raw)


Answer = Callable[[httpx.Request], httpx.Response]


def api(handle: Answer) -> Http:
    return Wiring(transport=httpx.MockTransport(handle))("datev", "https://api.example/v2")


def says(content: Any, **headers: str) -> Http:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return api(lambda _: httpx.Response(200, content=body, headers=headers))


def test_numbers_truths_and_dates_may_be_strings() -> None:
    year = {
        "fiscal_year_start": "2016-07-01T00:00:00.000+0000",
        "fiscal_year_end": "2017-06-30T00:00:00.000Z",
        "account_length": "5",
    }
    later = {"fiscal_year_start": "2017-07-01", "fiscal_year_end": "2018-06-30", "account_length": 5}
    read = clients.basics(
        says({"is_document_management_available": "true", "basic_accounting_information": [later, year]}), "1"
    )
    assert read.has_document_store
    assert read.fiscal_years == (
        FiscalYear(date(2016, 7, 1), date(2017, 6, 30), 5),
        FiscalYear(date(2017, 7, 1), date(2018, 6, 30), 5),
    )


def test_what_is_left_out_is_not_there() -> None:
    assert clients.basics(says({"is_document_management_available": "false"}), "1").fiscal_years == ()
    assert clients.basics(says({"basic_accounting_information": None}), "1").fiscal_years == ()
    assert clients.allowed_extensions(says({}), "1") == ()
    bare = {"id": "1001-1", "consultant_number": "1001", "client_number": "1"}
    assert clients.client(says(bare), "1001-1").scopes == frozenset()


def test_extensions_are_read_in_one_spelling() -> None:
    answer = says({"allowed_file_extensions": [".PDF", "pdf", "Jpeg"]})
    assert clients.allowed_extensions(answer, "1") == ("jpeg", "pdf")


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (partial(clients.client, client_id="1"), {"name": "no id"}),
        (partial(clients.client, client_id="1"), []),
        (partial(clients.client, client_id="1"), b"<html>"),
        (partial(clients.document_types, client_id="1"), {"name": "no list"}),
        (partial(clients.document_types, client_id="1"), ["Rechnung"]),
        (
            partial(clients.basics, client_id="1"),
            {"basic_accounting_information": [{"fiscal_year_start": "soon"}]},
        ),
    ],
)
def test_an_answer_that_cannot_be_read_breaks_the_contract(
    read: Callable[[Http], object], content: Any
) -> None:
    with pytest.raises(Broken):
        read(says(content))


def test_a_link_leads_nowhere_but_to_another_page_of_the_same_list() -> None:
    asked = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        link = '<https://evil.example/other?skip=1&top=1>; rel="next"' if len(asked) == 1 else ""
        return httpx.Response(200, json=[{}], headers={"Link": link})

    assert len(list(pages(api(handle), "/clients"))) == 2
    assert asked == [
        "https://api.example/v2/clients?skip=0&top=100",
        "https://api.example/v2/clients?skip=1&top=1",
    ]


def test_a_link_to_the_previous_page_is_not_the_next() -> None:
    assert len(list(pages(says([{}], Link='<?skip=0&top=100>;rel="prev"'), "/clients"))) == 1


def test_pages_that_go_round_in_circles_break_the_contract() -> None:
    http = says([{}], Link='<?skip=0&top=100>;rel="prev", <?skip=100&top=100>;rel="next"')
    with pytest.raises(Broken, match="no end"):
        list(pages(http, "/clients"))
