"""Login, company header and permissions: who may call, and what is said to others."""

from __future__ import annotations

import httpx
import pytest

from mlconnector.standins.base import Clock
from mlconnector.standins.procore import COMPANY_ID, ProcoreStandIn
from tests.standins.procore.conftest import CREDENTIALS, Api, of_case


def test_the_credentials_of_a_client_give_a_token_for_ninety_minutes(
    anonymous: httpx.Client, standin: ProcoreStandIn
) -> None:
    token = anonymous.post("/oauth/token", data=CREDENTIALS).json()
    assert token.keys() == {"access_token", "token_type", "expires_in", "created_at"}
    assert (token["token_type"], token["expires_in"]) == ("bearer", 5400)
    assert anonymous.post("/oauth/token", json=CREDENTIALS).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "somebody"}, 401, "invalid_client"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ],
)
def test_nothing_else_gives_one(
    anonymous: httpx.Client, standin: ProcoreStandIn, change: dict[str, str], status: int, error: str
) -> None:
    answer = anonymous.post("/oauth/token", data=CREDENTIALS | change)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_token_expires(api: Api, clock: Clock) -> None:
    info = api.client.get("/oauth/token/info").json()
    assert 5390 < info["expires_in_seconds"] <= 5400
    clock.advance(5300)
    assert api.get("v1.0/companies").status_code == 200
    clock.advance(101)
    answer = api.get("v1.0/companies")
    assert answer.status_code == 401
    assert "expired" in answer.text
    assert api.client.get("/oauth/token/info").status_code == 401


def test_a_revoked_token_opens_nothing(api: Api) -> None:
    token = api.client.headers["Authorization"].removeprefix("Bearer ")
    assert api.client.post("/oauth/revoke", data=CREDENTIALS | {"token": token}).status_code == 200
    assert api.get("v1.0/companies").status_code == 401
    wrong = CREDENTIALS | {"token": token, "client_secret": "wrong"}
    assert api.client.post("/oauth/revoke", data=wrong).status_code == 401


def test_no_call_goes_without_a_token(anonymous: httpx.Client, standin: ProcoreStandIn) -> None:
    headers = {"Procore-Company-Id": str(COMPANY_ID)}
    for authorization in ("", "Basic YTpi", "Bearer", "Bearer nobody"):
        answer = anonymous.get("/rest/v1.0/companies", headers=headers | {"Authorization": authorization})
        assert answer.status_code == 401
        assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize(("company", "status"), [("", 400), ("abc", 400), ("7657", 403)])
def test_every_call_names_the_company(api: Api, company: str, status: int) -> None:
    """A service account cannot even ask for its companies without."""
    for path in ("v1.0/companies", "v1.0/me", "v1.1/projects"):
        answer = api.client.get(f"/rest/{path}", headers={"Procore-Company-Id": company})
        assert answer.status_code == status


def test_the_company_of_the_address_must_be_the_same(api: Api) -> None:
    answer = api.get("v1.1/projects", company_id=7657)
    assert answer.status_code == 403
    assert answer.json()["errors"] == "App is not connected to this company"
    assert api.get("v1.0/companies/7657/me").status_code == 403
    assert api.get("v1.1/projects").status_code == 400
    assert api.body(f"v1.0/companies/{COMPANY_ID}/me")["id"]


def test_an_administrator_disconnects_the_app(api: Api, standin: ProcoreStandIn) -> None:
    standin.disconnect_company()
    answer = api.get("v1.0/companies")
    assert (answer.status_code, answer.json()["errors"]) == (403, "App is not connected to this company")
    standin.connect_company()
    assert api.get("v1.0/companies").status_code == 200


@pytest.mark.parametrize("status", [403, 404])
def test_a_project_is_taken_from_the_account(api: Api, standin: ProcoreStandIn, status: int) -> None:
    bill = of_case(standin, "progress_retainage")
    standin.hide_project(bill["project_id"], status)
    listed = api.body("v1.1/projects", company_id=COMPANY_ID)
    assert bill["project_id"] not in {row["id"] for row in listed}
    assert api.get("v1.1/requisitions", project_id=bill["project_id"]).status_code == status
    one = api.get(f"v1.1/requisitions/{bill['id']}", project_id=bill["project_id"])
    assert one.status_code == status
    standin.show_project(bill["project_id"])
    assert api.requisition(bill)["id"] == bill["id"]


def test_what_is_not_there_is_not_found_and_unknown_calls_are_noted(
    api: Api, standin: ProcoreStandIn
) -> None:
    assert api.get("v1.1/requisitions", project_id=1).status_code == 404
    project_id = next(iter(standin.projects))
    assert api.get("v1.1/requisitions/1", project_id=project_id).status_code == 404
    assert api.get("v1.1/requisitions/abc", project_id=project_id).status_code == 404
    assert api.client.patch("/rest/v1.1/requisitions/1").status_code == 405
    assert standin.writes == ["PATCH /rest/v1.1/requisitions/1"]
    assert api.get("v9.9/anything").status_code == 404
    assert standin.unknown_calls == ["GET /rest/v9.9/anything"]


def test_a_record_is_found_in_its_own_project_only(api: Api, standin: ProcoreStandIn) -> None:
    bill = of_case(standin, "progress_retainage")
    other = next(each for each in standin.projects if each != bill["project_id"])
    assert api.get(f"v1.1/requisitions/{bill['id']}", project_id=other).status_code == 404
    assert api.get(f"v1.1/requisitions/{bill['id']}").status_code == 400
    cost = of_case(standin, "invoice_19")
    other = next(each for each in standin.projects if each != cost["project"]["id"])
    assert api.get(f"v1.1/projects/{other}/direct_costs/{cost['id']}").status_code == 404
