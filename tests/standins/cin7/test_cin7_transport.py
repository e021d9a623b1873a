"""Keys, paths, methods, errors: what answers when something is wrong, and what does not say so."""

from __future__ import annotations

import json
from decimal import Decimal

import httpx
import pytest

from mlconnector.standins.cin7 import ACCOUNT_ID, KEY, Cin7StandIn
from tests.standins.cin7.conftest import KEYS, Api


@pytest.mark.parametrize(
    "wrong",
    [
        {"api-auth-accountid": ACCOUNT_ID, "api-auth-applicationkey": "00000000-0000-0000-0000-000000000000"},
        {"api-auth-accountid": KEY, "api-auth-applicationkey": KEY},
        {"api-auth-applicationkey": KEY},
        {},
    ],
)
def test_wrong_keys_are_answered_with_403(url: str, standin: Cin7StandIn, wrong: dict[str, str]) -> None:
    answer = httpx.get(f"{url}/ExternalApi/v2/me", headers=wrong)
    assert answer.status_code == 403
    assert answer.json().keys() == {"ErrorCode", "Exception"}
    assert standin.calls == []


def test_keys_count_in_any_case(url: str, standin: Cin7StandIn) -> None:
    upper = {name: value.upper() for name, value in KEYS.items()}
    assert httpx.get(f"{url}/ExternalApi/v2/me", headers=upper).status_code == 200


@pytest.mark.parametrize(
    "path", ["/ExternalApi/v2/salelist", "/externalapi/v2/SALELIST", "/ExternalApi/V2/saleList"]
)
def test_names_of_endpoints_count_in_any_case(api: Api, path: str) -> None:
    assert "SaleList" in api.client.get(path).json()


@pytest.mark.parametrize(
    "path", ["/ExternalApi/v2/sales", "/ExternalApi/v2/", "/ExternalApi/v1/saleList", "/nowhere"]
)
def test_a_path_that_does_not_exist_is_answered_with_a_page_and_200(api: Api, path: str) -> None:
    answer = api.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.lower().startswith("<!doctype html>")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_a_client_tries_to_write_is_refused_and_noted(
    api: Api, standin: Cin7StandIn, method: str
) -> None:
    assert api.client.request(method, "/ExternalApi/v2/sale").status_code == 405
    assert standin.writes == [f"{method} sale"]


def test_parameters_that_nobody_knows_are_ignored_without_a_word(api: Api) -> None:
    everything = api.body("saleList")["Total"]
    assert api.body("saleList", UpdatedSinse="2099-01-01", Foo="bar")["Total"] == everything
    assert api.body("purchaseList", RestockReceivedStatus="DRAFT") == api.body("purchaseList")


def test_the_documented_name_of_the_received_status_is_unknown_and_another_one_works(api: Api) -> None:
    everything = api.body("purchaseList")["Total"]
    assert 0 < api.body("purchaseList", StockReceivedStatus="AUTHORISED")["Total"] < everything


@pytest.mark.parametrize(("path", "name"), [("sale", "ID"), ("advanced-purchase", "ID"), ("purchase", "ID")])
def test_an_unknown_id_is_answered_with_400_and_a_list_of_errors(api: Api, path: str, name: str) -> None:
    for unknown in ("a2c7e8d4-0000-4000-8000-000000000000", "no guid"):
        answer = api.get(path, **{name: unknown})
        assert answer.status_code == 400
        assert [error["ErrorCode"] for error in answer.json()] == [400]


@pytest.mark.parametrize(
    ("path", "name"),
    [("sale/payment", "SaleID"), ("sale/attachment", "SaleID"), ("sale/creditnote", "SaleID"),
     ("purchase/attachment", "TaskID")],
)  # fmt: skip
def test_below_a_record_that_does_not_exist_the_error_comes_with_200(api: Api, path: str, name: str) -> None:
    answer = api.get(path, **{name: "a2c7e8d4-0000-4000-8000-000000000000"})
    assert answer.status_code == 200
    assert answer.json()[0].keys() == {"ErrorCode", "Exception"}


def test_an_id_that_is_missing_is_answered_with_400_and_one_error(api: Api) -> None:
    answer = api.get("sale")
    assert (answer.status_code, answer.json()["ErrorCode"]) == (400, 400)


def test_ids_count_in_any_case(api: Api, standin: Cin7StandIn) -> None:
    sale_id = next(iter(standin.sales))
    assert api.body("sale", ID=sale_id.upper())["ID"] == sale_id


def test_an_account_code_that_does_not_exist_is_refused_other_lists_are_empty(api: Api) -> None:
    assert api.get("ref/account", Code="nope").status_code == 400
    assert api.body("ref/tax", Name="nope") == {"Total": 0, "Page": 1, "TaxRuleList": []}


def test_values_that_cannot_be_read_are_refused(api: Api) -> None:
    for parameters in ({"Page": "zero"}, {"Limit": "0"}, {"UpdatedSince": "yesterday"}):
        assert api.get("saleList", **parameters).status_code == 400


def test_numbers_are_written_exactly(api: Api, standin: Cin7StandIn) -> None:
    sale_id = next(iter(standin.sales))
    exact = Decimal("9007199254740993.0001")

    def edit(sale: dict[str, object]) -> None:
        sale["COGSAmount"] = exact

    standin.update_sale(sale_id, edit)
    assert api.body("sale", ID=sale_id)["COGSAmount"] == exact
    assert str(exact) in api.get("sale", ID=sale_id).text


def test_the_company_says_its_currency_and_time_zone(api: Api) -> None:
    me = api.body("me")
    assert (me["Currency"], me["TimeZone"]) == ("EUR", "Europe/Berlin")


def test_a_lock_date_shows(api: Api, standin: Cin7StandIn) -> None:
    standin.company["LockDate"] = "2026-08-31T00:00:00"
    assert api.body("me")["LockDate"] == "2026-08-31T00:00:00"


def test_a_body_that_is_no_json_is_answered_with_500(api: Api) -> None:
    answer = api.client.post("/ExternalApi/v2/webhooks", content=b"{")
    assert (answer.status_code, json.loads(answer.content)["ErrorCode"]) == (500, 500)
