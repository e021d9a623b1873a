from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from mlconnector.errors import Broken, NeedsLogin, RetryLater
from mlconnector.flow.report import overview
from tests.web.rig import NAME, Rig

OPERATIONS = {
    "list_connections": "GET /api/v1/connections",
    "show_connection": "GET /api/v1/connections/{name}",
    "check_connection": "POST /api/v1/connections/{name}/check",
    "start_run": "POST /api/v1/connections/{name}/runs",
    "begin_login": "POST /api/v1/connections/{name}/login",
    "show_release": "GET /api/v1/connections/{name}/release",
    "release": "POST /api/v1/connections/{name}/release",
    "replay": "POST /api/v1/connections/{name}/replay",
    "reread": "POST /api/v1/connections/{name}/reread",
    "ignore": "POST /api/v1/connections/{name}/ignore",
    "booked_by_hand": "POST /api/v1/connections/{name}/booked-by-hand",
    "unignore": "POST /api/v1/connections/{name}/unignore",
    "hold": "POST /api/v1/connections/{name}/hold",
    "unhold": "POST /api/v1/connections/{name}/unhold",
    "distinct": "POST /api/v1/connections/{name}/distinct",
    "disconnect": "POST /api/v1/connections/{name}/disconnect",
    "list_numbers": "GET /api/v1/connections/{name}/numbers",
    "bind_number": "POST /api/v1/connections/{name}/numbers/bind",
    "unbind_number": "POST /api/v1/connections/{name}/numbers/unbind",
    "report_open_items": "GET /api/v1/connections/{name}/reports/opos",
    "report_completeness": "GET /api/v1/connections/{name}/reports/completeness",
    "report_balances": "GET /api/v1/connections/{name}/reports/balances",
    "report_bookings": "GET /api/v1/connections/{name}/reports/bookings",
    "report_vat": "GET /api/v1/connections/{name}/reports/vat",
    "report_costs": "GET /api/v1/connections/{name}/reports/costs",
    "show_inbox": "GET /api/v1/inbox",
    "list_vouchers": "GET /api/v1/vouchers",
    "show_voucher": "GET /api/v1/vouchers/{voucher}",
    "list_batches": "GET /api/v1/batches",
    "batch_file": "GET /api/v1/batches/{batch}/file",
    "resend": "POST /api/v1/batches/{batch}/resend",
    "make_link": "POST /api/v1/connections/{name}/link",
    "resume": "POST /api/v1/connections/{name}/resume",
    "verify_audit": "GET /api/v1/audit/verify",
    "export_audit": "GET /api/v1/audit/export",
    "list_places": "GET /api/v1/notifications",
    "add_place": "POST /api/v1/notifications",
    "change_place": "POST /api/v1/notifications/{place}/change",
    "test_place": "POST /api/v1/notifications/{place}/test",
    "remove_place": "POST /api/v1/notifications/{place}/remove",
    "list_warehouses": "GET /api/v1/warehouses",
    "load_warehouses": "POST /api/v1/warehouses/loads",
    "replay_load": "POST /api/v1/warehouses/loads/{load}/replay",
    "import_file": "POST /api/v1/warehouses/files",
    "check_file": "POST /api/v1/check",
}


def described(rig: Rig) -> dict[str, Any]:
    answer = rig.browser().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_api_describes_itself_validly(rig: Rig) -> None:
    validate(described(rig))


def test_operations_keep_their_names(rig: Rig) -> None:
    found = {
        operation["operationId"]: f"{method.upper()} {re.sub(r':path', '', path)}"
        for path, operations in described(rig)["paths"].items()
        for method, operation in operations.items()
    }
    assert found == OPERATIONS


def test_every_answer_and_every_refusal_is_described(rig: Rig) -> None:
    document = described(rig)
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["security"] == [{"token": []}]
            assert operation["summary"]
            assert operation["description"]
            for status, response in operation["responses"].items():
                assert response["description"]
                if status >= "400":
                    schema = {"$ref": "#/components/schemas/ProblemDetails"}
                    assert response["content"] == {"application/problem+json": {"schema": schema}}
                else:
                    assert response["content"]
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"])
def test_there_are_no_pages_that_load_assets_from_elsewhere(rig: Rig, path: str) -> None:
    assert rig.browser().get(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/oauth/callback", 400),
        ("GET", "/metrics", 200),
        ("GET", "/nothing", 404),
        ("DELETE", "/healthz", 405),
        ("POST", "/webhooks/nobody", 404),
        ("GET", "/api/v1/connections", 401),
        ("GET", "/api/v1/connections/", 404),
    ],
)
def test_every_answer_carries_the_security_headers(rig: Rig, method: str, path: str, status: int) -> None:
    answer = rig.browser().request(method, path)
    assert answer.status_code == status
    headers = answer.headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_a_fault_of_ours_is_answered_without_its_details(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("the secret is 4711")

    monkeypatch.setattr(overview, "connection", fail)
    client = rig.browser(raise_errors=False)
    answer = client.get(f"/api/v1/connections/{NAME}", headers=rig.program().headers)
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:ml-connector:broken")
    assert "4711" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (NeedsLogin("datev", "the login has ended"), 409, "login_needed"),
        (Broken("a broken contract"), 500, "broken"),
    ],
)
def test_errors_of_the_product_have_their_own_answers(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, name: str
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(overview, "connection", fail)
    answer = rig.program().get(f"/api/v1/connections/{NAME}")
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:ml-connector:{name}")
    assert answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("after", "header"), [(2.2, "3"), (0.0, "30"), (None, "30")])
def test_what_may_pass_says_when_to_come_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, after: float | None, header: str
) -> None:
    def fail(*_: Any) -> Any:
        raise RetryLater("datev does not answer", after)

    monkeypatch.setattr(overview, "connection", fail)
    answer = rig.program().get(f"/api/v1/connections/{NAME}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, header)
    assert answer.json()["detail"] == "datev does not answer"
