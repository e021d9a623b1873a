"""Every answer is held against the official description, and every key of it must be a known one."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from tests.specifications import located, needs

from mlconnector.standins.pipedrive import Authentication, PipedriveStandIn
from mlconnector.standins.pipedrive.v1 import V1
from mlconnector.standins.pipedrive.v2 import V2
from mlconnector.standins.pipedrive.webhooks import Action

OFFICIAL = located("pipedrive")
pytestmark = needs("pipedrive")

# The description leaves `nullable` out in many places. These are null in practice: the end of a list, what
# an open, won or person-only deal does not have, unknown parts of an address, what a file is not attached to,
# and an empty v1 list.
NULL_IN_PRACTICE = {
    *("next_cursor", "data", "org_id", "person_id", "description"),
    *("won_time", "lost_time", "close_time", "archive_time", "expected_close_date"),
    *("address", "admin_area_level_1", "admin_area_level_2", "sublocality", "subpremise", "route"),
    *("country", "locality", "street_number", "postal_code", "picture_id"),
    *("product_id", "activity_id", "lead_id", "project_id", "cid", "s3_bucket", "mail_message_id"),
    *("mail_template_id", "person_name", "org_name", "product_name", "lead_name", "project_name"),
}
# In the official examples or the guides, but not in the schemas.
KNOWN_BESIDE_THE_SCHEMA = {
    *("creator_user_id", "archive_time", "local_won_date", "local_lost_date", "local_close_date"),
    *("formatted_address", "log_id", "project_id", "project_name", "file_type", "people_name"),
    *("pagination", "products_count", "files_count", "first_won_time", "labels", "additional_data"),
    "description",
}

V2_GETS = [
    ("/deals", {"limit": "500", "include_fields": "products_count,files_count,first_won_time"}),
    (
        "/deals",
        {"limit": "7", "status": "won,deleted", "include_option_labels": "true", "include_labels": "true"},
    ),
    ("/deals/archived", {}),
    ("/deals/{id}", {"include_option_labels": "true"}),
    ("/deals/products", {"deal_ids": ",".join(str(number) for number in range(1, 31))}),
    ("/deals/{id}/products", {}),
    ("/deals/{id}/discounts", {}),
    ("/deals/installments", {"deal_ids": "21,22,23"}),
    ("/organizations", {"limit": "500"}),
    ("/organizations/{id}", {}),
    ("/persons", {"limit": "500"}),
    ("/persons/{id}", {}),
    ("/products", {}),
    ("/products/{id}", {}),
    ("/dealFields", {}),
    ("/organizationFields", {}),
    ("/personFields", {}),
    ("/productFields", {}),
    ("/dealFields/{field_code}", {}),
    ("/pipelines", {}),
    ("/pipelines/{id}", {}),
    ("/stages", {}),
    ("/stages/{id}", {}),
]
V1_GETS: list[tuple[str, dict[str, str]]] = [
    ("/users/me", {}),
    ("/deals/{id}/files", {}),
    ("/files/{id}", {}),
    ("/deals/{id}/changelog", {}),
    ("/currencies", {}),
    ("/webhooks", {}),
]
FIRST_ID = {
    "/deals": "3", "/organizations": "100001", "/persons": "200001", "/products": "501", "/pipelines": "1",
    "/stages": "1", "/files": "500001",
}  # fmt: skip


@cache
def description(version: str) -> dict[str, Any]:
    text = (OFFICIAL / "openapi" / f"{version}.yaml").read_bytes()
    loaded: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
    return loaded


def schema(version: str, path: str, method: str = "get", status: str = "200") -> dict[str, Any]:
    answer = description(version)["paths"][path][method]["responses"][status]
    described: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return described


def check(answer: Any, version: str, path: str, method: str = "get", status: str = "200") -> None:
    described = schema(version, path, method, status)
    strict = {"components": description(version)["components"], **_nullable(described, "")}
    jsonschema.Draft7Validator(strict, format_checker=jsonschema.FormatChecker()).validate(answer)
    unknown = _unknown_keys(answer, described, "")
    assert unknown <= KNOWN_BESIDE_THE_SCHEMA, unknown - KNOWN_BESIDE_THE_SCHEMA


def _nullable(described: Any, name: str) -> Any:
    """The schema as JSON Schema knows it: `nullable` written as a second type."""
    if isinstance(described, list):
        return [_nullable(part, name) for part in described]
    if not isinstance(described, dict):
        return described
    made = {
        key: {inner: _nullable(part, inner) for inner, part in value.items()}
        if key == "properties"
        else _nullable(value, name if key == "allOf" else "")
        for key, value in described.items()
        if key not in ("example", "examples", "enum")
    }
    allowed = described.get("enum")
    if allowed is not None:
        made["enum"] = allowed
    if described.get("nullable") or name in NULL_IN_PRACTICE:
        return {"anyOf": [{"type": "null"}, made]}
    return made


def _unknown_keys(answer: Any, described: dict[str, Any], name: str) -> set[str]:
    """The keys of the answer that its schema does not list; free-form objects list none."""
    if isinstance(answer, list):
        items = described.get("items", {})
        return set().union(*(_unknown_keys(part, items, name) for part in answer))
    properties = _properties(described)
    if not isinstance(answer, dict) or not properties:
        return set()
    found = set(answer) - set(properties)
    return found.union(
        *(_unknown_keys(answer[key], properties[key], key) for key in set(answer) & set(properties))
    )


def _properties(described: dict[str, Any]) -> dict[str, Any]:
    made = dict(described.get("properties", {}))
    for part in described.get("allOf", []):
        made |= _properties(part)
    return made


def concrete(client: httpx.Client, path: str) -> str:
    if "{field_code}" in path:
        codes = [field["field_code"] for field in client.get("/api/v2/dealFields").json()["data"]]
        return path.replace("{field_code}", codes[0])
    kind = "/" + path.split("/")[1]
    return path.replace("{id}", FIRST_ID.get(kind, ""))


@pytest.mark.parametrize(("path", "parameters"), V2_GETS)
def test_version_two_answers_as_described(
    client: httpx.Client, standin: PipedriveStandIn, path: str, parameters: dict[str, str]
) -> None:
    standin.archive(26)
    standin.reopen(27)
    standin.delete(28)
    answer = client.get(f"/api/v2{concrete(client, path)}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"], "nothing to compare"
    check(answer.json(), "v2", path)


@pytest.mark.parametrize(("path", "parameters"), V1_GETS)
def test_version_one_answers_as_described(
    client: httpx.Client, path: str, parameters: dict[str, str]
) -> None:
    client.post("/api/v1/webhooks", json=WEBHOOK)
    answer = client.get(f"/api/v1{concrete(client, path)}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"], "nothing to compare"
    check(answer.json(), "v1", path)


WEBHOOK = {
    "subscription_url": "https://example.com/hook",
    "event_action": "change",
    "event_object": "deal",
    "name": "Buchhaltung",
}


def test_a_created_webhook_is_answered_as_described(client: httpx.Client) -> None:
    created = client.post("/api/v1/webhooks", json=WEBHOOK)
    check(created.json(), "v1", "/webhooks", "post", "201")
    check(client.post("/api/v1/webhooks", json={}).json(), "v1", "/webhooks", "post", "400")
    path = f"/api/v1/webhooks/{created.json()['data']['id']}"
    check(client.delete(path).json(), "v1", "/webhooks/{id}", "delete", "200")
    check(client.delete(path).json(), "v1", "/webhooks/{id}", "delete", "404")


def test_a_refused_login_is_answered_as_described(stranger: httpx.Client) -> None:
    answer = stranger.get("/api/v1/users/me")
    check(answer.json(), "v1", "/users/me", "get", "401")
    assert answer.json() == example("v1_get_users_me_401")


def test_tokens_are_answered_as_described(stranger: httpx.Client, standin: PipedriveStandIn) -> None:
    query = {"client_id": standin.client_id, "redirect_uri": "http://localhost/"}
    code = stranger.get("/oauth/authorize", params=query).headers["location"].rpartition("=")[2]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://localhost/"}
    answer = stranger.post("/oauth/token", data=form, auth=(standin.client_id, standin.client_secret)).json()
    check(answer, "v1", "/oauth/token", "post")
    assert answer.keys() == example("v1_post_oauth_token_200").keys()


def test_a_deal_has_the_keys_of_the_official_example_in_their_order(client: httpx.Client) -> None:
    assert list(client.get("/api/v2/deals/1").json()["data"]) == list(example("v2_get_deals_200")["data"][0])


def test_every_endpoint_costs_what_the_description_says(standin: PipedriveStandIn) -> None:
    described = {"v1": description("v1")["paths"], "v2": description("v2")["paths"]}
    tables = {"v1": V1(standin.account, standin.storage).routes(), "v2": V2(standin.account).routes()}
    tables["v1"] += standin.registrations.routes()
    for version, table in tables.items():
        assert len(table) > 5
        for api in table:
            path = api.path.replace("{code}", "{field_code}")
            operation = described[version][path][api.method.lower()]
            assert api.cost == operation["x-token-cost"], api
            scopes = [scope for entry in operation["security"] for scope in entry.get("oauth2", [])]
            assert api.scope in scopes, api


@pytest.mark.parametrize("name", ["webhook_deal_update", "webhook_deal_create"])
def test_version_one_deliveries_have_only_keys_of_recorded_ones(standin: PipedriveStandIn, name: str) -> None:
    recorded = json.loads((OFFICIAL / f"fixtures/webhooks_v1/{name}.json").read_text(encoding="utf-8-sig"))
    action: Action = "create" if name.endswith("create") else "change"
    body = json.loads(standin.delivery(1, Authentication(), version="1.0", action=action)[0])
    assert body.keys() - {"previous"} == recorded.keys() - {"previous"}
    assert body["meta"].keys() - recorded["meta"].keys() <= {"change_source"}
    assert recorded["meta"].keys() <= body["meta"].keys()
    assert body["event"] == recorded["event"]
    assert (body["previous"] is None) == (recorded.get("previous") is None)
    assert {type(body["meta"][key]) for key in recorded["meta"]} == {
        type(part) for part in recorded["meta"].values()
    }


def test_version_two_deliveries_have_the_documented_keys(standin: PipedriveStandIn) -> None:
    documented = json.loads((OFFICIAL / "fixtures/webhooks_v2_synthetic/deal_won.json").read_text("utf-8"))
    body = json.loads(standin.delivery(1, Authentication())[0])
    assert body.keys() == documented.keys()
    assert body["meta"].keys() == documented["meta"].keys()
    assert documented["data"].keys() <= body["data"].keys()
    assert documented["previous"].keys() <= body["previous"].keys()


def example(name: str) -> Any:
    return json.loads((OFFICIAL / f"fixtures/openapi_examples/{name}.json").read_text("utf-8"))
