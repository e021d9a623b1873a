"""Answers and deliveries are held against the facts and samples that were gathered from the documentation."""

from __future__ import annotations

import csv
import json
import re
from typing import Any

import pytest

from mlconnector.standins.base import Clock
from mlconnector.standins.dynamics import DynamicsStandIn
from tests.specifications import located, needs
from tests.standins.dynamics.conftest import Api, refused

FACTS = located("dynamics")
pytestmark = needs("dynamics")
KINDS = {
    "Uniqueidentifier": "Uniqueidentifier",
    "String": "String",
    "Customer": "Lookup",
    "Lookup": "Lookup",
    "DateTime": "DateTime",
    "Money": "Money",
    "Decimal": "Decimal",
    "Picklist": "Picklist",
    "State": "State",
    "Status": "Status",
    "BigInt": "BigInt",
    "Boolean": "Boolean",
    "Integer": "Integer",
}
CAST = "Microsoft.Dynamics.CRM"


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FACTS / f"sample.{name}.json").read_text(encoding="utf-8"))
    return found


def shape(value: Any) -> Any:
    """The kind of a JSON value; dates, moments and links are kinds of their own."""
    if isinstance(value, str):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return "day"
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
            return "moment"
        if re.fullmatch(r"/Date\(-?\d+([+-]\d{4})?\)/", value):
            return "json date"
        if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
            return "guid"
        return "text"
    return type(value).__name__


@pytest.mark.parametrize("table", ["invoice", "invoicedetail"])
def test_every_documented_column_is_there_with_its_type(api: Api, table: str) -> None:
    path = f"EntityDefinitions(LogicalName='{table}')/Attributes?$select=LogicalName,AttributeType"
    kinds = {row["LogicalName"]: row["AttributeType"] for row in api.rows(path)}
    with (FACTS / "fields.csv").open(encoding="utf-8") as file:
        documented = [row for row in csv.DictReader(file) if row["table"] == table]
    assert documented
    for row in documented:
        assert kinds[row["column"]] == KINDS[re.split(r"[ (]", row["type"])[0]], row


def test_day_columns_behave_as_documented(api: Api) -> None:
    with (FACTS / "fields.csv").open(encoding="utf-8") as file:
        documented = [row for row in csv.DictReader(file) if row["type"].startswith("DateTime")]
    assert documented
    for row in documented:
        where = f"EntityDefinitions(LogicalName='{row['table']}')/Attributes(LogicalName='{row['column']}')"
        found = api.get(f"{where}/{CAST}.DateTimeAttributeMetadata").json()
        assert found["DateTimeBehavior"]["Value"] in row["type"]
        assert found["Format"] == "DateOnly"


def test_options_have_the_documented_values_and_labels(api: Api) -> None:
    documented = json.loads((FACTS / "option_values.json").read_text(encoding="utf-8"))
    assert {"invoice.statecode", "invoice.statuscode"} <= {name.partition(" ")[0] for name in documented}
    assert all(documented.values())
    for name, options in documented.items():
        table, _, column = name.partition(" ")[0].partition(".")
        if column.startswith("msdyn_"):
            continue
        kind = {"statecode": "State", "statuscode": "Status"}.get(column, "Picklist")
        where = f"EntityDefinitions(LogicalName='{table}')/Attributes(LogicalName='{column}')"
        found = api.get(f"{where}/{CAST}.{kind}AttributeMetadata?$expand=OptionSet").json()["OptionSet"]
        shown = {str(option["Value"]): option for option in found["Options"]}
        for value, expected in options.items():
            label, state = expected if isinstance(expected, list) else (expected, None)
            assert english(shown[value]) == label
            assert shown[value].get("State") == state


def english(option: dict[str, Any]) -> str:
    labels = option["Label"]["LocalizedLabels"]
    return str(next(each["Label"] for each in labels if each["LanguageCode"] == 1033))


def test_a_first_pass_and_its_changes_look_like_the_sample(api: Api, standin: DynamicsStandIn) -> None:
    expected = sample("invoice_delta")
    columns = [name for name in expected["initial"]["value"][0] if "@" not in name]
    prefer = 'odata.track-changes,odata.include-annotations="*"'
    first = api.get(f"invoices?$select={','.join(columns)}", prefer).json()
    assert set(expected["initial"]) <= set(first)
    row = next(each for each in first["value"] if each["invoiceid"] == standin.invoice(1)["invoiceid"])
    check_row(row, expected["initial"]["value"][0])
    standin.cancel(1)
    gone = standin.delete(2)
    delta = api.get(first["@odata.deltaLink"], prefer).json()
    assert delta["@odata.context"].endswith("/$delta")
    changed, deleted = delta["value"]
    check_row(changed, expected["delta"]["value"][0])
    statuses = ("statecode", "statuscode", "statecode@OData.Community.Display.V1.FormattedValue")
    for name in statuses:
        assert changed[name] == expected["delta"]["value"][0][name]
    model = expected["delta"]["value"][1]
    assert set(deleted) == set(model)
    assert deleted["@odata.context"].endswith(model["@odata.context"].partition("/data/v9.2/")[2])
    assert (deleted["id"], deleted["reason"]) == (gone, model["reason"])


def test_a_delta_token_is_written_as_in_the_sample(api: Api) -> None:
    token = re.compile(r"\$deltatoken=\d+%21\d\d%2f\d\d%2f\d{4}%20\d\d%3a\d\d%3a\d\d$")
    assert token.search(sample("invoice_delta")["initial"]["@odata.deltaLink"])
    assert token.search(api.get("invoices?$select=name", "odata.track-changes").json()["@odata.deltaLink"])


def check_row(row: dict[str, Any], model: dict[str, Any]) -> None:
    assert set(model) <= set(row)
    for name, value in model.items():
        if value is not None and row[name] is not None:
            assert shape(row[name]) == shape(value), name


def test_an_expired_token_and_a_refused_option_answer_as_in_the_sample(api: Api, clock: Clock) -> None:
    expected = sample("invoice_delta")
    link = api.get("invoices?$select=name", "odata.track-changes").json()["@odata.deltaLink"]
    clock.advance(8 * 86_400)
    api.headers = Api(api.client).headers
    assert api.get(link).json() == expected["expired"]["body"]
    answer = api.get("invoices?$filter=statecode eq 0", "odata.track-changes")
    assert refused(answer)[2] == expected["filter_not_allowed"]["body"]["error"]["message"]


def test_lines_look_like_the_sample(api: Api, standin: DynamicsStandIn) -> None:
    models = sample("invoicedetails")["value"]
    identity = standin.invoice(standin.place_of("write_in"))["invoiceid"]
    columns = ",".join(name for name in models[0] if "@" not in name)
    lines = api.rows(f"invoices({identity})/invoice_details?$select={columns}")
    for written_in, model in ((False, models[0]), (True, models[1])):
        line = next(each for each in lines if each["isproductoverridden"] is written_in)
        check_row(line, model)
        assert (line["_productid_value"] is None) == written_in
        assert (line["productdescription"] is None) == (not written_in)


def test_a_delivery_looks_like_the_sample(standin: DynamicsStandIn) -> None:
    expected = sample("webhook_update")
    body, headers = standin.delivery(1)
    context = json.loads(body)
    assert set(expected["headers"]) <= set(headers)
    assert headers["x-ms-dynamics-request-name"] == "Update"
    assert set(expected["body"]) <= set(context)
    for name, value in expected["body"].items():
        if value is not None and not isinstance(value, dict | list):
            assert shape(context[name]) == shape(value), name
    target, model = (each["InputParameters"][0]["value"] for each in (context, expected["body"]))
    assert set(target) == set(model)
    for own, other in zip(target["Attributes"], sorted_like(model, target), strict=True):
        assert own["key"] == other["key"]
        assert shape(own["value"]) == shape(other["value"])


def sorted_like(model: dict[str, Any], target: dict[str, Any]) -> list[dict[str, Any]]:
    by_key = {each["key"]: each for each in model["Attributes"]}
    return [by_key[each["key"]] for each in target["Attributes"]]


def test_an_oversize_delivery_lacks_what_the_sample_lacks(standin: DynamicsStandIn) -> None:
    expected = sample("webhook_update")
    standin.change_invoice(1, description="x" * 300_000)
    body, headers = standin.delivery(1, changed=("description",))
    assert "x-ms-dynamics-msg-size-exceeded" in headers
    missing = set(expected["body"]) - set(expected["oversize"]["body"])
    assert not missing & set(json.loads(body))
    assert set(expected["oversize"]["body"]) <= set(json.loads(body))


class TestThrottling:
    @pytest.fixture
    def extra(self) -> dict[str, str]:
        return {"requests": "6000"}

    def test_a_full_window_answers_as_in_the_sample(self, api: Api, standin: DynamicsStandIn) -> None:
        expected = sample("invoice_delta")["throttled"]
        for _ in range(6000):
            standin.limits.spend()
        answer = api.get("WhoAmI")
        assert (answer.status_code, answer.json()) == (expected["http_status"], expected["body"])
        assert 1 <= int(answer.headers["retry-after"]) <= 300
