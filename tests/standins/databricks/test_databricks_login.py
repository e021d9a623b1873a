"""The official client finds the login by itself, and tokens end."""

from __future__ import annotations

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import Unauthenticated

from mlconnector.standins.base import Clock
from mlconnector.standins.databricks import CLIENT_ID, CLIENT_SECRET, WORKSPACE_ID
from mlconnector.standins.databricks.standin import DatabricksStandIn
from tests.standins.databricks.conftest import log_in

pytestmark = pytest.mark.xdist_group("databricks")


def test_the_client_asks_where_the_login_is_when_it_is_made_and_for_a_token_with_its_first_call(
    url: str, standin: DatabricksStandIn
) -> None:
    client = log_in(url)
    seen = [(call.path, call.credentials) for call in standin.services.calls]
    assert seen == [
        ("/.well-known/databricks-config", ""),
        ("/oidc/.well-known/oauth-authorization-server", ""),
    ]
    client.current_user.me()
    client.current_user.me()
    later = [(call.path, call.credentials) for call in standin.services.calls[2:]]
    me = ("/api/2.0/preview/scim/v2/Me", "Bearer")
    assert later == [("/oidc/v1/token", "Basic"), me, me]


def test_every_call_of_the_client_names_the_workspace_it_was_told_of(
    client: WorkspaceClient, standin: DatabricksStandIn
) -> None:
    client.current_user.me()
    assert standin.services.calls[-1].workspace_id == WORKSPACE_ID


def test_a_call_for_another_workspace_is_refused(api: httpx.Client) -> None:
    answer = api.get("/api/2.0/preview/scim/v2/Me", headers={"X-Databricks-Workspace-Id": "1"})
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")


def test_the_client_is_the_service_principal(client: WorkspaceClient) -> None:
    assert client.current_user.me().user_name == CLIENT_ID


def test_a_wrong_secret_is_a_value_error_of_the_client(url: str, standin: DatabricksStandIn) -> None:
    with pytest.raises(ValueError, match="invalid_client: Client authentication failed"):
        log_in(url, client_secret="wrong").current_user.me()


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password", "scope": "all-apis"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "sql"}, 400, "invalid_scope"),
    ],
)
def test_a_token_is_given_for_credentials_and_all_apis_alone(
    url: str, standin: DatabricksStandIn, form: dict[str, str], status: int, error: str
) -> None:
    answer = httpx.post(f"{url}/oidc/v1/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_credentials_in_the_form_are_not_taken(url: str, standin: DatabricksStandIn) -> None:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    assert httpx.post(f"{url}/oidc/v1/token", data=form | {"scope": "all-apis"}).status_code == 401


def test_a_token_lives_an_hour(api: httpx.Client, clock: Clock) -> None:
    clock.advance(3599)
    assert api.get("/api/2.0/preview/scim/v2/Me").status_code == 200
    clock.advance(2)
    assert api.get("/api/2.0/preview/scim/v2/Me").status_code == 401


def test_the_client_asks_anew_for_a_token_that_is_about_to_end(url: str, standin: DatabricksStandIn) -> None:
    standin.login.life = 1
    client = log_in(url)
    client.current_user.me()
    client.current_user.me()
    assert standin.login.given_out == 2


def test_a_token_that_somebody_ended_is_refused(client: WorkspaceClient, standin: DatabricksStandIn) -> None:
    client.current_user.me()
    standin.login.expire()
    with pytest.raises(Unauthenticated):
        client.current_user.me()


def test_an_unknown_address_is_noted(api: httpx.Client, standin: DatabricksStandIn) -> None:
    answer = api.get("/api/2.0/nothing")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    assert standin.services.unknown == ["GET /api/2.0/nothing"]
