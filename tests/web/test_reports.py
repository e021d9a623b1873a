"""The reports of the API: the same as those of the commands, in the shapes that the description promises."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from mlconnector.model.entries import encode as encode_entry
from mlconnector.model.vouchers import Voucher, encode
from tests.flow.report.bookings import Ledger
from tests.mapping.builders import purchase, voucher
from tests.web.records import MISSING, add_batch, add_voucher
from tests.web.rig import NAME, Rig

REPORTS = f"/api/v1/connections/{NAME}/reports"
INVOICE = voucher(document_date=date(2026, 2, 27), due_date=date(2026, 3, 13))


@pytest.fixture
def api(rig: Rig) -> httpx.Client:
    rig.connect()
    return rig.program()


def book(rig: Rig, of: Voucher = INVOICE) -> None:
    """An invoice of 119.00 that DATEV has accepted."""
    key = add_voucher(rig, "RE-1", "settled", content=encode(of).decode())
    content = encode_entry(Ledger().book(of).entry).decode()
    add_batch(rig, "b1", "succeeded", voucher=key, content=content)


def test_with_nothing_transferred_the_reports_are_empty(api: httpx.Client) -> None:
    items = api.get(f"{REPORTS}/opos", params={"on": "2026-07-31"}).json()
    assert (items["on"], items["total"]["items"], items["connections"]) == ("2026-07-31", 0, [NAME])
    sums = api.get(f"{REPORTS}/balances", params={"period": "2026-07"}).json()
    assert (sums["first"], sums["last"], sums["accounts"]) == ("2026-07-01", "2026-07-31", [])
    costs = api.get(f"{REPORTS}/costs").json()
    assert (costs["cost_centres_1"], costs["total"]["documents"]) == ([], 0)
    told = api.get(f"{REPORTS}/completeness").json()
    assert (told["first"], told["compared"], told["held"]) == (None, [], [])


def test_bookings_are_given_row_by_row_and_page_by_page(rig: Rig, api: httpx.Client) -> None:
    book(rig)
    found = api.get(f"{REPORTS}/bookings", params={"period": "2026-02"}).json()
    (row,) = found["rows"]
    assert (row["turnover"], row["side"], row["account"], row["contra_account"]) == (
        "119.00",
        "S",
        "10001",
        "8400",
    )
    assert (row["document_field_1"], row["state"], found["total"]) == ("RE-1", "accepted", 1)
    beyond = api.get(f"{REPORTS}/bookings", params={"limit": 1, "page": 2}).json()
    assert (beyond["rows"], beyond["total"], beyond["page"]) == ([], 1, 2)
    assert api.get(f"{REPORTS}/bookings", params={"period": "2026-01"}).json()["total"] == 0


def test_amounts_are_exact_texts(rig: Rig, api: httpx.Client) -> None:
    book(rig)
    items = api.get(f"{REPORTS}/opos", params={"on": "2026-03-31"}).json()
    (person,) = items["ledgers"][0]["persons"]
    (item,) = person["items"]
    assert (person["account"], item["number"], item["open"], item["due_date"]) == (
        "10001",
        "RE-1",
        "119.00",
        "2026-03-13",
    )
    assert (item["days_overdue"], items["total"]["ageing"]["days_30"]) == (18, "119.00")
    sums = api.get(f"{REPORTS}/balances").json()
    assert [(one["number"], one["balance"], one["by_datev"]) for one in sums["accounts"]] == [
        ("1776", "-19.00", "yes"),
        ("8400", "-100.00", "no"),
        ("10001", "119.00", "no"),
    ]
    assert sums["total"] == {"debit": "119.00", "credit": "119.00", "balance": "0.00"}


def test_the_vat_check_comes_case_by_case(rig: Rig, api: httpx.Client) -> None:
    book(rig)
    told = api.get(f"{REPORTS}/vat", params={"period": "2026-02"}).json()
    (case,) = told["tax_cases"]
    assert (case["direction"], case["tax_case"], case["rate"], case["rows"]) == (
        "sale",
        "domestic_19",
        "19",
        1,
    )
    assert (case["base"], case["expected_tax"], case["tax"], case["difference"]) == (
        *("100.00", "19.00", "19.00"),
        "0.00",
    )
    assert (told["first"], told["last"]) == ("2026-02-01", "2026-02-28")


def test_costs_come_by_cost_centre(rig: Rig, api: httpx.Client) -> None:
    book(rig, purchase(document_date=date(2026, 2, 27)))
    costs = api.get(f"{REPORTS}/costs", params={"period": "2026-02", "client": True}).json()
    cost = {"net": "100.00", "by_datev": "100.00", "difference": "0.00", "documents": 1}
    assert costs["cost_centres_1"] == [
        {"cost_centre_1": None, "cost_centres_2": [{"cost_centre_2": None, **cost}], "total": cost}
    ]
    assert (costs["total"], costs["not_counted"]["planned"]) == (cost, 0)


def test_what_is_held_comes_with_its_cause(rig: Rig, api: httpx.Client) -> None:
    book(rig)
    add_voucher(rig, "RE-2", "needs_human", MISSING)
    told = api.get(f"{REPORTS}/completeness", params={"period": "2026-02"}).json()
    compared = {one["direction"]: one for one in told["compared"]}
    assert compared["sale"]["accepted"] == {"count": 1, "gross": "119.00"}
    (held,) = told["held"]
    assert (held["number"], held["outcome"], held["cause"]) == ("RE-2", "held", MISSING.cause)
    assert held["what"]


@pytest.mark.parametrize("report", ["opos", "completeness", "balances", "vat", "costs"])
def test_a_connection_that_nobody_has_is_not_found(api: httpx.Client, report: str) -> None:
    answer = api.get(f"/api/v1/connections/nobody/reports/{report}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_day_or_a_period_that_is_none_is_refused(api: httpx.Client) -> None:
    assert api.get(f"{REPORTS}/opos", params={"on": "July"}).status_code == 422
    assert api.get(f"{REPORTS}/balances", params={"period": "July"}).status_code == 422
