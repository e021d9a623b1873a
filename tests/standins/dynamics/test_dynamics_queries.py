from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.standins.dynamics import DynamicsStandIn
from tests.standins.dynamics.conftest import Api, refused

FORMATTED = "OData.Community.Display.V1.FormattedValue"
TARGET = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
ALL = 'odata.include-annotations="*"'


def test_a_selection_comes_with_etag_id_and_the_currency_of_its_amounts(
    api: Api, standin: DynamicsStandIn
) -> None:
    invoice = standin.invoice(1)
    row = api.get(f"invoices({invoice['invoiceid']})?$select=totalamount,invoicenumber").json()
    assert row.pop("@odata.context").endswith("$metadata#invoices(totalamount,invoicenumber)/$entity")
    assert row == {
        "@odata.etag": f'W/"{invoice["versionnumber"]}"',
        "totalamount": float(invoice["totalamount"]),
        "invoicenumber": invoice["invoicenumber"],
        "_transactioncurrencyid_value": invoice["transactioncurrencyid"][1],
        "invoiceid": invoice["invoiceid"],
    }


def test_amounts_are_numbers_with_four_decimals_and_rates_with_ten(api: Api) -> None:
    text = api.get("invoices?$select=totalamount,exchangerate&$top=1").text
    row = json.loads(text, parse_float=Decimal)["value"][0]
    assert row["totalamount"].as_tuple().exponent == -4
    assert row["exchangerate"].as_tuple().exponent == -10


def test_annotations_say_what_people_see(api: Api, standin: DynamicsStandIn) -> None:
    place = standin.place_of("private_customer")
    path = f"invoices({standin.invoice(place)['invoiceid']})?$select=statecode,totalamount,_customerid_value"
    row = api.get(f"{path},datedelivered,duedate", ALL).json()
    assert row[f"statecode@{FORMATTED}"] == "Aktiv"
    assert row[f"totalamount@{FORMATTED}"] == "8.844,13 €"
    assert row[f"_customerid_value@{TARGET}"] == "contact"
    assert row[f"_customerid_value@{NAVIGATION}"] == "customerid_contact"
    assert row[f"datedelivered@{FORMATTED}"] == "11.07.2026"
    assert row["datedelivered"] == "2026-07-10T22:00:00Z"
    assert row["duedate"][4] == "-"


def test_without_asking_there_are_no_annotations(api: Api) -> None:
    row = api.rows("invoices?$top=1")[0]
    assert [name for name in row if "@" in name] == ["@odata.etag"]
    only = f'odata.include-annotations="{TARGET}"'
    names = {name.partition("@")[2] for name in api.rows("invoices?$top=1", only)[0] if "@" in name}
    assert names == {"odata.etag", TARGET}


def test_secrets_and_bodies_do_not_come_unasked(api: Api) -> None:
    row = api.rows("annotations?$top=1")[0]
    assert "documentbody" not in row
    assert refused(api.get("serviceendpoints?$select=authvalue"))[0] == 400


FILTERS = [
    ("statuscode eq 4", lambda row: row["statuscode"] == 4),
    ("statecode ne 0", lambda row: row["statecode"] != 0),
    ("totalamount gt 2000", lambda row: row["totalamount"] > 2000),
    ("totalamount le 100.5", lambda row: row["totalamount"] <= Decimal("100.5")),
    ("invoicenumber eq null", lambda row: row["invoicenumber"] is None),
    ("createdon ge 2026-09-01T00:00:00Z", lambda row: row["createdon"] >= "2026-09-01T00:00:00Z"),
    ("createdon lt 2026-09-01T02:00:00%2B02:00", lambda row: row["createdon"] < "2026-09-01T00:00:00Z"),
    ("ispricelocked eq false", lambda row: not row["ispricelocked"]),
    ("not (statecode eq 0)", lambda row: row["statecode"] != 0),
    ("contains(name,'hauptstr')", lambda row: "hauptstr" in row["name"].lower()),
    (
        "(statuscode eq 4 or statuscode eq 100001) and totalamount lt 0",
        lambda row: row["statuscode"] in (4, 100001) and row["totalamount"] < 0,
    ),
    ("startswith(invoicenumber,'INV-01007')", lambda row: (row["invoicenumber"] or "")[:9] == "INV-01007"),
    (
        "Microsoft.Dynamics.CRM.In(PropertyName='statuscode',PropertyValues=['1','100003'])",
        lambda row: row["statuscode"] in (1, 100003),
    ),
]


@pytest.mark.parametrize(("text", "holds"), FILTERS, ids=[text for text, _ in FILTERS])
def test_a_filter_takes_what_it_says(api: Api, standin: DynamicsStandIn, text: str, holds: Any) -> None:
    # The stand-in leaves columns without a value out of its rows.
    wanted = {row["invoiceid"] for row in standin.invoices() if holds({"invoicenumber": None, **row})}
    assert {row["invoiceid"] for row in api.rows(f"invoices?$select=name&$filter={text}")} == wanted
    assert wanted, "no invoice shows this"


def test_a_filter_may_follow_a_lookup(api: Api) -> None:
    rows = api.rows("invoices?$select=name&$filter=transactioncurrencyid/isocurrencycode eq 'USD'")
    assert rows
    names = api.rows("invoices?$filter=customerid_contact/lastname ne null&$select=_customerid_value", ALL)
    assert {row[f"_customerid_value@{TARGET}"] for row in names} == {"contact"}


def test_lines_are_found_by_chains_of_ids(api: Api, standin: DynamicsStandIn) -> None:
    ids = [standin.invoice(place)["invoiceid"] for place in (1, 2, 29)]
    chain = " or ".join(f"_invoiceid_value eq {each}" for each in ids)
    rows = api.rows(f"invoicedetails?$filter=({chain}) and lineitemnumber ge 1&$select=_invoiceid_value")
    assert len(rows) == sum(len(standin.lines(each)) for each in ids)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "$select=rubbish",
            "Could not find a property named 'rubbish' on type 'Microsoft.Dynamics.CRM.invoice'.",
        ),
        ("$select=customerid", "Could not find a property named 'customerid'"),
        ("$filter=rubbish eq 1", "Could not find a property named 'rubbish'"),
        ("$expand=rubbish", "Could not find a property named 'rubbish'"),
        (
            "$expand=invoice_details($select=rubbish)",
            "'rubbish' on type 'Microsoft.Dynamics.CRM.invoicedetail'",
        ),
        ("$filter=_customerid_value eq 'a text'", "incompatible types"),
        ("$filter=statecode in (0,1)", "not supported"),
        ("$filter=statecode eq 0 and", "Property name expected"),
        ("$filter=statecode eq 0)", "Syntax error"),
        ("$orderby=rubbish", "Could not find a property named 'rubbish'"),
        ("$skip=5", "$skip is not supported"),
        ("$top=-1", "Invalid value '-1'"),
        ("$skiptoken=guessed", "Paging Cookie"),
    ],
)
def test_what_cannot_be_asked_is_refused(api: Api, query: str, message: str) -> None:
    status, code, text = refused(api.get(f"invoices?{query}"))
    assert (status, code) == (400, "0x80060888")
    assert message in text


def test_what_is_not_there_is_refused(api: Api) -> None:
    nothing = "00000000-0000-0000-0000-000000000001"
    assert refused(api.get(f"invoices({nothing})"))[:2] == (404, "0x80040217")
    status, code, text = refused(api.get("invoice"))
    assert (status, code, text) == (404, "0x8006088a", "Resource not found for the segment 'invoice'.")


def test_an_order_can_be_asked_for(api: Api) -> None:
    totals = [
        row["totalamount"] for row in api.rows("invoices?$select=totalamount&$orderby=totalamount desc")
    ]
    assert totals == sorted(totals, reverse=True)
    rows = api.rows("invoices?$select=statecode,createdon&$orderby=statecode,createdon desc")
    keys = [(row["statecode"], row["createdon"]) for row in rows]
    assert sorted(keys, key=lambda key: key[0]) == keys
    assert [key[1] for key in keys if key[0] == 0] == sorted(
        (key[1] for key in keys if key[0] == 0), reverse=True
    )


def test_pages_hold_every_row_once(api: Api, records: int) -> None:
    prefer, seen, address = "odata.maxpagesize=7", [], "invoices?$select=name&$orderby=totalamount"
    while address:
        body = api.get(address, prefer).json()
        assert len(body["value"]) <= 7
        seen += [row["invoiceid"] for row in body["value"]]
        address = body.get("@odata.nextLink", "")
    assert len(seen) == len(set(seen)) == records


def test_a_page_goes_on_after_its_last_row_even_if_that_changed_its_place(
    api: Api, standin: DynamicsStandIn
) -> None:
    first = api.get("invoices?$select=name&$orderby=createdon", "odata.maxpagesize=5").json()
    standin.environment.rows["invoice"].pop(first["value"][0]["invoiceid"])
    second = api.get(first["@odata.nextLink"], "odata.maxpagesize=5").json()
    assert not {row["invoiceid"] for row in first["value"]} & {row["invoiceid"] for row in second["value"]}
    assert second["value"][0]["invoiceid"] == standin.invoice(6)["invoiceid"]


def test_top_ends_a_list_but_not_beside_a_page_size(api: Api, records: int) -> None:
    body = api.get("invoices?$select=name&$top=3").json()
    assert len(body["value"]) == 3
    assert "@odata.nextLink" not in body
    assert len(api.rows("invoices?$select=name&$top=3", "odata.maxpagesize=20")) == 20


def test_rows_can_be_counted(api: Api, records: int) -> None:
    body = api.get("invoices?$select=name&$count=true&$filter=statecode eq 3", "odata.maxpagesize=1").json()
    assert body["@odata.count"] == 1
    assert api.get("invoices/$count").text == str(records)


def test_records_come_expanded(api: Api, standin: DynamicsStandIn) -> None:
    identity = standin.invoice(2)["invoiceid"]
    inner = "invoice_details($select=tax;$orderby=lineitemnumber desc;$expand=productid($select=name))"
    single = "customerid_account($select=name),customerid_contact($select=fullname),transactioncurrencyid"
    row = api.get(f"invoices({identity})?$select=name&$expand={inner},{single}").json()
    names = [line["productid"]["name"] for line in row["invoice_details"]]
    assert names == [line["productname"] for line in standin.lines(2)][::-1]
    assert row["customerid_contact"] is None
    assert row["customerid_account"]["name"] == standin.invoice(2)["billto_name"]
    assert row["transactioncurrencyid"]["isocurrencycode"] == "EUR"


def test_expanded_rows_have_pages_of_their_own(api: Api, standin: DynamicsStandIn) -> None:
    place = standin.place_of("many_lines")
    identity = standin.invoice(place)["invoiceid"]
    path = f"invoices({identity})?$select=name&$expand=invoice_details($select=tax)"
    row = api.get(path, "odata.maxpagesize=10").json()
    seen = [line["invoicedetailid"] for line in row["invoice_details"]]
    link = row["invoice_details@odata.nextLink"]
    while link:
        body = api.get(link, "odata.maxpagesize=10").json()
        seen += [line["invoicedetailid"] for line in body["value"]]
        link = body.get("@odata.nextLink", "")
    assert len(seen) == len(set(seen)) == len(standin.lines(place)) > 30


@pytest.mark.parametrize(
    ("table", "path", "privilege"),
    [
        ("invoice", "invoices", "prvReadInvoice"),
        ("account", "invoices?$expand=customerid_account", "prvReadAccount"),
        ("annotation", "annotations?$top=1", "prvReadNote"),
    ],
)
def test_a_missing_right_is_named(
    api: Api, standin: DynamicsStandIn, table: Any, path: str, privilege: str
) -> None:
    standin.set_privilege(table, "none")
    status, code, text = refused(api.get(path))
    assert (status, code) == (403, "0x80040220")
    assert f"is missing {privilege} privilege" in text


def test_records_of_the_business_can_not_be_written(api: Api, standin: DynamicsStandIn) -> None:
    status, _, text = refused(
        api.send("PATCH", f"invoices({standin.invoice(1)['invoiceid']})", {"name": "x"})
    )
    assert status == 403
    assert "prvWriteInvoice" in text
