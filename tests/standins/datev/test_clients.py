from __future__ import annotations

from typing import Any

import httpx
import pytest

from mlconnector.standins.datev import DatevStandIn
from tests.standins.datev.support import CLIENTS, DOCUMENTS, DXSO, MUSTERHOLZ


def listed(api: httpx.Client, **query: str) -> httpx.Response:
    return api.get(f"{CLIENTS}/clients", params=query)


def test_a_client_tells_its_services_by_name_and_scope(api: httpx.Client) -> None:
    client = api.get(f"{CLIENTS}/clients/{MUSTERHOLZ}").json()
    assert client["name"] == "Musterholz GmbH"
    assert (client["consultant_number"], client["client_number"], client["id"]) == (29098, 55003, MUSTERHOLZ)
    assert {service["name"]: service["scopes"] for service in client["services"]} == {
        "Belegbilderservice": ["accounting:documents"],
        "Buchungsdatenservice": ["datev:accounting:extf-files-import"],
        "Rechnungsdatenservice 1.0": ["accounting:dxso-jobs"],
    }


def test_the_list_comes_in_pages_of_at_most_a_hundred(api: httpx.Client) -> None:
    first = listed(api)
    assert len(first.json()) == 100
    assert int(first.headers["total-items"]) >= 130
    assert first.headers["link"] == '<?skip=100&top=100>;rel="next"'
    assert len(listed(api, top="101").json()) == 100


def test_the_pages_together_hold_every_client_once(api: httpx.Client) -> None:
    ids: list[str] = []
    query: str | None = "?top=60"
    while query is not None:
        answer = api.get(f"{CLIENTS}/clients{query}")
        ids += [client["id"] for client in answer.json()]
        links = dict(reversed(link.split(";")) for link in answer.headers.get("link", "").split(", ") if link)
        query = links.get('rel="next"', "").strip("<>") or None
    assert len(ids) == len(set(ids)) == int(answer.headers["total-items"])


def test_a_page_in_the_middle_links_both_ways(api: httpx.Client) -> None:
    answer = listed(api, skip="5", top="10")
    assert answer.headers["link"] == '<?skip=0&top=10>;rel="prev", <?skip=15&top=10>;rel="next"'


@pytest.mark.parametrize("query", [{"skip": "-1"}, {"top": "0"}, {"top": "x"}, {"skip": "1.5"}])
def test_wrong_paging_is_a_problem(api: httpx.Client, query: dict[str, str]) -> None:
    answer = listed(api, **query)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/1008828")
    assert answer.json()["affected_elements"] == [
        {"name": next(iter(query)), "reason": "Must be a positive integer"}
    ]


def test_the_list_can_be_filtered_by_both_numbers(api: httpx.Client) -> None:
    both = listed(api, filter="consultant_number eq 29098 and client_number eq 55003")
    assert [client["id"] for client in both.json()] == [MUSTERHOLZ]
    assert both.headers["total-items"] == "1"
    consultant = listed(api, filter="consultant_number eq 455148").json()
    assert [client["id"] for client in consultant] == ["455148-1", "455148-2", "455148-3"]


@pytest.mark.parametrize(
    ("expression", "detail"),
    [
        ("", "Filter syntax is invalid"),
        ("client_number", "Filter syntax is invalid"),
        ("name eq Musterholz", "Filter parameters are invalid"),
        ("client_number gt 5", "Filter operators are invalid"),
        ("client_number eq 0", "Filter parameters are invalid"),
        ("client_number eq 5 or client_number eq 6", "The combination of filters is invalid"),
    ],
)
def test_a_wrong_filter_is_a_problem(api: httpx.Client, expression: str, detail: str) -> None:
    answer = listed(api, filter=expression)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(detail)


def basics(api: httpx.Client, client: str, prefix: str = DOCUMENTS) -> dict[str, Any]:
    answer: dict[str, Any] = api.get(f"{prefix}/clients/{client}").json()
    return answer


@pytest.mark.parametrize("prefix", [DOCUMENTS, DXSO])
def test_basic_accounting_data_tells_fiscal_years_and_account_length(api: httpx.Client, prefix: str) -> None:
    client = basics(api, "455148-1", prefix)
    years = client["basic_accounting_information"]
    assert client["is_document_management_available"] is True
    assert [year["fiscal_year_start"] for year in years] == [f"{year}-01-01" for year in range(2024, 2028)]
    assert years[0]["fiscal_year_end"] == "2024-12-31"
    assert years[0]["account_length"] == 4
    assert years[0]["ledgers"]["is_accounts_payable_ledger_available"] is True


def test_some_clients_get_numbers_and_booleans_as_text(api: httpx.Client) -> None:
    client = basics(api, "29098-55006")
    year = client["basic_accounting_information"][0]
    assert client["is_document_management_available"] == "true"
    assert year["account_length"] == "5"
    assert year["fiscal_year_start"] == "2024-01-01T00:00:00.000Z"
    assert year["ledgers"]["is_cash_ledger_available"] == "true"


def test_a_client_may_have_no_fiscal_year(api: httpx.Client) -> None:
    assert basics(api, "29098-55005")["basic_accounting_information"] == []


def test_documents_lists_all_clients_without_paging_and_services(api: httpx.Client) -> None:
    answer = api.get(f"{DOCUMENTS}/clients")
    assert len(answer.json()) >= 130
    assert answer.json()[0].keys() == {"client_number", "consultant_number", "id", "name"}
    assert "total-items" not in answer.headers


def test_services_can_be_ordered_and_withdrawn_from_outside(standin: DatevStandIn, api: httpx.Client) -> None:
    standin.order_service("29098-55004", "Buchungsdatenservice")
    standin.withdraw_service("29098-55004", "Belegbilderservice")
    services = api.get(f"{CLIENTS}/clients/29098-55004").json()["services"]
    assert [service["name"] for service in services] == ["Buchungsdatenservice", "Rechnungsdatenservice 2.0"]
    with pytest.raises(ValueError, match="there is no data service"):
        standin.order_service("29098-55004", "Lohn")
